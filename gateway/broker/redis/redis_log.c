/*
 * redis_log - publications of channels in Redis; see redis_log.h.
 */
#include "redis_log.h"

#include "channel_call.h"
#include "keys.h"
#include "log.h"
#include "mem.h"
#include "redis_envelope.h"
#include "redis_store.h"
#include "redis_unsound.h"

#include <hiredis/hiredis.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD_BYTES = 32,
    META_TTL_MIN_MS = 24 * 3600 * 1000,
};

struct redis_log {
    struct redis_store *store;
};

int64_t redis_log_meta_ttl_ms(const struct broker_policy *policy)
{
    int64_t ttl_ms = 2 * policy->history_ttl_ms;
    return ttl_ms > META_TTL_MIN_MS ? ttl_ms : META_TTL_MIN_MS;
}

/* ----------------------------------------------------------------------------- publish */

/* The message is published, and has no place in a log. */
static void on_published_plain(void *context, enum broker_status status,
                               const redisReply *reply)
{
    (void)reply;
    channel_call_answer(context, &(struct broker_reply){.status = status, .epoch = ""});
}

static bool is_ack(const redisReply *reply)
{
    return reply->element[0]->integer >= 0 && broker_is_epoch(reply->element[1]->str);
}

static void on_published(void *context, enum broker_status status, const redisReply *reply)
{
    const struct channel_call *call = context;
    struct broker_reply answer = {.status = status, .epoch = ""};
    if (status == BROKER_OK && !is_ack(reply)) {
        redis_unsound("ack", call->channel);
        answer.status = BROKER_UNKNOWN;
    } else if (status == BROKER_OK) {
        answer.offset = (uint64_t)reply->element[0]->integer;
        answer.epoch = reply->element[1]->str;
        answer.is_duplicate = reply->element[2]->integer == 1;
        answer.is_conflict = reply->element[2]->integer == 2;
    } else if (status == BROKER_REFUSED) {
        log_event_at_times(publish_refused, kv_str("err", reply->str));
    }
    channel_call_answer(context, &answer);
}

/* Without a log and a key there is nothing to look up or keep: a plain PUBLISH will do. */
static void publish_plain(struct redis_log *log, const char *pubsub,
                          const struct broker_message *message, struct channel_call *call)
{
    char head[HEAD_BYTES];
    int head_length = snprintf(head, sizeof(head), "p 0 - %zu\n", message->info.length);
    size_t length = (size_t)head_length + message->info.length + message->payload.length;
    char *envelope = mem_alloc(length);
    char *at = mempcpy(envelope, head, (size_t)head_length);
    if (message->info.length > 0)
        at = mempcpy(at, message->info.bytes, message->info.length);
    memcpy(at, message->payload.bytes, message->payload.length);
    const char *parts[] = {"PUBLISH", pubsub, envelope};
    size_t lengths[] = {7, strlen(pubsub), length};
    redis_store_command(log->store,
                        &(struct redis_ask){"PUBLISH", "i", on_published_plain, call}, 3, parts,
                        lengths);
    free(envelope);
}

static void publish_by_script(struct redis_log *log, const char *channel, const char *pubsub,
                              const struct broker_message *message,
                              struct channel_call *log_call)
{
    const struct broker_policy *policy = redis_store_policy(log->store, channel);
    struct redis_call call = {.count = 0};
    char *log_key = key_of_channel(redis_store_prefix(log->store), channel, "log");
    char *meta = key_of_channel(redis_store_prefix(log->store), channel, "meta");
    char *once =
        message->key ? key_once(redis_store_prefix(log->store), channel, message->key) : NULL;
    char epoch[BROKER_EPOCH_BYTES];
    broker_make_epoch(epoch);
    redis_call_key(&call, log_key);
    redis_call_key(&call, meta);
    if (once)
        redis_call_key(&call, once);
    redis_call_text(&call, pubsub);
    redis_call_bytes(&call, message->payload.bytes, message->payload.length);
    redis_call_bytes(&call, message->info.bytes, message->info.length);
    redis_call_number(&call, message->is_unlogged ? 0 : (int64_t)policy->history_size);
    redis_call_number(&call, policy->history_ttl_ms);
    redis_call_number(&call, redis_log_meta_ttl_ms(policy));
    redis_call_text(&call, epoch);
    redis_call_number(&call, BROKER_KEY_TTL_MS);
    redis_call_text(&call, ""); /* lifetimes are put forward when a tenth is over */
    redis_call_text(&call, message->key ? message->digest : "");
    redis_call_text(&call, redis_store_run(log->store));
    redis_store_script(log->store, SCRIPT_PUBLISH, &call, on_published, log_call);
    free(log_key);
    free(meta);
    free(once);
}

void redis_log_publish(struct redis_log *log, const char *channel,
                       const struct broker_message *message, struct broker_waiter waiter)
{
    char *pubsub = key_channel(redis_store_prefix(log->store), channel);
    struct channel_call *call = channel_call_create(channel, waiter);
    bool is_logged =
        redis_store_policy(log->store, channel)->history_size > 0 && !message->is_unlogged;
    if (is_logged || message->key)
        publish_by_script(log, channel, pubsub, message, call);
    else
        publish_plain(log, pubsub, message, call);
    free(pubsub);
}

/* -------------------------------------------------------------------------------- read */

