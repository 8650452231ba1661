/*
 * dialect_luchat - the wire format of LuChat: one connection, one channel.
 *
 * A connection is subscribed to the channel named in its handshake. Text ping is answered by
 * pong; {"message"} goes to all as it came; {"online"} gives the connection an identity and
 * makes it present. Anything else is an error to the sender alone. Who comes in, and for how
 * long, is luchat_session.c's.
 */
#include "dialect_luchat.h"

#include "auth.h"
#include "batch.h"
#include "broker.h"
#include "channel.h"
#include "chat.h"
#include "hub.h"
#include "luchat_codec.h"
#include "luchat_hello.h"
#include "luchat_session.h"
#include "metrics.h"
#include "once_key.h"
#include "presence.h"
#include "quota.h"
#include "rights.h"
#include "session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void send_error(struct session *session, enum luchat_error code, const char *message)
{
    struct batch *batch = session_batch(session);
    luchat_encode_error(batch, code, message);
    session_send(session, batch);
    batch_unref(batch);
    metrics.messages_refused_total++;
}

static const char *explain_status(enum broker_status status)
{
    if (status == BROKER_UNAVAILABLE)
        return "not sent: try again later";
    if (status == BROKER_UNKNOWN)
        return "not confirmed: it may or may not have been sent";
    return "not sent: refused by the store";
}

/* ------------------------------------------------------------------- what clients say */

static void on_published(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct session *session = session_find(owner, tag);
    if (!session)
        return;
    quota_end(session);
    if (reply->status != BROKER_OK)
        send_error(session, LUCHAT_TRY_AGAIN, explain_status(reply->status));
}

/* The one that it has entered. */
static const char *own_channel(struct session *session)
{
    const struct subscription *own = *session_subscriptions(session);
    assert(own && !own->next_of_session); /* it has one from its opening to its end */
    return channel_name(own->channel);
}

static void publish(struct session *session, struct slice payload)
{
    struct hub *hub = session_hub(session);
    struct broker_message message = {.payload = payload};
    struct broker_waiter waiter = {on_published, hub, session_id(session)};
    struct once_key once = {.name = NULL};
    char *info = luchat_state(session)->user ? session_print_info(session) : NULL;
    quota_begin(session);
    if (info)
        message.info = slice_of(info);
    if (luchat_state(session)->wants_hello && luchat_read_key(payload, &once)) {
        message.key = once.name;
        message.digest = once.digest;
        luchat_hello_publish(session, own_channel(session), &message, waiter);
    } else {
        broker_publish(hub->broker, own_channel(session), &message, waiter);
    }
    once_key_finish(&once);
    free(info);
}

static void send_list(struct subscription *subscription)
{
    if (rights_check(subscription->session, channel_name(subscription->channel),
                     RIGHTS_SEE_PRESENCE) == RIGHTS_GRANTED)
        presence_send_list(subscription);
}

/* Said again by the same user it asks for the list; another user takes the place. */
static void take_identity(struct session *session, const struct luchat_command *command)
{
    struct subscription *subscription = *session_subscriptions(session);
    const char *user = session_user(session);
    bool is_same = user && strcmp(user, command->user) == 0 &&
                   strcmp(session_info(session), command->info) == 0;
    if (is_same && subscription->presence == PRESENCE_PRESENT) {
        send_list(subscription);
        return;
    }
    if (is_same && subscription->presence == PRESENCE_JOINING)
        return; /* on its way already */
    if (user && !is_same && !quota_take(session, QUOTA_NAMES)) {
        send_error(session, LUCHAT_TOO_MANY, "too many names: keep one");
        return;
    }
    bool had_another = subscription->presence >= PRESENCE_JOINING;
    presence_leave(subscription);
    subscription->identity += had_another;
    session_set_identity(session, command->user, command->info);
    presence_join(subscription);
}

/* What is refused is no message: it counts as a command. */
static void forbid(struct session *session, const char *message)
{
    bool may_ask = quota_take(session, QUOTA_COMMANDS);
    send_error(session, may_ask ? LUCHAT_FORBIDDEN : LUCHAT_TOO_MANY, message);
}

/* With a token, nobody speaks under another's name, and without one nobody under a name that a
 * token could have. */
static bool is_own_name(struct session *session, const struct luchat_command *command)
{
    const struct luchat_session *state = luchat_state(session);
    if (state->user && strcmp(state->user, command->user) != 0)
        forbid(session, "userid is not the token's");
    else if (!state->user && !auth_is_name_free(session_hub(session), command->user))
        forbid(session, AUTH_NAME_IS_NOT_FREE);
    else
        return true;
    return false;
}

static bool may_publish(struct session *session, size_t bytes)
{
    if (rights_check(session, own_channel(session), RIGHTS_PUBLISH) != RIGHTS_GRANTED)
        forbid(session, "not allowed to publish in this channel");
    else if (!quota_take_publish(session, bytes))
        send_error(session, LUCHAT_TOO_MANY, "not sent: too many messages, slow down");
    else
        return true;
    return false;
}

/* Messages have a quota of their own, and pings cost nothing. */
static bool may_command(struct session *session, enum luchat_kind kind)
{
    if (kind == LUCHAT_PING || kind == LUCHAT_MESSAGE || quota_take(session, QUOTA_COMMANDS))
        return true;
    send_error(session, LUCHAT_TOO_MANY, "too many commands, slow down");
    return false;
}

