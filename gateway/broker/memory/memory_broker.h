/*
 * memory_broker - the broker of a single node: everything in this process, nothing shared.
 *
 * The same promises as the one on Redis: one order per channel, offsets, history, presence
 * by user, answers never from inside the call.
 */
#ifndef PARLEY_MEMORY_BROKER_H
#define PARLEY_MEMORY_BROKER_H

#include "broker.h"

struct loop;

/* *new* */
struct broker *memory_broker_create(struct loop *loop, struct broker_policies policies);

#endif
