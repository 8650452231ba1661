/*
 * dialect_centrifuge - the Centrifuge client protocol: many channels over one connection.
 *
 * The first command is connect; what may follow is in the table of centrifuge_commands.c.
 * Here is what happens without a command: pings, admission with recovery, gaps.
 *
 * Recovery: a subscriber that comes back says which offset it saw last. The channel keeps
 * the newest publications here, in step with what is live, so what was missed is sent from
 * memory, in the reply, and nothing falls between it and the first push. Where that does
 * not reach back, or the epoch is another, the reply says recovered:false.
 */
#include "dialect_centrifuge.h"

#include "auth.h"
#include "batch.h"
#include "broker.h"
#include "centrifuge_codec.h"
#include "centrifuge_session.h"
#include "channel.h"
#include "chat.h"
#include "clock.h"
#include "hub.h"
#include "json_out.h"
#include "limit.h"
#include "mem.h"
#include "namespaces.h"
#include "presence.h"
#include "quota.h"
#include "rights.h"
#include "session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------------- deadlines */

/* Looked at with each ping: a subscription may be over for that much longer. */
static void end_expired_subscriptions(struct session *session)
{
    struct subscription *subscription = *session_subscriptions(session);
    while (subscription && session_is_open(session)) {
        struct subscription *next = subscription->next_of_session;
        if (auth_is_over(session_hub(session), subscription->expires_at_s))
            centrifuge_end_subscription(subscription, CENTRIFUGE_SUBSCRIPTION_EXPIRED,
                                        "subscription expired");
        subscription = next;
    }
}

static int64_t on_due(struct session *session)
{
    struct centrifuge_session *state = session_state(session);
    if (!state->is_connected) {
        centrifuge_close(session, CENTRIFUGE_STALE, "stale");
    } else if (auth_is_over(session_hub(session), state->expires_at_s)) {
        centrifuge_close(session, CENTRIFUGE_CONNECTION_EXPIRED, "connection expired");
    } else if (clock_now_ms() < centrifuge_heartbeat_due_ms(session)) {
        return centrifuge_due_ms(session); /* a pong has come since, or a new token */
    } else if (state->is_pong_due && session_is_excused(session)) {
        state->pinged_ms = clock_now_ms(); /* the pong may be among what is not read yet */
    } else if (state->is_pong_due) {
        centrifuge_close(session, CENTRIFUGE_NO_PONG, "no pong");
    } else {
        session_send_heartbeat(session, centrifuge_encode_ping);
        state->pinged_ms = clock_now_ms();
        state->is_pong_due = true;
        end_expired_subscriptions(session);
    }
    return centrifuge_due_ms(session);
}

/* ------------------------------------------------------------------------------ admission */

/* Is what came after the offset not too much for one reply? If it is, none of it is sent, so
 * that nobody takes a part for the whole. */
static bool fits_reply(const struct channel *channel, uint64_t offset)
{
    const struct chat_limits *limits = &channel_hub(channel)->options->limits;
    size_t first = channel_recent_count(channel);
    size_t bytes = 0;
    while (first > 0 && channel_recent(channel, first - 1)->offset > offset) {
        first--;
        bytes += publication_weight(channel_recent(channel, first));
    }
    size_t count = channel_recent_count(channel) - first;
    size_t most = channel_options(channel)->reply_publications;
    bool are_too_many = most > 0 && count > most;
    bool is_too_long = limits->reply_bytes > 0 && bytes > limits->reply_bytes;
    if (are_too_many)
        limit_hit(LIMIT_reply_publications);
    else if (is_too_long)
        limit_hit(LIMIT_reply_bytes);
    return !are_too_many && !is_too_long;
}

/* Which place it claims to have seen, nobody can tell: who may not read the history is given
 * nothing of it, and is recovered only if nothing was missed. */
static bool may_recover(const struct subscription *subscription,
                        const struct centrifuge_request *request)
{
    const struct channel *channel = subscription->channel;
    bool has_missed_nothing = request->position.offset == channel_offset(channel) &&
                              channel_has_place(channel, &request->position);
    return has_missed_nothing || rights_check(subscription->session, channel_name(channel),
                                              RIGHTS_HISTORY) == RIGHTS_GRANTED;
}

