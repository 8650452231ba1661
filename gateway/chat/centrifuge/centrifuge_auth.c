/*
 * centrifuge_auth - the commands that carry tokens: connect, refresh, sub_refresh, and
 * subscribe where it has one.
 *
 * An expired token is told with the code that makes SDKs fetch a new one; any other fault
 * ends the connection for good. What expires is kept for a grace time, so that a refresh that
 * is a little late still finds it.
 */
#include "auth.h"
#include "centrifuge_codec.h"
#include "centrifuge_session.h"
#include "channel.h"
#include "clock.h"
#include "hub.h"
#include "json_out.h"
#include "limit.h"
#include "log.h"
#include "mem.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 0: for ever. A token that is over in less than a second has one yet. */
static int64_t ttl_of(int64_t expires_at_s)
{
    return expires_at_s == 0 ? 0 : auth_ttl_s(expires_at_s);
}

/* The reply to the command itself, refresh or sub_refresh. */
static void send_expiry(struct session *session, const struct centrifuge_command *command,
                        int64_t expires_at_s)
{
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    centrifuge_write_expiry(&out, ttl_of(expires_at_s));
    json_out_close_object(&out);
    char *reply = json_out_finish(&out);
    centrifuge_send_reply(session, command->id, command->method, reply);
    free(reply);
}

static void close_for_token(struct session *session, const struct token *token)
{
    log_event(token_refused, kv_int("session", (int64_t)session_id(session)),
              kv_str("err", token->error));
    centrifuge_close(session, CENTRIFUGE_INVALID_TOKEN, "invalid token");
}

/* ------------------------------------------------------------------------------- connect */

static void refuse_connect(struct session *session, const struct centrifuge_command *command,
                           enum centrifuge_error code)
{
    struct centrifuge_session *state = session_state(session);
    state->is_refused = true;
    centrifuge_send_error(session, command->id, code);
}

/* From where the client says it has left the channel, if it says so. */
static void subscribe_since(struct session *session, const char *channel,
                            const json_t *positions)
{
    const json_t *place = json_object_get(positions, channel);
    struct broker_position position = centrifuge_position(place);
    centrifuge_subscribe_for(session, channel, place ? &position : NULL);
}

static void subscribe_by_token(struct session *session,
                               const struct centrifuge_command *command,
                               const struct token *token)
{
    const json_t *positions = json_object_get(command->params, "subs");
    for (size_t i = 0; i < token->channel_count; i++)
        subscribe_since(session, token->channels[i], positions);
    for (size_t i = 0; i < token->sub_count; i++)
        subscribe_since(session, token->subs[i].channel, positions);
}

static void send_connected(struct session *session, const struct centrifuge_command *command,
                           int64_t expires_at_s)
{
    struct json_out out = {.bytes = NULL};
    char client[CLIENT_BYTES];
    hub_print_client(session_hub(session), session_id(session), client);
    json_out_open_object(&out);
    json_out_member_text(&out, "client", client);
    json_out_member_text(&out, "session", client);
    json_out_member_text(&out, "version", "parley " PARLEY_VERSION);
    json_out_member_int(&out, "ping", session_hub(session)->options->ping_interval_ms / 1000);
    json_out_member_bool(&out, "pong", true);
    centrifuge_write_expiry(&out, ttl_of(expires_at_s));
    json_out_close_object(&out);
    char *result = json_out_finish(&out);
    centrifuge_send_reply(session, command->id, "connect", result);
    free(result);
}

static void welcome(struct session *session, const struct centrifuge_command *command,
                    const struct token *token)
{
    struct centrifuge_session *state = session_state(session);
    session_set_identity(session, token->user, token->info ? token->info : "null");
    if (token->user[0])
        session_set_authenticated(session);
    state->is_connected = true;
    state->expires_at_s = token->expires_at_s;
    state->pinged_ms = clock_now_ms();
    centrifuge_schedule(session);
    send_connected(session, command, token->expires_at_s);
    subscribe_by_token(session, command, token);
}

/* One for a subscription is not, nor is one for another connection. */
static bool is_for_connecting(const struct session *session, const struct token *token)
{
    return !token->channel && auth_is_for_connection(session, token);
}

/* Told at once, since what is left out would be missed without a word. */
static bool names_too_many(const struct session *session, const struct token *token)
{
    size_t limit = session_hub(session)->options->limits.channels_per_connection;
    if (limit == 0 || token->channel_count + token->sub_count <= limit)
        return false;
    limit_hit(LIMIT_channels_per_connection);
    return true;
}

