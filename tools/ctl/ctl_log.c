/*
 * ctl_log - `parleyctl history` and `parleyctl publish`: what a channel keeps, and one more.
 *
 * Reading changes nothing. A publication goes through the script that nodes use, so that it
 * has its place among theirs; what nodes are told to keep this tool does not know, so it never
 * cuts a log shorter than it is.
 */
#include "ctl_commands.h"

#include "broker.h"
#include "ctl_options.h"
#include "ctl_output.h"
#include "ctl_store.h"
#include "ctl_terminal.h"
#include "keys.h"
#include "mem.h"
#include "names.h"
#include "once_key.h"
#include "publisher.h"
#include "redis_log.h"
#include "redis_script.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HISTORY_LIMIT_DEFAULT = 50,
    HISTORY_SIZE_DEFAULT = 50,    /* as of parleyd */
    HISTORY_TTL_S_DEFAULT = 3600, /* likewise */
    DATA_BYTES_MAX = 65536,       /* as of parleyd's --max-message-bytes */
};

static const struct column columns[] = {
    {"OFFSET", "offset", COLUMN_NUMBER},
    {"FROM", "user", COLUMN_TEXT},
    {"DATA", "data", COLUMN_JSON},
};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

/* ---------------------------------------------------------------------------- history */

/* ["OFFSET-0", ["d", payload, "i", info]]; info may be missing. NULL: another thing. */
static json_t *row_of(const redisReply *entry)
{
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 ||
        entry->element[1]->type != REDIS_REPLY_ARRAY || entry->element[1]->elements < 2)
        return NULL;
    const redisReply *fields = entry->element[1];
    json_t *row = json_pack(
        "{sI, so}", "offset", (json_int_t)strtoll(reply_text(entry->element[0]), NULL, 10),
        "data", output_json_of(fields->element[1]->str, fields->element[1]->len));
    if (fields->elements >= 4) {
        json_t *info = output_json_of(fields->element[3]->str, fields->element[3]->len);
        json_t *user = json_object_get(info, "user");
        if (json_is_string(user))
            (void)json_object_set(row, "user", user);
        (void)json_object_set_new(row, "info", info);
    }
    return row;
}

/* Oldest first. */
static json_t *read_log(const struct ctl *ctl, const char *channel)
{
    char *log = key_of_channel(ctl->options->prefix, channel, "log");
    long long limit = ctl->options->limit ? ctl->options->limit : HISTORY_LIMIT_DEFAULT;
    redisReply *reply = store_ask(ctl->store, "XREVRANGE %s + - COUNT %lld", log, limit);
    json_t *rows = json_array();
    for (size_t i = reply->elements; i > 0; i--) {
        json_t *row = row_of(reply->element[i - 1]);
        if (row)
            (void)json_array_append_new(rows, row);
    }
    freeReplyObject(reply);
    free(log);
    return rows;
}

int run_history(const struct ctl *ctl)
{
    const char *channel = ctl_channel(ctl);
    char *meta = key_of_channel(ctl->options->prefix, channel, "meta");
    redisReply *place = store_ask(ctl->store, "HMGET %s epoch offset", meta);
    const char *epoch = reply_text(place->element[0]);
    json_int_t offset = reply_number(place->element[1]);
    json_t *rows = read_log(ctl, channel);
    if (ctl->options->is_json) {
        output_json(json_pack("{ss, so, sI, sO}", "channel", channel, "epoch",
                              output_text(epoch, strlen(epoch)), "offset", offset,
                              "publications", rows));
    } else {
        char *shown = terminal_text(epoch, strlen(epoch));
        output_table(columns, COLUMN_COUNT, rows);
        (void)printf("%zu of %lld messages, epoch %s\n", json_array_size(rows),
                     (long long)offset, shown[0] ? shown : "-");
        free(shown);
    }
    json_decref(rows);
    freeReplyObject(place);
    free(meta);
    return CTL_EXIT_OK;
}

/* ---------------------------------------------------------------------------- publish */

/* JSON on one line, since SDKs are sent one frame a line; nothing else of it is changed. *new*
 */
static char *read_data(const char *text)
{
    json_error_t error;
    size_t length = strlen(text);
    if (length > DATA_BYTES_MAX)
        ctl_fail("DATA is %zu bytes, more than %d", length, DATA_BYTES_MAX);
    json_t *value = json_loadb(text, length, JSON_DECODE_ANY, &error);
    if (!value)
        ctl_fail("DATA must be JSON, such as '{\"text\":\"hi\"}' or '\"hi\"': %s", error.text);
    json_decref(value);
    char *data = mem_strdup(text);
    for (char *at = data; (at = strpbrk(at, "\r\n"));)
        *at = ' ';
    return data;
}

