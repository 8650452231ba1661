/*
 * redis_reaper - cleans up after leases that have ended: their members leave.
 *
 *   on_ended -> the node's own key says so too? -> the reaper's right (SET NX, some seconds)
 *     -> a slice of the lease's set -> leave.lua, channel by channel, fenced by the
 *        generation -> the slice is taken out of the set, and so on
 *     -> the set is empty: the lease is taken out of the set of leases
 *
 * The right only saves work: should two reap at once, each member still leaves by one atomic
 * call. Who dies with the right loses it in seconds, and another goes on.
 */
#ifndef PARLEY_REDIS_REAPER_H
#define PARLEY_REDIS_REAPER_H

#include <stdint.h>

struct redis_presence;
struct redis_reaper;
struct redis_store;

/* node: the name of this one. All is borrowed for the life of the object. lease_ttl_ms: of
 * every node's lease. *new* */
struct redis_reaper *redis_reaper_create(struct redis_store *store,
                                         struct redis_presence *presence, const char *node,
                                         int64_t lease_ttl_ms);
/* After the links are gone. Takes NULL. */
void redis_reaper_destroy(struct redis_reaper *reaper);

/* The lease NODE:GENERATION ended at end_ms, Redis time. May be told again and again. */
void redis_reaper_on_ended(struct redis_reaper *reaper, const char *lease, int64_t end_ms);

#endif