/* Before it is welcome, a client can only show its token. */
static void hear_stranger(struct session *session, const struct luchat_command *command)
{
    if (command->kind == LUCHAT_TOKEN)
        luchat_show_token(session, command->info);
    else if (command->kind == LUCHAT_PING)
        session_send_heartbeat(session, luchat_encode_pong);
    else
        session_close(session, CLOSE_POLICY, "a token is required");
}

static void renew(struct session *session, const char *text)
{
    const struct luchat_session *state = luchat_state(session);
    if (state->user)
        luchat_show_token(session, text);
    else
        send_error(session, LUCHAT_BAD_REQUEST, "no token is needed");
}

static void hear(struct session *session, const struct luchat_command *command,
                 const char *bytes, size_t length)
{
    switch (command->kind) {
    case LUCHAT_PING:
        session_send_heartbeat(session, luchat_encode_pong);
        break;
    case LUCHAT_MESSAGE:
        if (is_own_name(session, command) && may_publish(session, length))
            publish(session, (struct slice){bytes, length});
        break;
    case LUCHAT_ONLINE:
        if (is_own_name(session, command))
            take_identity(session, command);
        break;
    case LUCHAT_NOT_UTF8:
        session_close(session, CLOSE_INVALID_DATA, "not UTF-8");
        break;
    case LUCHAT_TOKEN:
        renew(session, command->info);
        break;
    case LUCHAT_INVALID:
        send_error(session, LUCHAT_BAD_REQUEST, command->error);
        break;
    }
}

/* A frame is one command. */
static size_t luchat_on_text(struct session *session, const char *bytes, size_t length)
{
    const struct luchat_session *state = luchat_state(session);
    struct luchat_command command;
    luchat_decode(bytes, length, &command);
    bool is_now = command.kind != LUCHAT_ONLINE || quota_has_credit(session); /* for its list */
    bool is_granted = is_now && may_command(session, command.kind);
    if (is_granted && state->is_welcome)
        hear(session, &command, bytes, length);
    else if (is_granted)
        hear_stranger(session, &command);
    luchat_command_finish(&command);
    return is_now ? length : 0;
}

/* ---------------------------------------------------------------- what they are told */

static void luchat_on_admitted(struct subscription *subscription)
{
    struct session *session = subscription->session;
    const char *channel = channel_name(subscription->channel);
    bool may_read = rights_check(session, channel, RIGHTS_HISTORY) == RIGHTS_GRANTED;
    struct batch *history =
        may_read ? channel_history(subscription->channel, session_format(session)) : NULL;
    const struct luchat_session *state = luchat_state(session);
    session_resume(session, PAUSE_FOR_CHANNEL);
    if (state->wants_hello)
        luchat_hello_send(subscription, state, history);
    luchat_set_missed(session, false);
    presence_on_admitted(subscription);
    if (history)
        session_send(session, history);
}

static void luchat_on_not_opened(struct subscription *subscription)
{
    session_close(subscription->session, CLOSE_TRY_AGAIN_LATER, "channel cannot be opened now");
}

/* Its frames have no offsets. Who knows of hello is given the history once more, and lays it
 * over what it has; anybody else comes back for it. */
static void luchat_on_gap(struct subscription *subscription)
{
    if (!luchat_state(subscription->session)->wants_hello) {
        session_close(subscription->session, CLOSE_TRY_AGAIN_LATER, "messages were missed");
        return;
    }
    luchat_set_missed(subscription->session, true);
    channel_admit_again(subscription);
}

static void luchat_on_joined(struct subscription *subscription,
                             const struct broker_reply *reply)
{
    if (reply->status == BROKER_OK) {
        send_list(subscription);
        return;
    }
    send_error(subscription->session, LUCHAT_TRY_AGAIN,
               "not online yet: this is tried again until it succeeds");
    presence_join_later(subscription);
}

static void luchat_tell_state(struct session *session, bool is_degraded)
{
    if (luchat_state(session)->wants_hello && luchat_state(session)->is_welcome)
        luchat_hello_state(session, is_degraded);
}

static void encode_publication(struct batch *batch, const struct channel *channel,
                               const struct publication *publication)
{
    bool is_open = channel_hub(channel)->options->token_keys == NULL;
    luchat_encode_publication(batch, publication, is_open);
}

static void encode_presence(struct batch *batch, const char *channel,
                            const struct broker_presence *presence)
{
    (void)channel; /* a connection has but one */
    luchat_encode_presence(batch, presence);
}

static void encode_user_count(struct batch *batch, const char *channel, uint64_t user_count)
{
    (void)channel;
    luchat_encode_user_count(batch, user_count);
}

const struct dialect dialect_luchat = {
    .name = "luchat",
    .on_open = luchat_on_open,
    .on_text = luchat_on_text,
    .on_admitted = luchat_on_admitted,
    .on_not_opened = luchat_on_not_opened,
    .on_gap = luchat_on_gap,
    .on_joined = luchat_on_joined,
    .tell_state = luchat_tell_state,
    .on_due = luchat_on_due,
    .shut_down = luchat_shut_down,
    .on_end = luchat_on_end,
    .disconnect = luchat_obey_disconnect,
    .unsubscribe = luchat_obey_unsubscribe,
    .refresh = luchat_obey_refresh,
    .encode_publication = encode_publication,
    .encode_presence = encode_presence,
    .encode_user_count = encode_user_count,
    .encode_members = luchat_encode_users,
};
