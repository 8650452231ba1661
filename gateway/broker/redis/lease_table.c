/*
 * lease_table - the leases of all nodes; see lease_table.h.
 */
#include "lease_table.h"

#include "mem.h"
#include "text_map.h"

#include <stdlib.h>

struct entry {
    char *name;
    int64_t end_ms;
};

struct lease_table {
    struct text_map *entries; /* by name */
};

static void free_entries(struct lease_table *table)
{
    const void *cursor = NULL;
    struct entry *entry;
    while ((entry = text_map_next(table->entries, &cursor))) {
        free(entry->name);
        free(entry);
    }
    text_map_destroy(table->entries);
}

struct lease_table *lease_table_create(void)
{
    struct lease_table *table = mem_alloc(sizeof(*table));
    table->entries = text_map_create();
    return table;
}

void lease_table_destroy(struct lease_table *table)
{
    if (!table)
        return;
    free_entries(table);
    free(table);
}

void lease_table_clear(struct lease_table *table)
{
    free_entries(table);
    table->entries = text_map_create();
}

void lease_table_add(struct lease_table *table, const char *name, int64_t end_ms)
{
    struct entry *entry = text_map_find(table->entries, name);
    if (entry) {
        if (end_ms > entry->end_ms)
            entry->end_ms = end_ms;
        return;
    }
    entry = mem_alloc(sizeof(*entry));
    *entry = (struct entry){mem_strdup(name), end_ms};
    text_map_add(table->entries, name, entry);
}

bool lease_table_is_alive(const struct lease_table *table, const char *node, int64_t generation,
                          int64_t now_ms)
{
    char *name = mem_printf("%s:%lld", node, (long long)generation);
    const struct entry *entry = text_map_find(table->entries, name);
    free(name);
    return entry && entry->end_ms > now_ms;
}

void lease_table_each_ended(const struct lease_table *table, int64_t now_ms,
                            void (*on_ended)(void *context, const char *name, int64_t end_ms),
                            void *context)
{
    const void *cursor = NULL;
    const struct entry *entry;
    while ((entry = text_map_next(table->entries, &cursor))) {
        if (entry->end_ms < now_ms)
            on_ended(context, entry->name, entry->end_ms);
    }
}