static bool is_recoverable(const struct subscription *subscription,
                           const struct centrifuge_request *request)
{
    const struct channel *channel = subscription->channel;
    uint64_t newest = channel_offset(channel);
    if (!request->wants_recovery || !may_recover(subscription, request))
        return false;
    if (channel_options(channel)->policy.history_size == 0)
        return false; /* no log is kept here */
    bool is_same_log =
        request->position.epoch[0] == '\0' || channel_has_place(channel, &request->position);
    if (!is_same_log || request->position.offset > newest)
        return false;
    if (request->position.offset == newest)
        return true;
    return channel_recent_count(channel) > 0 &&
           channel_recent(channel, 0)->offset <= request->position.offset + 1 &&
           fits_reply(channel, request->position.offset);
}

static void write_missed(struct json_out *out, const struct channel *channel, uint64_t offset)
{
    json_out_key(out, "publications");
    json_out_open_array(out);
    for (size_t i = 0; i < channel_recent_count(channel); i++) {
        const struct publication *publication = channel_recent(channel, i);
        if (publication->offset > offset)
            centrifuge_write_publication(out, publication);
    }
    json_out_close_array(out);
}

static void write_position(struct json_out *out, const struct channel *channel,
                           const struct centrifuge_request *request, bool is_recovered)
{
    json_out_member_bool(out, "recoverable", true);
    json_out_member_bool(out, "positioned", true);
    json_out_member_text(out, "epoch", channel_epoch(channel));
    json_out_member_uint(out, "offset",
                         is_recovered ? request->position.offset : channel_offset(channel));
    json_out_member_bool(out, "was_recovering", request->wants_recovery);
    json_out_member_bool(out, "recovered", is_recovered);
}

static char *print_subscribed(const struct subscription *subscription,
                              const struct centrifuge_request *request)
{
    assert(request); /* it is there until the subscription is admitted */
    const struct channel *channel = subscription->channel;
    struct json_out out = {.bytes = NULL};
    bool is_recovered = is_recoverable(subscription, request);
    json_out_open_object(&out);
    if (subscription->expires_at_s != 0)
        centrifuge_write_expiry(&out, auth_ttl_s(subscription->expires_at_s));
    if (channel_options(channel)->policy.history_size > 0)
        write_position(&out, channel, request, is_recovered);
    if (is_recovered)
        write_missed(&out, channel, request->position.offset);
    json_out_close_object(&out);
    return json_out_finish(&out);
}

static void send_subscribed(struct subscription *subscription)
{
    const struct centrifuge_request *request = subscription->request;
    char *result = print_subscribed(subscription, request);
    if (request->wants_recovery)
        quota_note_recovery(subscription->session, strlen(result));
    centrifuge_send_reply(subscription->session, request->command_id, "subscribe", result);
    free(result);
}

/* In the push publications have no place: what was missed follows it. */
static void push_subscribed(struct subscription *subscription)
{
    const struct centrifuge_request *request = subscription->request;
    const struct channel *channel = subscription->channel;
    bool is_recovered = is_recoverable(subscription, request);
    struct batch *batch = session_batch(subscription->session);
    centrifuge_encode_subscribe(batch, channel_name(channel), channel_epoch(channel),
                                is_recovered ? request->position.offset
                                             : channel_offset(channel));
    for (size_t i = 0; i < channel_recent_count(channel); i++) {
        const struct publication *publication = channel_recent(channel, i);
        if (is_recovered && publication->offset > request->position.offset)
            centrifuge_encode_publication(batch, channel_name(channel), publication);
    }
    session_send(subscription->session, batch);
    batch_unref(batch);
}

static void on_gap(struct subscription *subscription)
{
    if (subscription->is_server_side) /* only a new connection makes SDKs ask for it again */
        centrifuge_close(subscription->session, CENTRIFUGE_NO_POSITION, "insufficient state");
    else
        centrifuge_end_subscription(subscription, CENTRIFUGE_INSUFFICIENT_STATE,
                                    "insufficient state");
}

static bool claimed_place(const struct subscription *subscription,
                          struct broker_position *ret_place)
{
    assert(subscription->request);
    const struct centrifuge_request *request = subscription->request;
    *ret_place = request->position;
    return request->wants_recovery;
}

