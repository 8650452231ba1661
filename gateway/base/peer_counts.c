/*
 * peer_counts - how much of something each address has at the moment; see peer_counts.h.
 *
 * A table with open addressing: who finds his place taken goes to the next free one, and
 * whoever leaves is followed up by those behind him, so that there are no tombs. It is at most
 * half full, doubles and halves.
 */
#include "peer_counts.h"

#include "keyed_hash.h"
#include "mem.h"

#include <assert.h>
#include <stdlib.h>

enum { CAPACITY_MIN = 64 };

struct place {
    uint64_t customer;
    uint32_t count; /* 0: nobody is here */
};

struct peer_counts {
    struct place *places;
    size_t capacity; /* a power of two */
    size_t size;
};

struct peer_counts *peer_counts_create(void)
{
    struct peer_counts *counts = mem_zalloc(sizeof(*counts));
    counts->capacity = CAPACITY_MIN;
    counts->places = mem_zalloc(CAPACITY_MIN * sizeof(struct place));
    return counts;
}

void peer_counts_destroy(struct peer_counts *counts)
{
    if (!counts)
        return;
    free(counts->places);
    free(counts);
}

static size_t home_of(const struct peer_counts *counts, uint64_t customer)
{
    return (size_t)keyed_hash(&customer, sizeof(customer)) & (counts->capacity - 1);
}

/* Where the customer is, or where there is room for him. */
static struct place *find(const struct peer_counts *counts, uint64_t customer)
{
    size_t at = home_of(counts, customer);
    while (counts->places[at].count > 0 && counts->places[at].customer != customer)
        at = (at + 1) & (counts->capacity - 1);
    return &counts->places[at];
}

static void resize(struct peer_counts *counts, size_t capacity)
{
    struct place *old = counts->places;
    size_t old_capacity = counts->capacity;
    counts->places = mem_zalloc(capacity * sizeof(struct place));
    counts->capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].count > 0)
            *find(counts, old[i].customer) = old[i];
    }
    free(old);
}

uint32_t peer_counts_add(struct peer_counts *counts, uint64_t customer)
{
    struct place *place = find(counts, customer);
    if (place->count > 0)
        return ++place->count;
    *place = (struct place){.customer = customer, .count = 1};
    if (++counts->size * 2 > counts->capacity)
        resize(counts, counts->capacity * 2);
    return 1;
}

/* Those behind him who would not be found any more move up. */
static void vacate(struct peer_counts *counts, size_t hole)
{
    size_t mask = counts->capacity - 1;
    counts->places[hole].count = 0;
    for (size_t at = (hole + 1) & mask; counts->places[at].count > 0; at = (at + 1) & mask) {
        size_t home = home_of(counts, counts->places[at].customer);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue; /* its way from home does not lead over the hole */
        counts->places[hole] = counts->places[at];
        counts->places[at].count = 0;
        hole = at;
    }
}

void peer_counts_remove(struct peer_counts *counts, uint64_t customer)
{
    struct place *place = find(counts, customer);
    assert(place->count > 0);
    if (place->count == 0 || --place->count > 0)
        return;
    vacate(counts, (size_t)(place - counts->places));
    counts->size--;
    if (counts->capacity > CAPACITY_MIN && counts->size * 8 < counts->capacity)
        resize(counts, counts->capacity / 2);
}

uint32_t peer_counts_get(const struct peer_counts *counts, uint64_t customer)
{
    return find(counts, customer)->count;
}

size_t peer_counts_size(const struct peer_counts *counts)
{
    return counts->size;
}
