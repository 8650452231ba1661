/*
 * name_cache - names that were met not long ago; see name_cache.h.
 *
 * Each name has one place, by its keyed hash; what is kept of it is the hash.
 */
#include "name_cache.h"

#include "keyed_hash.h"
#include "mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 8192 };

struct name_cache {
    uint64_t hashes[PLACES]; /* 0: none */
};

struct name_cache *name_cache_create(void)
{
    return mem_zalloc(sizeof(struct name_cache));
}

void name_cache_destroy(struct name_cache *cache)
{
    free(cache);
}

static uint64_t hash_of(const char *name)
{
    uint64_t hash = keyed_hash(name, strlen(name));
    return hash == 0 ? 1 : hash;
}

void name_cache_add(struct name_cache *cache, const char *name)
{
    uint64_t hash = hash_of(name);
    cache->hashes[hash % PLACES] = hash;
}

bool name_cache_has(const struct name_cache *cache, const char *name)
{
    uint64_t hash = hash_of(name);
    return cache->hashes[hash % PLACES] == hash;
}
