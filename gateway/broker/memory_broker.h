/*
 * memory_broker - the broker of a single node: everything in this process, nothing shared.
 *
 * The same promises as the one on Redis: one order per channel, offsets, history, presence
 * by user, answers never from inside the call.
 */
#ifndef PARLEY_MEMORY_BROKER_H
#define PARLEY_MEMORY_BROKER_H

#include <stddef.h>
#include <stdint.h>

struct broker;
struct loop;

/* history_size 0: channels keep no log. A log is dropped history_ttl_ms after its last
 * publication. *new* */
struct broker *memory_broker_create(struct loop *loop, size_t history_size,
                                    int64_t history_ttl_ms);

#endif
