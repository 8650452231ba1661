/*
 * redis_departure - connections that have left; see redis_departure.h.
 */
#include "redis_departure.h"

#include "clock.h"
#include "keys.h"
#include "loop.h"
#include "mem.h"
#include "node_lease.h"
#include "redis_log.h"
#include "redis_store.h"
#include "text_map.h"

#include <hiredis/hiredis.h>
#include <utlist.h>

#include <stdlib.h>
#include <string.h>

enum {
    LOOK_EVERY_MS = 100,
    RETRY_MS = 1000,
    DUE_SLICE = 200, /* users told by one call */
};

/* In an entry of the lease: it stands for all who may have left. */
static const char no_client[] = "-";

/* A channel with users in their grace, as far as this node is to end them. */
struct graced_channel {
    char *name;
    int64_t due_ms;
    size_t unanswered;      /* leaves that may begin a grace */
    bool is_asking;         /* leave_due.lua: the answer is on its way */
    bool is_asked;          /* and nothing has begun since */
    struct departure *list; /* of this node's own whose grace is not over, the oldest first */
};

struct departures {
    struct redis_store *store;
    struct node_lease *lease;
    struct loop_timer *timer;
    struct text_map *channels; /* by name */
};

struct departure *departure_create(const char *channel, const struct broker_member *member)
{
    struct departure *departure = mem_zalloc(sizeof(*departure));
    departure->channel = mem_strdup(channel);
    departure->client = mem_strdup(member->client);
    departure->user = mem_strdup(member->user);
    departure->info = mem_strdup(member->info);
    departure->joined_ms = member->joined_ms;
    return departure;
}

void departure_destroy(struct departure *departure)
{
    free(departure->channel);
    free(departure->client);
    free(departure->user);
    free(departure->info);
    free(departure);
}

/* ------------------------------------------------------------------------ the channels */

static struct graced_channel *channel_ensure(struct departures *departures, const char *name)
{
    struct graced_channel *channel = text_map_find(departures->channels, name);
    if (channel)
        return channel;
    channel = mem_zalloc(sizeof(*channel));
    channel->name = mem_strdup(name);
    channel->due_ms = INT64_MAX;
    text_map_add(departures->channels, name, channel);
    node_lease_add_entry(departures->lease, no_client, name);
    return channel;
}

static void channel_destroy(struct graced_channel *channel)
{
    struct departure *departure;
    struct departure *next;
    DL_FOREACH_SAFE(channel->list, departure, next)
    departure_destroy(departure);
    free(channel->name);
    free(channel);
}

static void forget(struct departures *departures, struct graced_channel *channel)
{
    node_lease_remove_entry(departures->lease, no_client, channel->name);
    text_map_remove(departures->channels, channel->name);
    channel_destroy(channel);
}

void departures_begin(struct departures *departures, const char *name)
{
    struct graced_channel *channel = channel_ensure(departures, name);
    channel->unanswered++;
    channel->is_asked = false; /* an answer on its way does not know of this one */
}

static struct graced_channel *answered(struct departures *departures, const char *name)
{
    struct graced_channel *channel = channel_ensure(departures, name);
    if (channel->unanswered > 0)
        channel->unanswered--;
    return channel;
}

void departures_wait(struct departures *departures, const char *name,
                     struct departure *departure, int64_t delay_ms)
{
    struct graced_channel *channel = answered(departures, name);
    int64_t due_ms = clock_now_ms() + delay_ms;
    if (due_ms < channel->due_ms)
        channel->due_ms = due_ms;
    if (departure) {
        departure->due_ms = due_ms;
        DL_APPEND(channel->list, departure);
    }
}

void departures_end(struct departures *departures, const char *name)
{
    struct graced_channel *channel = answered(departures, name);
    if (channel->unanswered == 0 && channel->due_ms == INT64_MAX)
        forget(departures, channel);
}

static void append_all(struct departure **all, struct departure *list)
{
    DL_CONCAT(*all, list);
}

