/*
 * redis_presence - members of channels in Redis: join, leave, list.
 *
 * A join is one script call and one entry in the node's own set (what to clean up, should
 * the node die); a leave likewise. A leave that could not be said, because Redis was away, is
 * kept and said later: forgetting it would leave a ghost.
 */
#ifndef PARLEY_REDIS_PRESENCE_H
#define PARLEY_REDIS_PRESENCE_H

#include "broker.h"

#include <stdbool.h>
#include <stddef.h>

struct node_lease;
struct redis_link;
struct redis_presence;

/* All arguments are borrowed for the life of the object. *new* */
struct redis_presence *redis_presence_create(struct redis_link *commands,
                                             struct node_lease *lease, const char *prefix,
                                             const char *node, struct broker_policies policies);
void redis_presence_destroy(struct redis_presence *presence);

void redis_presence_join(struct redis_presence *presence, const char *channel,
                         const struct broker_member *member, bool is_quiet,
                         struct broker_waiter waiter);
void redis_presence_leave(struct redis_presence *presence, const char *channel,
                          const struct broker_member *member);
void redis_presence_members(struct redis_presence *presence, const char *channel, size_t limit,
                            struct broker_waiter waiter);

/* Says the leaves that could not be said: the link is up again. */
void redis_presence_retry(struct redis_presence *presence);

#endif
