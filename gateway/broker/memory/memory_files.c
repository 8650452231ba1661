/*
 * memory_files - files in this process's memory; see memory_files.h.
 */
#include "memory_files.h"

#include "clock.h"
#include "mem.h"
#include "text_map.h"

#include <stdlib.h>
#include <string.h>

struct memory_file {
    char *id;
    char *owner;
    size_t charged; /* of what all may take */
    int64_t until_ms;
    size_t capacity;
    size_t length;
    char bytes[];
};

struct memory_files {
    struct text_map *by_id;
    size_t charged;
};

struct memory_files *memory_files_create(void)
{
    struct memory_files *files = mem_zalloc(sizeof(*files));
    files->by_id = text_map_create();
    return files;
}

void memory_files_remove(struct memory_files *files, const char *id)
{
    struct memory_file *file = text_map_remove(files->by_id, id);
    if (!file)
        return;
    files->charged -= file->charged;
    free(file->id);
    free(file->owner);
    free(file);
}

void memory_files_destroy(struct memory_files *files)
{
    const void *cursor = NULL;
    const struct memory_file *file;
    while ((file = text_map_next(files->by_id, &cursor)))
        memory_files_remove(files, file->id);
    text_map_destroy(files->by_id);
    free(files);
}

void memory_files_sweep(struct memory_files *files)
{
    const void *cursor = NULL;
    const struct memory_file *file;
    while ((file = text_map_next(files->by_id, &cursor))) {
        if (file->until_ms <= clock_now_ms())
            memory_files_remove(files, file->id);
    }
}

static size_t charged_to(const struct memory_files *files, const char *owner)
{
    const void *cursor = NULL;
    const struct memory_file *file;
    size_t charged = 0;
    while ((file = text_map_next(files->by_id, &cursor))) {
        if (strcmp(file->owner, owner) == 0)
            charged += file->charged;
    }
    return charged;
}

static int64_t end_of(const struct broker_file *wanted, bool is_whole)
{
    bool is_brief = !is_whole && wanted->ttl_ms > BROKER_FILE_BRIEF_MS;
    return clock_now_ms() + (is_brief ? BROKER_FILE_BRIEF_MS : wanted->ttl_ms);
}

static void add(struct memory_files *files, const struct broker_file *wanted, size_t charged,
                bool is_whole)
{
    struct memory_file *file = mem_zalloc(sizeof(*file) + wanted->bytes);
    file->id = mem_strdup(wanted->id);
    file->owner = mem_strdup(wanted->owner);
    file->charged = charged;
    file->until_ms = end_of(wanted, is_whole);
    file->capacity = wanted->bytes;
    files->charged += charged;
    text_map_add(files->by_id, file->id, file);
}

bool memory_files_reserve(struct memory_files *files, const struct broker_file *wanted,
                          bool is_whole, bool *ret_is_share_full)
{
    size_t charged =
        wanted->bytes > BROKER_FILE_CHARGE_MIN ? wanted->bytes : BROKER_FILE_CHARGE_MIN;
    memory_files_sweep(files);
    struct memory_file *file = text_map_find(files->by_id, wanted->id);
    if (file) {
        file->until_ms = end_of(wanted, is_whole);
        return true;
    }
    if (files->charged + charged > wanted->bytes_of_all)
        return false;
    *ret_is_share_full = wanted->bytes_of_one > 0 &&
                         charged_to(files, wanted->owner) + charged > wanted->bytes_of_one;
    if (*ret_is_share_full)
        return false;
    add(files, wanted, charged, is_whole);
    return true;
}

bool memory_files_append(struct memory_files *files, const struct broker_file *wanted,
                         size_t at, struct slice piece)
{
    struct memory_file *file = text_map_find(files->by_id, wanted->id);
    if (!file || file->length != at || piece.length > file->capacity - file->length)
        return false;
    memcpy(file->bytes + at, piece.bytes, piece.length);
    file->length += piece.length;
    return true;
}

struct slice memory_files_read(const struct memory_files *files, const char *id, size_t at,
                               size_t length)
{
    const struct memory_file *file = text_map_find(files->by_id, id);
    if (!file || file->until_ms <= clock_now_ms() || at >= file->length)
        return (struct slice){NULL, 0};
    size_t left = file->length - at;
    return (struct slice){file->bytes + at, left < length ? left : length};
}