static void on_admitted(struct subscription *subscription)
{
    if (subscription->is_server_side)
        push_subscribed(subscription);
    else
        send_subscribed(subscription);
    free(subscription->request);
    subscription->request = NULL;
    presence_join(subscription);
}

static void on_not_opened(struct subscription *subscription)
{
    const struct centrifuge_request *request = subscription->request;
    struct session *session = subscription->session;
    assert(request);
    uint32_t command_id = request->command_id;
    if (subscription->is_server_side) {
        centrifuge_close(session, CENTRIFUGE_SERVER_ERROR, "a channel cannot be opened now");
        return;
    }
    channel_unsubscribe(subscription);
    centrifuge_send_error(session, command_id, CENTRIFUGE_INTERNAL);
}

static void on_joined(struct subscription *subscription, const struct broker_reply *reply)
{
    if (reply->status != BROKER_OK)
        presence_join_later(subscription);
}

/* As a message of the server's, which SDKs hand over as it is. */
static void tell_state(struct session *session, bool is_degraded)
{
    const struct centrifuge_session *state = session_state(session);
    if (!state->is_connected)
        return;
    struct batch *batch = session_batch(session);
    centrifuge_encode_state(batch, is_degraded ? "degraded" : "restored");
    session_send(session, batch);
    batch_unref(batch);
}

static void encode_publication(struct batch *batch, const struct channel *channel,
                               const struct publication *publication)
{
    centrifuge_encode_publication(batch, channel_name(channel), publication);
}

/* -------------------------------------------------------------------------------- frames */

static void on_open(struct session *session, const struct chat_request *request)
{
    (void)request; /* channels and tokens come by command */
    session_set_state(session, mem_zalloc(sizeof(struct centrifuge_session)));
    session_set_due(session,
                    clock_now_ms() + session_hub(session)->options->connect_timeout_ms);
}

static void shut_down(struct session *session)
{
    centrifuge_close(session, CENTRIFUGE_SHUTDOWN, "shutdown");
}

static void on_end(struct session *session)
{
    free(session_state(session));
}

static void on_pong(struct session *session)
{
    struct centrifuge_session *state = session_state(session);
    if (state->is_pong_due)
        state->is_pong_due = false;
    else
        centrifuge_close(session, CENTRIFUGE_BAD_FRAME, "a pong without a ping");
}

static size_t on_text(struct session *session, const char *bytes, size_t length)
{
    struct centrifuge_reader reader = {bytes, bytes + length};
    const struct centrifuge_session *state = session_state(session);
    struct centrifuge_command command;
    bool is_heard = true;
    if (state->is_refused)
        return length;
    switch (centrifuge_read(&reader, &command)) {
    case CENTRIFUGE_COMMAND:
        is_heard = centrifuge_run_command(session, &command);
        break;
    case CENTRIFUGE_PONG:
        on_pong(session);
        break;
    case CENTRIFUGE_BROKEN:
        centrifuge_close(session, CENTRIFUGE_BAD_FRAME, "bad request");
        break;
    case CENTRIFUGE_END:
        break;
    }
    centrifuge_command_finish(&command);
    return is_heard ? (size_t)(reader.at - bytes) : 0;
}

const struct dialect dialect_centrifuge = {
    .name = "centrifuge",
    .on_open = on_open,
    .on_text = on_text,
    .on_admitted = on_admitted,
    .on_not_opened = on_not_opened,
    .on_gap = on_gap,
    .on_new_epoch = on_gap, /* it comes back with its place, to the new epoch */
    .claimed_place = claimed_place,
    .on_joined = on_joined,
    .tell_state = tell_state,
    .on_due = on_due,
    .shut_down = shut_down,
    .on_end = on_end,
    .disconnect = centrifuge_obey_disconnect,
    .unsubscribe = centrifuge_obey_unsubscribe,
    .subscribe = centrifuge_obey_subscribe,
    .refresh = centrifuge_obey_refresh,
    .encode_publication = encode_publication,
    .encode_presence = centrifuge_encode_presence,
    .encode_user_count = centrifuge_encode_user_count,
};
