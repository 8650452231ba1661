/*
 * dialect_luchat - the wire format of LuChat: one connection, one channel.
 *
 * A connection is subscribed to the channel named in its handshake. Text ping is answered by
 * pong; {"message"} goes to all as it came; {"online"} gives the connection an identity and
 * makes it present. Anything else is an error to the sender alone.
 */
#include "auth.h"
#include "batch.h"
#include "broker.h"
#include "channel.h"
#include "chat.h"
#include "clock.h"
#include "dialect.h"
#include "hub.h"
#include "luchat_codec.h"
#include "luchat_hello.h"
#include "mem.h"
#include "metrics.h"
#include "once_key.h"
#include "presence.h"
#include "publisher.h"
#include "quota.h"
#include "rights.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

/* What a session of this dialect keeps; nothing where no tokens are checked and no hello is
 * asked for. */
struct luchat_session {
    char *channel;        /* to be entered, or entered */
    char *user;           /* the token's; NULL: the client says itself who it is */
    int64_t expires_at_s; /* the token; wall time; 0: never */
    bool is_for_channel;  /* the token names the channel */
    bool is_welcome;      /* has shown a token, or needs none */
    bool wants_hello;
};

/* Of whoever keeps nothing: most of them, so it is worth the memory. */
static const struct luchat_session nobody = {.is_welcome = true};

static const struct luchat_session *state_of(const struct session *session)
{
    const struct luchat_session *state = session_state(session);
    return state ? state : &nobody;
}

