/*
 * redis_members - who is in a channel, in one look at Redis.
 *
 * Connections whose node has no lease any more are left out; users who left a moment ago, and
 * may be back before that is told, are in it.
 */
#ifndef PARLEY_REDIS_MEMBERS_H
#define PARLEY_REDIS_MEMBERS_H

#include "broker.h"

struct node_lease;
struct redis_store;

/* The request of broker.h. The lease outlives the answer. */
void redis_members_read(struct redis_store *store, struct node_lease *lease,
                        const char *channel, size_t limit, struct broker_waiter waiter);

#endif
