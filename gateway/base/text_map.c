/*
 * text_map - objects found by a text; see text_map.h.
 *
 * uthash, kept in one place: its macros are long where they are used. Keys are often chosen by
 * strangers, so that the hash is a keyed one: with uthash's own, which has no key, names of one
 * hash make each look-up as long as there are such names, and the table stops growing for good.
 * NOLINTBEGIN(readability-function-size): they count as if written out.
 */
#include "text_map.h"

#include "keyed_hash.h"
#include "mem.h"

#define HASH_FUNCTION(bytes, length, ret_hash)                                                 \
    ((ret_hash) = (unsigned)keyed_hash(bytes, length))
#include <uthash.h>

#include <assert.h>
#include <stdlib.h>

struct entry {
    void *object;
    UT_hash_handle hh;
    char key[];
};

struct text_map {
    struct entry *entries;
};

/* What text_map_next stands at: a marker for the end is needed beside NULL for the start. */
static const char at_end;

struct text_map *text_map_create(void)
{
    return mem_zalloc(sizeof(struct text_map));
}

static void remove_entry(struct text_map *map, struct entry *entry)
{
    HASH_DEL(map->entries, entry);
    free(entry);
}

void text_map_destroy(struct text_map *map)
{
    struct entry *entry;
    struct entry *next;
    if (!map)
        return;
    HASH_ITER(hh, map->entries, entry, next)
    remove_entry(map, entry);
    free(map);
}

static struct entry *find_entry(const struct text_map *map, const char *key)
{
    struct entry *entry;
    HASH_FIND_STR(map->entries, key, entry);
    return entry;
}

void *text_map_find(const struct text_map *map, const char *key)
{
    struct entry *entry = find_entry(map, key);
    return entry ? entry->object : NULL;
}

void text_map_add(struct text_map *map, const char *key, void *object)
{
    size_t length = strlen(key);
    assert(object && !find_entry(map, key));
    struct entry *entry = mem_zalloc(sizeof(*entry) + length + 1);
    entry->object = object;
    memcpy(entry->key, key, length + 1);
    HASH_ADD_KEYPTR(hh, map->entries, entry->key, length, entry);
}

void *text_map_remove(struct text_map *map, const char *key)
{
    struct entry *entry = find_entry(map, key);
    if (!entry)
        return NULL;
    void *object = entry->object;
    remove_entry(map, entry);
    return object;
}

size_t text_map_count(const struct text_map *map)
{
    return HASH_COUNT(map->entries);
}

/* The cursor is the entry to come, so that the one just answered may go. */
void *text_map_next(const struct text_map *map, const void **cursor)
{
    const struct entry *entry = *cursor ? *cursor : map->entries;
    if (!entry || *cursor == &at_end)
        return NULL;
    *cursor = entry->hh.next ? entry->hh.next : (const void *)&at_end;
    return entry->object;
}

/* NOLINTEND(readability-function-size) */