/* How many messages the log is to have at most; 0: the channel keeps none. One that nodes
 * listen to has an epoch if it keeps a log. */
static int64_t log_size(const struct ctl *ctl, const char *pubsub, const char *log,
                        const char *meta)
{
    if (ctl->options->history_size >= 0)
        return ctl->options->history_size;
    redisReply *has_epoch = store_ask(ctl->store, "HEXISTS %s epoch", meta);
    redisReply *length = store_ask(ctl->store, "XLEN %s", log);
    redisReply *listeners = store_ask(ctl->store, "PUBSUB NUMSUB %s", pubsub);
    bool is_kept = reply_number(has_epoch) == 1 || listeners->elements != 2 ||
                   reply_number(listeners->element[1]) == 0;
    int64_t size = reply_number(length) + 1;
    freeReplyObject(has_epoch);
    freeReplyObject(length);
    freeReplyObject(listeners);
    if (!is_kept)
        return 0;
    return size > HISTORY_SIZE_DEFAULT ? size : HISTORY_SIZE_DEFAULT;
}

/* The order of keys and arguments is that of scripts/publish.lua. */
static redisReply *call_script(const struct ctl *ctl, const char *channel, const char *data)
{
    int64_t ttl_s = ctl->options->history_ttl_s;
    const struct broker_policy policy = {.history_ttl_ms =
                                             (ttl_s ? ttl_s : HISTORY_TTL_S_DEFAULT) * 1000};
    const char *prefix = ctl->options->prefix;
    const char *key = ctl->options->key;
    struct redis_call call = {.count = 0};
    char *pubsub = key_channel(prefix, channel);
    char *log = key_of_channel(prefix, channel, "log");
    char *meta = key_of_channel(prefix, channel, "meta");
    struct once_key owned = {.name = NULL};
    if (key[0])
        once_key_init(&owned, ONCE_OPERATOR, "", key, slice_of(data), slice_of(""));
    char *once = key[0] ? key_once(prefix, channel, owned.name) : NULL;
    char *publisher = publisher_print_server(NULL);
    char epoch[BROKER_EPOCH_BYTES];
    broker_make_epoch(epoch);
    redis_call_key(&call, log);
    redis_call_key(&call, meta);
    if (once)
        redis_call_key(&call, once);
    redis_call_text(&call, pubsub);
    redis_call_text(&call, data);
    redis_call_text(&call, publisher);
    redis_call_number(&call, log_size(ctl, pubsub, log, meta));
    redis_call_number(&call, policy.history_ttl_ms);
    redis_call_number(&call, redis_log_meta_ttl_ms(&policy));
    redis_call_text(&call, epoch);
    redis_call_number(&call, BROKER_KEY_TTL_MS);
    redis_call_text(&call, ttl_s != 0 ? "1" : "0"); /* put both ttls forward, or leave them */
    redis_call_text(&call, key[0] ? owned.digest : "");
    redis_call_text(&call, store_run(ctl->store));
    redisReply *reply = store_script(ctl->store, SCRIPT_PUBLISH, &call);
    free(pubsub);
    free(publisher);
    free(log);
    free(meta);
    free(once);
    once_key_finish(&owned);
    return reply;
}

int run_publish(const struct ctl *ctl)
{
    const char *channel = ctl_channel(ctl);
    if (ctl->options->key[0] && !names_is_key(ctl->options->key))
        ctl_fail("--key must be 1 to %d bytes without control characters",
                 BROKER_KEY_BYTES_MAX);
    char *data = read_data(ctl->arguments[1]);
    redisReply *reply = call_script(ctl, channel, data);
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
        ctl_fail("Redis's answer is not understood");
    long long offset = reply_number(reply->element[0]);
    const char *epoch = reply_text(reply->element[1]);
    bool is_duplicate = reply_number(reply->element[2]) == 1;
    if (reply_number(reply->element[2]) == 2)
        ctl_fail("the key was used for other data, at offset %lld", offset);
    if (ctl->options->is_json)
        output_json(json_pack("{sI, ss, sb}", "offset", (json_int_t)offset, "epoch", epoch,
                              "deduplicated", is_duplicate));
    else if (is_duplicate)
        (void)printf("published before, at offset %lld\n", offset);
    else if (offset > 0)
        (void)printf("published at offset %lld\n", offset);
    else
        (void)printf("published; the channel keeps no history\n");
    freeReplyObject(reply);
    free(data);
    return CTL_EXIT_OK;
}
