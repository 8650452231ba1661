/*
 * id_table - numbers for objects that may be gone; see id_table.h.
 *
 * A slot number in the low 32 bits and how often the slot was used in the high ones: finding
 * is one look into an array.
 */
#include "id_table.h"

#include "mem.h"

#include <assert.h>
#include <stdlib.h>

struct slot {
    void *object; /* NULL: free */
    uint32_t use;
    uint32_t next_free;
};

struct id_table {
    struct slot *slots;
    size_t slot_count;
    size_t capacity;
    size_t object_count;
    uint32_t first_free; /* NO_SLOT: none */
};

static const uint32_t NO_SLOT = UINT32_MAX;

struct id_table *id_table_create(void)
{
    struct id_table *table = mem_zalloc(sizeof(*table));
    table->first_free = NO_SLOT;
    return table;
}

void id_table_destroy(struct id_table *table)
{
    if (!table)
        return;
    free(table->slots);
    free(table);
}

static uint32_t take_slot(struct id_table *table)
{
    uint32_t number = table->first_free;
    if (number != NO_SLOT) {
        table->first_free = table->slots[number].next_free;
        return number;
    }
    table->slots =
        mem_grow(table->slots, table->slot_count, &table->capacity, sizeof(*table->slots));
    number = (uint32_t)table->slot_count++;
    table->slots[number] = (struct slot){.use = 0};
    return number;
}

uint64_t id_table_add(struct id_table *table, void *object)
{
    assert(object);
    uint32_t number = take_slot(table);
    struct slot *slot = &table->slots[number];
    slot->object = object;
    if (++slot->use == 0)
        slot->use = 1; /* after 2^32 of them: 0 is no id */
    table->object_count++;
    return (uint64_t)slot->use << 32 | number;
}

static struct slot *find_slot(const struct id_table *table, uint64_t id)
{
    uint32_t number = (uint32_t)id;
    if (number >= table->slot_count)
        return NULL;
    struct slot *slot = &table->slots[number];
    return slot->object && slot->use == id >> 32 ? slot : NULL;
}

void id_table_remove(struct id_table *table, uint64_t id)
{
    struct slot *slot = find_slot(table, id);
    if (!slot)
        return;
    slot->object = NULL;
    slot->next_free = table->first_free;
    table->first_free = (uint32_t)id;
    table->object_count--;
}

void *id_table_find(const struct id_table *table, uint64_t id)
{
    struct slot *slot = find_slot(table, id);
    return slot ? slot->object : NULL;
}

size_t id_table_count(const struct id_table *table)
{
    return table->object_count;
}

void *id_table_next(const struct id_table *table, size_t *cursor)
{
    while (*cursor < table->slot_count) {
        void *object = table->slots[(*cursor)++].object;
        if (object)
            return object;
    }
    return NULL;
}
