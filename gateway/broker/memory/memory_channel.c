/*
 * memory_channel - what the store of one node keeps of a channel; see memory_channel.h.
 */
#include "memory_channel.h"

#include "clock.h"
#include "mem.h"
#include "text_map.h"

#include <stdlib.h>
#include <string.h>

enum { EMPTY_KEPT_MS = 10000 }; /* without a message, after it was last asked for */

/* ------------------------------------------------------------------------------------ log */

void memory_channel_clear_log(struct memory_channel *channel)
{
    for (size_t i = 0; i < channel->log_count; i++)
        publication_unref(channel->log[i]);
    channel->log_count = 0;
}

static bool is_log_old(const struct memory_channel *channel)
{
    return clock_now_ms() - channel->last_publish_ms > channel->policy->history_ttl_ms;
}

static void log_append(struct memory_channel *channel, struct publication *publication)
{
    size_t size = channel->policy->history_size;
    if (!channel->log)
        channel->log = mem_alloc(size * sizeof(struct publication *));
    if (channel->log_count == size) {
        publication_unref(channel->log[0]);
        channel->log_count--;
        memmove(channel->log, channel->log + 1, channel->log_count * sizeof(*channel->log));
    }
    channel->log[channel->log_count++] = publication_ref(publication);
    channel->last_publish_ms = clock_now_ms();
}

struct publication *memory_channel_append(struct memory_channel *channel,
                                          const struct broker_message *message)
{
    bool is_logged = channel->policy->history_size > 0 && !message->is_unlogged;
    if (is_logged)
        channel->offset++;
    struct publication *publication =
        publication_create(is_logged ? channel->offset : 0, message->payload, message->info);
    if (is_logged)
        log_append(channel, publication);
    return publication;
}

static bool is_in_range(const struct publication *publication, const struct broker_range *range)
{
    if (range->since == 0)
        return true;
    return range->is_reverse ? publication->offset < range->since
                             : publication->offset > range->since;
}

/* Is there room for it behind what is taken already? */
static bool fits(const struct broker_reply *reply, size_t bytes,
                 const struct publication *publication, const struct broker_range *range)
{
    if (reply->publication_count == range->limit)
        return false;
    return range->bytes == 0 || reply->publication_count == 0 ||
           bytes + publication_weight(publication) <= range->bytes;
}

void memory_channel_list(const struct memory_channel *channel, const struct broker_range *range,
                         struct broker_reply *reply)
{
    size_t bytes = 0;
    reply->publications = mem_alloc((channel->log_count + 1) * sizeof(*reply->publications));
    for (size_t i = 0; i < channel->log_count; i++) {
        size_t from = range->is_reverse ? channel->log_count - 1 - i : i;
        struct publication *publication = channel->log[from];
        if (!is_in_range(publication, range))
            continue;
        if (!fits(reply, bytes, publication, range))
            break;
        reply->publications[reply->publication_count++] = publication_ref(publication);
        bytes += publication_weight(publication);
    }
}

/* ----------------------------------------------------------------------------------- keys */

static void once_destroy(struct once *once)
{
    free(once->key);
    free(once->digest);
    free(once);
}

static void forget_once(struct memory_channel *channel, struct once *once)
{
    text_map_remove(channel->once, once->key);
    once_destroy(once);
}

void memory_channel_sweep_once(struct memory_channel *channel)
{
    const void *cursor = NULL;
    struct once *once;
    while ((once = text_map_next(channel->once, &cursor))) {
        if (once->until_ms <= clock_now_ms())
            forget_once(channel, once);
    }
}

const struct once *memory_channel_find_once(struct memory_channel *channel, const char *key)
{
    struct once *once = key ? text_map_find(channel->once, key) : NULL;
    if (!once || once->until_ms > clock_now_ms())
        return once;
    forget_once(channel, once);
    return NULL;
}

void memory_channel_remember_once(struct memory_channel *channel,
                                  const struct broker_message *message, uint64_t offset)
{
    struct once *once = mem_alloc(sizeof(*once));
    *once = (struct once){mem_strdup(message->key), mem_strdup(message->digest), offset,
                          clock_now_ms() + BROKER_KEY_TTL_MS};
    text_map_add(channel->once, message->key, once);
}

/* ----------------------------------------------------------------------------------- life */

struct memory_channel *memory_channel_create(const char *name,
                                             const struct broker_policy *policy,
                                             struct roster_teller teller)
{
    struct memory_channel *channel = mem_zalloc(sizeof(*channel));
    channel->name = mem_strdup(name);
    channel->policy = policy;
    channel->roster = memory_roster_create(name, policy, teller);
    channel->once = text_map_create();
    broker_make_epoch(channel->epoch);
    return channel;
}

void memory_channel_destroy(struct memory_channel *channel)
{
    const void *cursor = NULL;
    memory_roster_destroy(channel->roster);
    struct once *once;
    while ((once = text_map_next(channel->once, &cursor)))
        once_destroy(once);
    text_map_destroy(channel->once);
    memory_channel_clear_log(channel);
    free(channel->log);
    free(channel->name);
    free(channel);
}

void memory_channel_touch(struct memory_channel *channel)
{
    if (is_log_old(channel))
        memory_channel_clear_log(channel);
    channel->last_asked_ms = clock_now_ms();
}

bool memory_channel_is_over(const struct memory_channel *channel)
{
    bool is_used = channel->is_subscribed || !memory_roster_is_empty(channel->roster) ||
                   text_map_count(channel->once) > 0;
    int64_t asked_ago_ms = clock_now_ms() - channel->last_asked_ms;
    return !is_used &&
           (channel->offset == 0 ? asked_ago_ms >= EMPTY_KEPT_MS : is_log_old(channel));
}