struct departure *departures_move(struct departures *departures)
{
    struct departure *all = NULL;
    const void *cursor = NULL;
    struct graced_channel *channel;
    while ((channel = text_map_next(departures->channels, &cursor))) {
        node_lease_add_entry(departures->lease, no_client, channel->name);
        append_all(&all, channel->list);
        channel->list = NULL;
        channel->due_ms = clock_now_ms();
    }
    return all;
}

/* -------------------------------------------------------------------------- the graces */

struct due_call {
    struct departures *departures;
    char *channel;
    int64_t asked_ms;
};

/* Those whose grace was over when it was asked are told, or have come back. */
static void drop_told(struct graced_channel *channel, int64_t asked_ms)
{
    while (channel->list && channel->list->due_ms <= asked_ms) {
        struct departure *departure = channel->list;
        DL_DELETE(channel->list, departure);
        departure_destroy(departure);
    }
}

static void tell_due(struct departures *departures, struct graced_channel *channel);

static void on_due_told(void *context, enum broker_status status, const redisReply *reply)
{
    struct due_call *call = context;
    struct graced_channel *channel = text_map_find(call->departures->channels, call->channel);
    bool is_answered = status == BROKER_OK;
    bool is_over = is_answered && reply->integer < 0;
    if (channel)
        channel->is_asking = false;
    if (channel && is_over && channel->is_asked && channel->unanswered == 0) {
        forget(call->departures, channel);
    } else if (channel) {
        if (is_answered && reply->integer != 0) /* 0: there are more than one call tells */
            drop_told(channel, call->asked_ms);
        channel->due_ms =
            clock_now_ms() + (is_answered && !is_over ? reply->integer : RETRY_MS);
        if (is_answered && reply->integer == 0)
            tell_due(call->departures, channel);
    }
    free(call->channel);
    free(call);
}

static void tell_due(struct departures *departures, struct graced_channel *channel)
{
    struct redis_store *store = departures->store;
    const struct broker_policy *policy = redis_store_policy(store, channel->name);
    struct redis_call call = {.count = 0};
    struct channel_keys keys;
    struct due_call *context = mem_alloc(sizeof(*context));
    *context = (struct due_call){departures, mem_strdup(channel->name), clock_now_ms()};
    channel_keys_init(&keys, redis_store_prefix(store), channel->name);
    redis_call_key(&call, keys.users);
    redis_call_key(&call, keys.meta);
    redis_call_key(&call, keys.leaving);
    redis_call_key(&call, keys.grace);
    redis_call_text(&call, keys.pubsub);
    redis_call_number(&call, redis_log_meta_ttl_ms(policy));
    redis_call_number(&call, DUE_SLICE);
    channel->is_asking = true;
    channel->is_asked = true;
    redis_store_script(store, SCRIPT_LEAVE_DUE, &call, on_due_told, context);
    channel_keys_finish(&keys);
}

static void on_look_due(void *context)
{
    struct departures *departures = context;
    const void *cursor = NULL;
    struct graced_channel *channel;
    if (!redis_store_is_up(departures->store))
        return;
    while ((channel = text_map_next(departures->channels, &cursor))) {
        if (!channel->is_asking && channel->due_ms <= clock_now_ms())
            tell_due(departures, channel);
    }
}

/* -------------------------------------------------------------------------------- life */

struct departures *departures_create(struct loop *loop, struct redis_store *store,
                                     struct node_lease *lease)
{
    struct departures *departures = mem_zalloc(sizeof(*departures));
    departures->store = store;
    departures->lease = lease;
    departures->channels = text_map_create();
    departures->timer = loop_timer_create(loop, LOOK_EVERY_MS, on_look_due, departures);
    return departures;
}

void departures_destroy(struct departures *departures)
{
    const void *cursor = NULL;
    struct graced_channel *channel;
    if (!departures)
        return;
    while ((channel = text_map_next(departures->channels, &cursor)))
        channel_destroy(channel);
    text_map_destroy(departures->channels);
    loop_timer_destroy(departures->timer);
    free(departures);
}
