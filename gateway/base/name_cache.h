/*
 * name_cache - names that were met not long ago: a set that forgets.
 *
 * It never grows: a name that needs the place of another takes it. A name that was added may
 * be missing, therefore; that one is found which was not added happens once in 2^64.
 */
#ifndef PARLEY_NAME_CACHE_H
#define PARLEY_NAME_CACHE_H

#include <stdbool.h>

struct name_cache;

struct name_cache *name_cache_create(void);
void name_cache_destroy(struct name_cache *cache); /* takes NULL */

void name_cache_add(struct name_cache *cache, const char *name);
bool name_cache_has(const struct name_cache *cache, const char *name);

#endif