static void send_error(struct session *session, enum luchat_error code, const char *message)
{
    struct batch *batch = batch_create();
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

/* ----------------------------------------------------------------------- coming in, going */

/* idle_ms: when to look whether it is silent. */
static int64_t next_due_ms(struct session *session, int64_t idle_ms)
{
    const struct luchat_session *state = state_of(session);
    int64_t over_ms = auth_over_ms(session_hub(session), state->expires_at_s);
    return idle_ms < over_ms ? idle_ms : over_ms;
}

static void schedule(struct session *session)
{
    int64_t idle_ms = clock_now_ms() + session_hub(session)->options->idle_timeout_ms;
    session_set_due(session, next_due_ms(session, idle_ms));
}

/* What a client says before its channel is open would come back to it only as far as the
 * history reaches: so it is not heard before. */
static void enter(struct session *session, const char *channel)
{
    const struct luchat_session *state = state_of(session);
    enum rights_verdict verdict =
        rights_check_subscribe(session, channel, state->is_for_channel);
    if (verdict != RIGHTS_GRANTED) {
        session_close(session, CLOSE_POLICY,
                      verdict == RIGHTS_NO_CHANNEL ? "unknown channel"
                                                   : "not allowed in this channel");
        return;
    }
    struct subscription *subscription =
        channel_subscribe(session_hub(session), session, channel);
    subscription->is_by_token = state->is_for_channel;
    if (!channel_is_live(subscription->channel))
        session_pause(session, PAUSE_FOR_CHANNEL);
    schedule(session);
}

/* From then on the user is the token's, whatever the client says. */
static void welcome(struct session *session, const struct token *token)
{
    struct luchat_session *state = session_state(session);
    if (!hub_has_room_for_user(session_hub(session), token->user)) {
        session_close(session, CLOSE_POLICY, "too many connections of this user");
        return;
    }
    state->user = mem_strdup(token->user);
    state->is_welcome = true;
    state->is_for_channel = token_names(token, state->channel);
    session_set_authenticated(session);
    session_set_identity(session, token->user, "null"); /* so that orders find it */
    enter(session, state->channel);
}

/* For a user, the same one as before, and where it is for one connection or one channel, for
 * this one; who came in by a token that names the channel stays by such a one. */
static bool is_usable(struct session *session, const struct token *token)
{
    const struct luchat_session *state = session_state(session);
    return token->user[0] && (!state->user || strcmp(token->user, state->user) == 0) &&
           auth_is_for_connection(session, token) &&
           (!token->channel || strcmp(token->channel, state->channel) == 0) &&
           (!state->is_for_channel || token_names(token, state->channel));
}

/* The first one lets it in, a later one lets it stay. */
static void show_token(struct session *session, const char *text)
{
    struct luchat_session *state = session_state(session);
    struct token token;
    enum token_result result = auth_check(session_hub(session), text, &token);
    if (result == TOKEN_OK && is_usable(session, &token)) {
        state->expires_at_s = token.expires_at_s;
        if (state->is_welcome)
            schedule(session);
        else
            welcome(session, &token);
    } else {
        session_close(session, CLOSE_POLICY,
                      result == TOKEN_EXPIRED ? "token expired" : "invalid token");
    }
    token_finish(&token);
}

static struct luchat_session *keep_state(struct session *session, const char *channel,
                                         bool is_welcome)
{
    struct luchat_session *state = mem_zalloc(sizeof(*state));
    state->channel = mem_strdup(channel);
    state->is_welcome = is_welcome;
    session_set_state(session, state);
    return state;
}

/* Without a token. */
static void let_in(struct session *session, const char *channel)
{
    struct luchat_session *state = session_state(session);
    if (state)
        state->is_welcome = true;
    enter(session, channel);
}

static void luchat_on_open(struct session *session, const struct chat_request *request)
{
    const struct chat_options *options = session_hub(session)->options;
    bool are_tokens_checked = options->token_keys != NULL;
    if (are_tokens_checked || request->wants_hello)
        keep_state(session, request->channel, /* is_welcome= */ false)->wants_hello =
            request->wants_hello;
    bool has_token = are_tokens_checked && request->token;
    if (has_token && request->token[0])
        show_token(session, request->token);
    else if (has_token || auth_is_required(session_hub(session)))
        session_set_due(session, clock_now_ms() + options->connect_timeout_ms);
    else
        let_in(session, request->channel);
}

static int64_t luchat_on_due(struct session *session)
{
    const struct luchat_session *state = state_of(session);
    if (!state->is_welcome)
        session_close(session, CLOSE_POLICY, "a token is required");
    else if (auth_is_over(session_hub(session), state->expires_at_s))
        session_close(session, CLOSE_POLICY, "token expired");
    else
        return next_due_ms(session, session_check_idle(session));
    return 0;
}

static void luchat_shut_down(struct session *session)
{
    session_close(session, CLOSE_GOING_AWAY, "going away");
}

static void luchat_on_end(struct session *session)
{
    struct luchat_session *state = session_state(session);
    if (!state)
        return;
    free(state->channel);
    free(state->user);
    free(state);
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
    return channel_name((*session_subscriptions(session))->channel);
}

static void publish(struct session *session, struct slice payload)
{
    struct hub *hub = session_hub(session);
    struct broker_message message = {.payload = payload};
    struct broker_waiter waiter = {on_published, hub, session_id(session)};
    struct once_key once = {.name = NULL};
    char *info = state_of(session)->user ? publisher_print(session) : NULL;
    quota_begin(session);
    if (info)
        message.info = slice_of(info);
    if (state_of(session)->wants_hello && luchat_read_key(payload, &once)) {
        message.key = once.name;
        message.digest = once.digest;
        luchat_hello_publish(session, own_channel(session), &message, waiter);
    } else {
        broker_publish(hub->broker, own_channel(session), &message, waiter);
    }
    once_key_finish(&once);
    free(info);
}

static void send_pong(struct session *session)
{
    static struct batch *pong; /* made once, for all */
    if (!pong) {
        pong = batch_create();
        luchat_encode_pong(pong);
    }
    session_send(session, pong);
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
    if (is_same && subscription->presence != PRESENCE_ABSENT)
        return; /* on its way already */
    if (user && !quota_take(session, QUOTA_NAMES)) {
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
    const struct luchat_session *state = state_of(session);
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
        show_token(session, command->info);
    else if (command->kind == LUCHAT_PING)
        send_pong(session);
    else
        session_close(session, CLOSE_POLICY, "a token is required");
}

static void renew(struct session *session, const char *text)
{
    const struct luchat_session *state = state_of(session);
    if (state->user)
        show_token(session, text);
    else
        send_error(session, LUCHAT_BAD_REQUEST, "no token is needed");
}

static void hear(struct session *session, const struct luchat_command *command,
                 const char *bytes, size_t length)
{
    switch (command->kind) {
    case LUCHAT_PING:
        send_pong(session);
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
    const struct luchat_session *state = state_of(session);
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
        may_read ? channel_history(subscription->channel, session_dialect(session)) : NULL;
    const struct luchat_session *state = state_of(session);
    session_resume(session, PAUSE_FOR_CHANNEL);
    if (state->wants_hello)
        luchat_hello_send(subscription, state->user, history);
    presence_on_admitted(subscription);
    if (history)
        session_send(session, history);
}

static void luchat_on_not_opened(struct subscription *subscription)
{
    session_close(subscription->session, CLOSE_TRY_AGAIN_LATER, "channel cannot be opened now");
}

static void luchat_on_gap(struct subscription *subscription)
{
    (void)subscription; /* its frames have no offsets: it goes on with what there is */
}

static void luchat_on_joined(struct subscription *subscription,
                             const struct broker_reply *reply)
{
    if (reply->status == BROKER_OK)
        send_list(subscription);
    else
        send_error(subscription->session, LUCHAT_TRY_AGAIN, explain_status(reply->status));
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

/* ------------------------------------------------------------ what the server API orders */

/* Close codes from 3000 on are the other dialect's: its pages would not know them. */
static void luchat_disconnect(struct session *session, int code, const char *reason)
{
    (void)code;
    session_close(session, CLOSE_POLICY, reason);
}

static struct luchat_session *ensure_state(struct session *session)
{
    if (!session_state(session))
        keep_state(session, own_channel(session), /* is_welcome= */ true);
    return session_state(session);
}

static void luchat_refresh(struct session *session, bool is_expired, int64_t expires_at_s)
{
    if (is_expired) {
        session_close(session, CLOSE_POLICY, "token expired");
    } else if (state_of(session)->is_welcome) {
        ensure_state(session)->expires_at_s = expires_at_s;
        schedule(session);
    }
}

/* A connection without its channel would be of no use. */
static void luchat_unsubscribe(struct subscription *subscription)
{
    session_close(subscription->session, CLOSE_POLICY, "unsubscribed");
}

const struct dialect dialect_luchat = {
    .number = DIALECT_LUCHAT,
    .name = "luchat",
    .on_open = luchat_on_open,
    .on_text = luchat_on_text,
    .on_admitted = luchat_on_admitted,
    .on_not_opened = luchat_on_not_opened,
    .on_gap = luchat_on_gap,
    .on_joined = luchat_on_joined,
    .on_due = luchat_on_due,
    .shut_down = luchat_shut_down,
    .on_end = luchat_on_end,
    .disconnect = luchat_disconnect,
    .unsubscribe = luchat_unsubscribe,
    .refresh = luchat_refresh,
    .encode_publication = encode_publication,
    .encode_presence = encode_presence,
    .encode_user_count = encode_user_count,
    .encode_members = luchat_encode_users,
};
