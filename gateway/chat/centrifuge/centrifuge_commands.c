/*
 * centrifuge_commands - what clients of the Centrifuge protocol may ask, one handler each.
 *
 * A handler answers at once, or asks the broker with a struct centrifuge_pending that remembers
 * whose command it was; the session may be gone when the answer comes.
 */
#include "broker.h"
#include "centrifuge_codec.h"
#include "centrifuge_pending.h"
#include "centrifuge_session.h"
#include "channel.h"
#include "hub.h"
#include "json_out.h"
#include "limit.h"
#include "mem.h"
#include "metrics.h"
#include "names.h"
#include "namespaces.h"
#include "once_key.h"
#include "quota.h"
#include "rights.h"
#include "session.h"
#include "text.h"

#include <utlist.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBER_SHOWN_BYTES = 40 }; /* of a name that is not known */

/* NULL, and the client told, if the channel cannot be one. */
static const char *channel_named(struct session *session,
                                 const struct centrifuge_command *command)
{
    const char *channel = centrifuge_text(command, "channel");
    if (channel && names_is_channel(channel))
        return channel;
    centrifuge_send_error(session, command->id, CENTRIFUGE_BAD_REQUEST);
    return NULL;
}

/* False, and the client told, if it may not. */
static bool may(struct session *session, const struct centrifuge_command *command,
                const char *channel, enum rights_act act)
{
    enum rights_verdict verdict = rights_check(session, channel, act);
    if (verdict != RIGHTS_GRANTED)
        centrifuge_send_verdict(session, command->id, verdict);
    return verdict == RIGHTS_GRANTED;
}

/* False, and the client told, if it has had too much already. */
static bool may_have(struct session *session, const struct centrifuge_command *command,
                     bool is_granted)
{
    if (!is_granted)
        centrifuge_send_error(session, command->id, CENTRIFUGE_TOO_MANY_REQUESTS);
    return is_granted;
}

/* The channel that is named, if the session may ask that of it; else it has been told. */
static const char *channel_to_ask(struct session *session,
                                  const struct centrifuge_command *command, enum rights_act act)
{
    const char *channel = channel_named(session, command);
    bool may_ask = channel && may(session, command, channel, act) &&
                   may_have(session, command, quota_take_channel(session, channel));
    return may_ask ? channel : NULL;
}

/* ------------------------------------------------------------------ subscribe, unsubscribe */

static struct centrifuge_request *request_of(const struct centrifuge_command *command)
{
    struct centrifuge_request *request = mem_zalloc(sizeof(*request));
    request->command_id = command->id;
    request->wants_recovery = centrifuge_flag(command, "recover");
    request->position = centrifuge_position(command->params);
    return request;
}

static void run_subscribe(struct session *session, const struct centrifuge_command *command)
{
    const char *channel = channel_named(session, command);
    struct centrifuge_admission admission;
    if (!channel)
        return;
    if (channel_subscription_of(session, channel)) {
        centrifuge_send_error(session, command->id, CENTRIFUGE_ALREADY_SUBSCRIBED);
    } else if (centrifuge_is_full(session)) {
        centrifuge_send_error(session, command->id, CENTRIFUGE_LIMIT_EXCEEDED);
    } else if (centrifuge_check_subscribe(session, command, channel, &admission) &&
               may_have(session, command, quota_take_subscribe(session, channel))) {
        channel_subscribe(session,
                          &(struct subscribe_request){.channel = channel,
                                                      .is_by_token = admission.is_by_token,
                                                      .expires_at_s = admission.expires_at_s,
                                                      .request = request_of(command)});
    }
}

static void run_unsubscribe(struct session *session, const struct centrifuge_command *command)
{
    const char *channel = channel_named(session, command);
    struct subscription *subscription =
        channel ? channel_subscription_of(session, channel) : NULL;
    if (subscription)
        centrifuge_leave(subscription);
    if (channel)
        centrifuge_send_reply(session, command->id, "unsubscribe", "{}");
}

/* ------------------------------------------------------------------------------- publish */

static char *print_empty(const struct centrifuge_pending *pending,
                         const struct broker_reply *reply)
{
    (void)pending;
    (void)reply;
    return mem_strdup("{}");
}

/* Else it has been told. */
static bool may_publish(struct session *session, const struct centrifuge_command *command,
                        const char *channel, struct json_span data)
{
    return may(session, command, channel, RIGHTS_PUBLISH) &&
           may_have(session, command, quota_take_publish(session, data.length)) &&
           may_have(session, command, quota_take_channel(session, channel));
}

static void publish(struct session *session, const char *channel, struct json_span data,
                    const char *key, struct broker_waiter waiter)
{
    char *info = session_print_info(session);
    struct broker_message message = {.payload = {data.start, data.length},
                                     .info = slice_of(info)};
    struct once_key once = {.name = NULL};
    if (key) {
        once_key_init(&once, ONCE_SDK, session_user(session), key, message.payload,
                      slice_of(""));
        message.key = once.name;
        message.digest = once.digest;
    }
    broker_publish(session_hub(session)->broker, channel, &message, waiter);
    once_key_finish(&once);
    free(info);
}

