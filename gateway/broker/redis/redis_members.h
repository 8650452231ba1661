/*
 * redis_members - who is in a channel, in one look at Redis.
 *
 * Connections whose node has no lease any more are left out; users who left a moment ago, and
 * may be back before that is told, are in it.
 */
#ifndef PARLEY_REDIS_MEMBERS_H
#define PARLEY_REDIS_MEMBERS_H

#include "broker.h"

struct redis_presence_options;

/* The request of broker.h. What options point to outlives the answer. */
void redis_members_read(const struct redis_presence_options *options, const char *channel,
                        size_t limit, struct broker_waiter waiter);

#endif