/* An entry of the stream: ["OFFSET-0", ["d", payload, "i", info]]; info may be missing. */
static struct publication *read_entry(const redisReply *entry)
{
    const redisReply *fields = entry->element[1];
    if (fields->elements < 2)
        return NULL;
    struct slice payload = {fields->element[1]->str, fields->element[1]->len};
    struct slice info = {NULL, 0};
    if (fields->elements >= 4)
        info = (struct slice){fields->element[3]->str, fields->element[3]->len};
    if (!envelope_is_content(payload, info))
        return NULL;
    return publication_create(strtoull(entry->element[0]->str, NULL, 10), payload, info);
}

static void answer_history(struct channel_call *call, const redisReply *reply)
{
    const redisReply *entries = reply->element[2];
    struct broker_reply answer = {.status = BROKER_OK,
                                  .epoch = reply->element[0]->str,
                                  .offset = (uint64_t)reply->element[1]->integer,
                                  .renames = reply->element[3]->str,
                                  .version = (uint64_t)reply->element[4]->integer};
    answer.publications = mem_zalloc((entries->elements + 1) * sizeof(*answer.publications));
    for (size_t i = 0; i < entries->elements; i++) {
        struct publication *publication = read_entry(entries->element[i]);
        if (publication) {
            answer.publications[answer.publication_count++] = publication;
            continue;
        }
        redis_unsound("log entry", call->channel);
        if (i == 0)
            answer.first = strtoull(entries->element[0]->element[0]->str, NULL, 10);
    }
    struct publication **publications = answer.publications;
    size_t count = answer.publication_count;
    channel_call_answer(call, &answer);
    for (size_t i = 0; i < count; i++)
        publication_unref(publications[i]);
    free(publications);
}

/* A channel that never had a message, and is only looked at, has no epoch. */
static bool is_log(const redisReply *reply)
{
    const char *epoch = reply->element[0]->str;
    return (*epoch == '\0' || broker_is_epoch(epoch)) && reply->element[1]->integer >= 0;
}

static void on_history(void *context, enum broker_status status, const redisReply *reply)
{
    const struct channel_call *call = context;
    if (status == BROKER_OK && is_log(reply)) {
        answer_history(context, reply);
        return;
    }
    if (status == BROKER_REFUSED)
        log_event_at_times(history_refused, kv_str("err", reply->str));
    if (status == BROKER_OK) {
        redis_unsound("log", call->channel);
        status = BROKER_REFUSED;
    }
    channel_call_answer(context, &(struct broker_reply){.status = status});
}

void redis_log_history(struct redis_log *log, const char *channel,
                       const struct broker_range *range, struct broker_waiter waiter)
{
    struct redis_call call = {.count = 0};
    char epoch[BROKER_EPOCH_BYTES] = "";
    char *log_key = key_of_channel(redis_store_prefix(log->store), channel, "log");
    char *meta = key_of_channel(redis_store_prefix(log->store), channel, "meta");
    if (range->begins_log)
        broker_make_epoch(epoch);
    redis_call_key(&call, log_key);
    redis_call_key(&call, meta);
    redis_call_number(&call, (int64_t)range->since);
    redis_call_number(&call, (int64_t)range->limit);
    redis_call_text(&call, range->is_reverse ? "1" : "0");
    redis_call_text(&call, epoch);
    redis_call_number(&call, redis_log_meta_ttl_ms(redis_store_policy(log->store, channel)));
    redis_call_number(&call, (int64_t)range->bytes);
    redis_call_number(&call, BROKER_ENTRY_BYTES);
    redis_store_script(log->store, SCRIPT_HISTORY, &call, on_history,
                       channel_call_create(channel, waiter));
    free(log_key);
    free(meta);
}

static void on_removed(void *context, enum broker_status status, const redisReply *reply)
{
    (void)reply;
    channel_call_answer(context, &(struct broker_reply){.status = status, .epoch = ""});
}

void redis_log_remove(struct redis_log *log, const char *channel, struct broker_waiter waiter)
{
    struct redis_call call = {.count = 0};
    char *pubsub = key_channel(redis_store_prefix(log->store), channel);
    char *log_key = key_of_channel(redis_store_prefix(log->store), channel, "log");
    char *meta = key_of_channel(redis_store_prefix(log->store), channel, "meta");
    redis_call_key(&call, log_key);
    redis_call_key(&call, meta);
    redis_call_text(&call, pubsub);
    redis_store_script(log->store, SCRIPT_HISTORY_REMOVE, &call, on_removed,
                       channel_call_create(channel, waiter));
    free(log_key);
    free(meta);
    free(pubsub);
}

void redis_log_new_epoch(struct redis_log *log, const char *channel,
                         const struct broker_position *seen, bool is_certain)
{
    struct redis_call call = {.count = 0};
    char *meta = key_of_channel(redis_store_prefix(log->store), channel, "meta");
    char epoch[BROKER_EPOCH_BYTES];
    broker_make_epoch(epoch);
    redis_call_key(&call, meta);
    redis_call_text(&call, seen->epoch);
    redis_call_number(&call, (int64_t)seen->offset);
    redis_call_text(&call, epoch);
    redis_call_text(&call, redis_store_run(log->store));
    redis_call_text(&call, is_certain ? "1" : "0");
    redis_store_script(log->store, SCRIPT_NEW_EPOCH, &call, NULL, NULL);
    free(meta);
}

/* -------------------------------------------------------------------------------- life */

struct redis_log *redis_log_create(struct redis_store *store)
{
    struct redis_log *log = mem_zalloc(sizeof(*log));
    log->store = store;
    return log;
}

void redis_log_destroy(struct redis_log *log)
{
    free(log);
}