static void run_publish(struct session *session, const struct centrifuge_command *command)
{
    const char *channel = channel_named(session, command);
    struct json_span data;
    if (!channel)
        return;
    if (!json_span_member(command->raw.start, command->raw.length, "data", &data)) {
        centrifuge_send_error(session, command->id, CENTRIFUGE_BAD_REQUEST);
        return;
    }
    if (!may_publish(session, command, channel, data))
        return;
    metrics.messages_received_total++;
    publish(session, channel, data, /* key= */ NULL,
            centrifuge_wait_for(session, command, "publish", print_empty));
}

/* ------------------------------------------------------------------------------ presence */

static char *print_presence(const struct centrifuge_pending *pending,
                            const struct broker_reply *reply)
{
    return centrifuge_print_presence(reply, pending->hub->options->limits.reply_bytes);
}

static char *print_stats(const struct centrifuge_pending *pending,
                         const struct broker_reply *reply)
{
    (void)pending;
    return centrifuge_print_stats(reply);
}

static void run_presence(struct session *session, const struct centrifuge_command *command)
{
    const char *channel = channel_to_ask(session, command, RIGHTS_SEE_PRESENCE);
    struct hub *hub = session_hub(session);
    if (channel)
        broker_members(hub->broker, channel, hub_namespace(hub, channel)->presence_limit,
                       centrifuge_wait_for(session, command, "presence", print_presence));
}

static void run_presence_stats(struct session *session,
                               const struct centrifuge_command *command)
{
    const char *channel = channel_to_ask(session, command, RIGHTS_SEE_PRESENCE);
    if (channel)
        broker_members(session_hub(session)->broker, channel, /* limit= */ 0,
                       centrifuge_wait_for(session, command, "presence_stats", print_stats));
}

/* ------------------------------------------------------------------------------- history */

/* NULL: the client's epoch is over. */
static char *print_history(const struct centrifuge_pending *pending,
                           const struct broker_reply *reply)
{
    if (pending->epoch[0] && strcmp(pending->epoch, reply->epoch) != 0)
        return NULL;
    size_t most = hub_namespace(pending->hub, reply->channel)->reply_publications;
    if (most > 0 && reply->publication_count == most)
        limit_hit(LIMIT_reply_publications); /* there may be more */
    return centrifuge_print_history(reply);
}

static struct broker_range range_of(const struct centrifuge_command *command,
                                    const struct namespace_options *options, size_t bytes)
{
    int64_t limit = centrifuge_number(command, "limit");
    size_t most = options->reply_publications > 0 ? options->reply_publications
                                                  : (size_t)CENTRIFUGE_HISTORY_MAX;
    bool is_all = limit < 0 || (uint64_t)limit > most;
    return (struct broker_range){
        .since = centrifuge_position(json_object_get(command->params, "since")).offset,
        .limit = is_all ? most : (size_t)limit,
        .bytes = bytes,
        .is_reverse = centrifuge_flag(command, "reverse"),
    };
}

/* A place in a log is an object; its offset, where it has one, is a whole number from 0 on. */
static bool is_place(const json_t *since)
{
    const json_t *offset = json_object_get(since, "offset");
    bool is_number = !offset || json_is_null(offset) ||
                     (json_is_number(offset) && json_number_value(offset) >= 0);
    return !since || json_is_null(since) || (json_is_object(since) && is_number);
}

static void run_history(struct session *session, const struct centrifuge_command *command)
{
    const char *channel = channel_to_ask(session, command, RIGHTS_HISTORY);
    struct hub *hub = session_hub(session);
    if (!channel)
        return;
    if (hub_namespace(hub, channel)->policy.history_size == 0) {
        centrifuge_send_error(session, command->id, CENTRIFUGE_NOT_AVAILABLE);
        return;
    }
    if (!is_place(json_object_get(command->params, "since"))) {
        centrifuge_refuse(session, command->id, "bad request: since is no place in a log");
        return;
    }
    struct broker_range range =
        range_of(command, hub_namespace(hub, channel), hub->options->limits.reply_bytes);
    struct broker_waiter waiter =
        centrifuge_wait_for(session, command, "history", print_history);
    const char *epoch =
        json_string_value(json_object_get(json_object_get(command->params, "since"), "epoch"));
    ((struct centrifuge_pending *)waiter.owner)->epoch = mem_strdup(epoch ? epoch : "");
    broker_history(hub->broker, channel, &range, waiter);
}

/* ------------------------------------------------------------------------------ rpc, send */

static char *print_acknowledged(const struct centrifuge_pending *pending,
                                const struct broker_reply *reply)
{
    (void)pending;
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_key(&out, "data");
    json_out_open_object(&out);
    json_out_member_uint(&out, "offset", reply->offset);
    json_out_member_text(&out, "epoch", reply->epoch);
    json_out_member_bool(&out, "deduplicated", reply->is_duplicate);
    json_out_close_object(&out);
    json_out_close_object(&out);
    return json_out_finish(&out);
}

/* What is passed over would be believed: a key by another name makes a retry a second
 * message. */
