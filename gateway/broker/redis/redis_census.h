/*
 * redis_census - what Redis knows of the whole cluster: its channels and its nodes.
 *
 * Each question is a list, then one command for each item of it, all sent together and
 * answered when the last one is there. Nothing is kept between questions.
 */
#ifndef PARLEY_REDIS_CENSUS_H
#define PARLEY_REDIS_CENSUS_H

#include "broker.h"

#include <stddef.h>

struct redis_store;

/* The store is borrowed until the answer. */
void redis_census_channels(struct redis_store *store, const char *pattern, size_t limit,
                           struct broker_waiter waiter);
void redis_census_nodes(struct redis_store *store, struct broker_waiter waiter);

#endif
