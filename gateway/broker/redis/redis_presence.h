/*
 * redis_presence - members of channels in Redis: join and leave.
 *
 * A join is one script call and one entry in the lease's own set (what to clean up, should
 * the node die); a leave likewise. A user's last leave begins a grace in Redis; this node
 * ends it when it is over, and keeps the entry until then, so that should it die, another
 * does. A leave that could not be said, because Redis was away, is kept and said later:
 * forgetting it would leave a ghost.
 */
#ifndef PARLEY_REDIS_PRESENCE_H
#define PARLEY_REDIS_PRESENCE_H

#include "broker.h"
#include "redis_store.h"

#include <stddef.h>
#include <stdint.h>

struct loop;
struct node_lease;
struct redis_presence;

/* store and lease are borrowed for the life of the object. *new* */
struct redis_presence *redis_presence_create(struct loop *loop, struct redis_store *store,
                                             struct node_lease *lease);
void redis_presence_destroy(struct redis_presence *presence); /* takes NULL */

/* See broker_check_member. */
void redis_presence_check(const struct redis_presence *presence, const char *channel,
                          const struct broker_member *member, struct broker_waiter waiter);

/* The requests of broker.h. A join is BROKER_UNAVAILABLE while the lease is not held. */
void redis_presence_join(struct redis_presence *presence, const char *channel,
                         const struct broker_member *member, bool is_put_back,
                         struct broker_waiter waiter);
void redis_presence_leave(struct redis_presence *presence, const char *channel,
                          const struct broker_member *member);

/* Once a turn: says leaves that waited for room, see redis_store_has_room. */
void redis_presence_turn(struct redis_presence *presence);
/* The link is up again, and the lease held: says the leaves that could not be said. */
void redis_presence_retry(struct redis_presence *presence);
/* The lease has a new generation: what is on its way out hangs on it from now on. */
void redis_presence_move(struct redis_presence *presence);

/* Members that another node has left behind. */
struct redis_remains {
    const char *channel;
    const char *const *clients;
    size_t client_count; /* 1 to REDIS_REMAINS_MAX */
    int64_t generation;  /* of the lease they hung on; those of another stay */
    int64_t began_ms;    /* when their grace began, Redis time */
};

enum { REDIS_REMAINS_MAX = 32 };

/* The members leave. on_done gets an integer, the number of the channel's users whose grace
 * runs. If it is not 0, redis_presence_adopt is to be called once for each entry that is
 * removed. */
void redis_presence_remove(const struct redis_presence *presence,
                           const struct redis_remains *remains, redis_reply_fn on_done,
                           void *context);
void redis_presence_adopt(struct redis_presence *presence, const char *channel);

#endif
