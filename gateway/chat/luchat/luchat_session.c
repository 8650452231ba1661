/*
 * luchat_session - a LuChat connection from its handshake to its end; see luchat_session.h.
 */
#include "luchat_session.h"

#include "auth.h"
#include "channel.h"
#include "chat.h"
#include "clock.h"
#include "hub.h"
#include "mem.h"
#include "rights.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

/* Of whoever keeps nothing: most of them, so it is worth the memory. */
static const struct luchat_session nobody = {.is_welcome = true};

const struct luchat_session *luchat_state(const struct session *session)
{
    struct luchat_session *state = session_state(session);
    return state ? state : &nobody;
}

void luchat_set_missed(struct session *session, bool has_missed)
{
    struct luchat_session *state = session_state(session);
    if (state)
        state->has_missed = has_missed;
}

/* idle_ms: when to look whether it is silent. */
static int64_t next_due_ms(struct session *session, int64_t idle_ms)
{
    const struct luchat_session *state = luchat_state(session);
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
    const struct luchat_session *state = luchat_state(session);
    enum rights_verdict verdict =
        rights_check_subscribe(session, channel, state->is_for_channel);
    if (verdict != RIGHTS_GRANTED) {
        session_close(session, CLOSE_POLICY,
                      verdict == RIGHTS_NO_CHANNEL ? "unknown channel"
                                                   : "not allowed in this channel");
        return;
    }
    (void)channel_subscribe(session, &(struct subscribe_request){
                                         .channel = channel,
                                         .is_by_token = state->is_for_channel,
                                     });
    session_pause(session, PAUSE_FOR_CHANNEL); /* else it could miss what it says itself */
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

void luchat_show_token(struct session *session, const char *text)
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

void luchat_on_open(struct session *session, const struct chat_request *request)
{
    const struct chat_options *options = session_hub(session)->options;
    bool are_tokens_checked = options->token_keys != NULL;
    if (are_tokens_checked || request->wants_hello)
        keep_state(session, request->channel, /* is_welcome= */ false)->wants_hello =
            request->wants_hello;
    bool has_token = are_tokens_checked && request->token;
    if (has_token && request->token[0])
        luchat_show_token(session, request->token);
    else if (has_token || auth_is_required(session_hub(session)))
        session_set_due(session, clock_now_ms() + options->connect_timeout_ms);
    else
        let_in(session, request->channel);
}

int64_t luchat_on_due(struct session *session)
{
    const struct luchat_session *state = luchat_state(session);
    if (!state->is_welcome)
        session_close(session, CLOSE_POLICY, "a token is required");
    else if (auth_is_over(session_hub(session), state->expires_at_s))
        session_close(session, CLOSE_POLICY, "token expired");
    else
        return next_due_ms(session, session_check_idle(session));
    return 0;
}

void luchat_shut_down(struct session *session)
{
    session_close(session, CLOSE_GOING_AWAY, "going away");
}

void luchat_on_end(struct session *session)
{
    struct luchat_session *state = session_state(session);
    if (!state)
        return;
    free(state->channel);
    free(state->user);
    free(state);
}

/* ------------------------------------------------------------ what the server API orders */

/* Close codes from 3000 on are the other dialect's: its pages would not know them. */
void luchat_obey_disconnect(struct session *session, int code, const char *reason)
{
    (void)code;
    session_close(session, CLOSE_POLICY, reason);
}

static struct luchat_session *ensure_state(struct session *session)
{
    if (!session_state(session))
        keep_state(session, channel_name((*session_subscriptions(session))->channel),
                   /* is_welcome= */ true);
    return session_state(session);
}

void luchat_obey_refresh(struct session *session, bool is_expired, int64_t expires_at_s)
{
    if (is_expired) {
        session_close(session, CLOSE_POLICY, "token expired");
    } else if (luchat_state(session)->is_welcome) {
        ensure_state(session)->expires_at_s = expires_at_s;
        schedule(session);
    }
}

/* A connection without its channel would be of no use. */
void luchat_obey_unsubscribe(struct subscription *subscription)
{
    session_close(subscription->session, CLOSE_POLICY, "unsubscribed");
}
