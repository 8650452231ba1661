/*
 * memory_channel - what the store of one node keeps of a channel: its log, who is in it, and
 * which keys were used.
 */
#ifndef PARLEY_MEMORY_CHANNEL_H
#define PARLEY_MEMORY_CHANNEL_H

#include "broker.h"
#include "memory_roster.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text_map;

/* The result of an idempotent publish. */
struct once {
    char *key;
    char *digest;
    uint64_t offset;
    int64_t until_ms;
};

struct memory_channel {
    char *name;
    const struct broker_policy *policy;
    bool is_subscribed;
    uint64_t offset;
    char epoch[BROKER_EPOCH_BYTES];
    struct publication **log; /* oldest first */
    size_t log_count;
    int64_t last_publish_ms;
    int64_t last_asked_ms;
    struct memory_roster *roster;
    struct text_map *once; /* struct once, by key */
};

/* policy is borrowed for the life of the channel. *new* */
struct memory_channel *memory_channel_create(const char *name,
                                             const struct broker_policy *policy,
                                             struct roster_teller teller);
void memory_channel_destroy(struct memory_channel *channel);

/* It is asked for now: a log whose time is over is empty from now on. */
void memory_channel_touch(struct memory_channel *channel);
/* Does nothing keep it but its name? After a message its offset and epoch do, for as long as
 * the log would. */
bool memory_channel_is_over(const struct memory_channel *channel);
void memory_channel_sweep_once(struct memory_channel *channel);

/* What the key's publish was answered; NULL: none in BROKER_KEY_TTL_MS. key may be NULL.
 * Borrowed. */
const struct once *memory_channel_find_once(struct memory_channel *channel, const char *key);
void memory_channel_remember_once(struct memory_channel *channel,
                                  const struct broker_message *message, uint64_t offset);

/* The message with its place in the log, if it gets one. *new* */
struct publication *memory_channel_append(struct memory_channel *channel,
                                          const struct broker_message *message);
/* Fills in publications and their count; the array and its references are *new*. */
void memory_channel_list(const struct memory_channel *channel, const struct broker_range *range,
                         struct broker_reply *reply);
void memory_channel_clear_log(struct memory_channel *channel);

#endif