static bool has_known_members_only(struct session *session,
                                   const struct centrifuge_command *command, json_t *data)
{
    const char *name;
    json_t *value;
    json_object_foreach(data, name, value)
    {
        if (strcmp(name, "channel") == 0 || strcmp(name, "data") == 0 ||
            strcmp(name, "key") == 0 || strcmp(name, "idempotency_key") == 0)
            continue;
        centrifuge_refuse(session, command->id, "bad request: unknown member \"%.*s\"",
                          (int)text_cut(name, MEMBER_SHOWN_BYTES), name);
        return false;
    }
    return true;
}

/* The key, by either of its names; *ret_key is NULL if there is none. */
static bool read_key(json_t *data, const char **ret_key)
{
    json_t *key = json_object_get(data, "key");
    json_t *same = json_object_get(data, "idempotency_key");
    if (key && same)
        return false;
    key = key ? key : same;
    *ret_key = centrifuge_string(key);
    return !key || (*ret_key && names_is_key(*ret_key));
}

/* rpc("publish", {channel, data, key}): a publish that is acknowledged by its place in the
 * log, and made once however often it is tried. */
static void rpc_publish(struct session *session, const struct centrifuge_command *command)
{
    json_t *data = json_object_get(command->params, "data");
    const char *channel = centrifuge_string(json_object_get(data, "channel"));
    const char *key;
    struct json_span raw;
    struct json_span payload;
    if (!has_known_members_only(session, command, data))
        return;
    bool is_sound = channel && names_is_channel(channel) && read_key(data, &key) &&
                    json_span_member(command->raw.start, command->raw.length, "data", &raw) &&
                    json_span_member(raw.start, raw.length, "data", &payload);
    if (!is_sound) {
        centrifuge_send_error(session, command->id, CENTRIFUGE_BAD_REQUEST);
        return;
    }
    if (!may_publish(session, command, channel, payload))
        return;
    metrics.messages_received_total++;
    publish(session, channel, payload, key,
            centrifuge_wait_for(session, command, "rpc", print_acknowledged));
}

static void run_rpc(struct session *session, const struct centrifuge_command *command)
{
    const char *method = centrifuge_text(command, "method");
    if (method && strcmp(method, "publish") == 0)
        rpc_publish(session, command);
    else
        centrifuge_send_error(session, command->id, CENTRIFUGE_METHOD_NOT_FOUND);
}

/* A message without an answer: there is nobody behind the gateway to take it. */
static void run_send(struct session *session, const struct centrifuge_command *command)
{
    (void)command;
    centrifuge_close(session, CENTRIFUGE_NO_SEND_HANDLER, "send is not available");
}

/* -------------------------------------------------------------------------------- the table */

static const struct {
    const char *method;
    void (*run)(struct session *session, const struct centrifuge_command *command);
} commands[] = {
    {"connect", centrifuge_run_connect},
    {"subscribe", run_subscribe},
    {"unsubscribe", run_unsubscribe},
    {"publish", run_publish},
    {"presence", run_presence},
    {"presence_stats", run_presence_stats},
    {"history", run_history},
    {"refresh", centrifuge_run_refresh},
    {"sub_refresh", centrifuge_run_sub_refresh},
    {"rpc", run_rpc},
    {"send", run_send},
};

static void run(struct session *session, const struct centrifuge_command *command)
{
    const struct centrifuge_session *state = session_state(session);
    bool is_connect = strcmp(command->method, "connect") == 0;
    bool is_send = strcmp(command->method, "send") == 0;
    if ((!state->is_connected && !is_connect) || (command->id == 0 && !is_send)) {
        centrifuge_close(session, CENTRIFUGE_BAD_FRAME, "bad request");
        return;
    }
    if (!may_have(session, command, quota_take(session, QUOTA_COMMANDS)))
        return;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(command->method, commands[i].method) != 0)
            continue;
        commands[i].run(session, command);
        return;
    }
    if (strcmp(command->method, "ping") == 0)
        centrifuge_send_error(session, command->id, CENTRIFUGE_NOT_AVAILABLE);
    else
        centrifuge_close(session, CENTRIFUGE_BAD_FRAME, "unknown method");
}

static size_t count_recoveries(struct session *session)
{
    size_t count = 0;
    const struct subscription *subscription;
    LL_FOREACH2(*session_subscriptions(session), subscription, next_of_session)
    {
        const struct centrifuge_request *request = subscription->request;
        count += request && request->wants_recovery;
    }
    return count;
}

/* False: its answer is long, and has to wait. */
static bool may_answer(struct session *session, const struct centrifuge_command *command)
{
    if (centrifuge_has_long_answer(command->method))
        return quota_may_ask(session);
    bool is_recovery =
        strcmp(command->method, "subscribe") == 0 && centrifuge_flag(command, "recover");
    return !is_recovery || quota_may_recover(session, count_recoveries(session));
}

bool centrifuge_run_command(struct session *session, const struct centrifuge_command *command)
{
    if (!may_answer(session, command))
        return false;
    run(session, command);
    return true;
}