static void connect_by_token(struct session *session, const struct centrifuge_command *command,
                             const char *text)
{
    struct token token;
    switch (auth_check(session_hub(session), text, &token)) {
    case TOKEN_OK:
        if (!is_for_connecting(session, &token))
            centrifuge_close(session, CENTRIFUGE_INVALID_TOKEN, "a token for something else");
        else if (names_too_many(session, &token))
            refuse_connect(session, command, CENTRIFUGE_LIMIT_EXCEEDED);
        else if (!hub_has_room_for_user(session_hub(session), token.user))
            centrifuge_close(session, CENTRIFUGE_CONNECTION_LIMIT, "connection limit");
        else
            welcome(session, command, &token);
        break;
    case TOKEN_EXPIRED:
        refuse_connect(session, command, CENTRIFUGE_TOKEN_EXPIRED);
        break;
    case TOKEN_INVALID:
        close_for_token(session, &token);
        break;
    }
    token_finish(&token);
}

void centrifuge_run_connect(struct session *session, const struct centrifuge_command *command)
{
    const struct centrifuge_session *state = session_state(session);
    const char *text = centrifuge_text(command, "token");
    char nobody[] = "";
    if (state->is_connected)
        centrifuge_close(session, CENTRIFUGE_BAD_FRAME, "connected already");
    else if (text && text[0])
        connect_by_token(session, command, text);
    else if (auth_is_required(session_hub(session)))
        refuse_connect(session, command, CENTRIFUGE_UNAUTHORIZED);
    else
        welcome(session, command, &(struct token){.user = nobody});
}

/* ------------------------------------------------------------------------------- refresh */

void centrifuge_run_refresh(struct session *session, const struct centrifuge_command *command)
{
    struct centrifuge_session *state = session_state(session);
    const char *text = centrifuge_text(command, "token");
    struct token token;
    enum token_result result = auth_check(session_hub(session), text ? text : "", &token);
    if (result == TOKEN_EXPIRED) {
        centrifuge_close(session, CENTRIFUGE_CONNECTION_EXPIRED, "token expired");
    } else if (result == TOKEN_OK && !is_for_connecting(session, &token)) {
        centrifuge_close(session, CENTRIFUGE_INVALID_TOKEN, "a token for something else");
    } else if (result != TOKEN_OK || strcmp(token.user, session_user(session)) != 0) {
        close_for_token(session, &token);
    } else {
        state->expires_at_s = token.expires_at_s;
        centrifuge_schedule(session);
        send_expiry(session, command, token.expires_at_s);
    }
    token_finish(&token);
}

/* ------------------------------------------------------------------- subscription tokens */

/* For this user, this channel and, where it names one, this connection. */
static bool is_for(struct session *session, const struct token *token, const char *channel)
{
    return strcmp(token->user, session_user(session)) == 0 && token->channel &&
           strcmp(token->channel, channel) == 0 && auth_is_for_connection(session, token);
}

static bool check_sub_token(struct session *session, const struct centrifuge_command *command,
                            const char *channel, const char *text,
                            struct centrifuge_admission *admission)
{
    struct token token;
    enum token_result result = auth_check(session_hub(session), text, &token);
    bool is_good = result == TOKEN_OK && is_for(session, &token, channel);
    if (is_good)
        admission->expires_at_s = token.expires_at_s;
    else
        centrifuge_send_error(session, command->id,
                              result == TOKEN_EXPIRED ? CENTRIFUGE_TOKEN_EXPIRED
                                                      : CENTRIFUGE_PERMISSION_DENIED);
    token_finish(&token);
    return is_good;
}

bool centrifuge_check_subscribe(struct session *session,
                                const struct centrifuge_command *command, const char *channel,
                                struct centrifuge_admission *ret_admission)
{
    const char *text = centrifuge_text(command, "token");
    bool has_token = text && text[0];
    enum rights_verdict verdict = rights_check_subscribe(session, channel, has_token);
    *ret_admission = (struct centrifuge_admission){.is_by_token = has_token};
    if (verdict != RIGHTS_GRANTED) {
        centrifuge_send_verdict(session, command->id, verdict);
        return false;
    }
    return !has_token || check_sub_token(session, command, channel, text, ret_admission);
}

void centrifuge_run_sub_refresh(struct session *session,
                                const struct centrifuge_command *command)
{
    const char *channel = centrifuge_text(command, "channel");
    const char *text = centrifuge_text(command, "token");
    struct subscription *subscription =
        channel ? channel_subscription_of(session, channel) : NULL;
    struct token token;
    if (!subscription) {
        centrifuge_send_error(session, command->id, CENTRIFUGE_PERMISSION_DENIED);
        return;
    }
    enum token_result result = auth_check(session_hub(session), text ? text : "", &token);
    if (result == TOKEN_EXPIRED) {
        /* an error would end the subscription for good; this makes SDKs fetch a new token */
        centrifuge_end_subscription(subscription, CENTRIFUGE_SUBSCRIPTION_EXPIRED,
                                    "subscription expired");
    } else if (result == TOKEN_OK && is_for(session, &token, channel)) {
        subscription->expires_at_s = token.expires_at_s;
        send_expiry(session, command, token.expires_at_s);
    } else {
        close_for_token(session, &token);
    }
    token_finish(&token);
}
