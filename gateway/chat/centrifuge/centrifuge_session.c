/*
 * centrifuge_session - what the files of the Centrifuge dialect do to a session; see
 * centrifuge_session.h.
 *
 * The lower half of the dialect: answers, the ends of subscriptions and sessions, deadlines. It
 * calls none of the other files.
 */
#include "centrifuge_session.h"

#include "auth.h"
#include "batch.h"
#include "channel.h"
#include "hub.h"
#include "limit.h"
#include "mem.h"
#include "names.h"
#include "session.h"

#include <utlist.h>

#include <stdarg.h>
#include <stdio.h>

enum { REFUSAL_BYTES = 160 };

/* -------------------------------------------------------------------------------- answers */

void centrifuge_send_reply(struct session *session, uint32_t id, const char *method,
                           const char *result)
{
    struct batch *batch = session_batch(session);
    centrifuge_encode_reply(batch, id, method, result);
    session_send(session, batch);
    batch_unref(batch);
}

void centrifuge_send_error(struct session *session, uint32_t id, enum centrifuge_error code)
{
    struct batch *batch = session_batch(session);
    centrifuge_encode_error(batch, id, code);
    session_send(session, batch);
    batch_unref(batch);
}

void centrifuge_refuse(struct session *session, uint32_t id, const char *format, ...)
{
    char message[REFUSAL_BYTES];
    struct batch *batch = session_batch(session);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    centrifuge_encode_refusal(batch, id, message);
    session_send(session, batch);
    batch_unref(batch);
}

void centrifuge_send_verdict(struct session *session, uint32_t id, enum rights_verdict verdict)
{
    centrifuge_send_error(session, id,
                          verdict == RIGHTS_NO_CHANNEL ? CENTRIFUGE_UNKNOWN_CHANNEL
                                                       : CENTRIFUGE_PERMISSION_DENIED);
}

void centrifuge_leave(struct subscription *subscription)
{
    const struct centrifuge_request *request = subscription->request;
    struct session *session = subscription->session;
    bool is_waited_for = request && !subscription->is_server_side;
    uint32_t command_id = is_waited_for ? request->command_id : 0;
    channel_unsubscribe(subscription);
    if (is_waited_for)
        centrifuge_send_error(session, command_id, CENTRIFUGE_BAD_REQUEST);
}

void centrifuge_end_subscription(struct subscription *subscription,
                                 enum centrifuge_unsubscribe code, const char *reason)
{
    struct session *session = subscription->session;
    struct batch *batch = session_batch(session);
    centrifuge_encode_unsubscribe(batch, channel_name(subscription->channel), code, reason);
    centrifuge_leave(subscription);
    session_send(session, batch);
    batch_unref(batch);
}

void centrifuge_close(struct session *session, enum centrifuge_disconnect code,
                      const char *reason)
{
    session_close(session, (enum close_code)code, reason);
}

/* ------------------------------------------------------------------------------ deadlines */

int64_t centrifuge_heartbeat_due_ms(const struct session *session)
{
    const struct centrifuge_session *state = session_state(session);
    const struct chat_options *options = session_hub(session)->options;
    return state->pinged_ms +
           (state->is_pong_due ? options->pong_timeout_ms : options->ping_interval_ms);
}

int64_t centrifuge_due_ms(const struct session *session)
{
    const struct centrifuge_session *state = session_state(session);
    int64_t heartbeat_ms = centrifuge_heartbeat_due_ms(session);
    int64_t over_ms = auth_over_ms(session_hub(session), state->expires_at_s);
    return heartbeat_ms < over_ms ? heartbeat_ms : over_ms;
}

void centrifuge_schedule(struct session *session)
{
    session_set_due(session, centrifuge_due_ms(session));
}

/* -------------------------------------------------------------------------- subscriptions */

bool centrifuge_is_full(struct session *session)
{
    size_t limit = session_hub(session)->options->limits.channels_per_connection;
    size_t count;
    const struct subscription *subscription;
    LL_COUNT2(*session_subscriptions(session), subscription, count, next_of_session);
    if (limit == 0 || count < limit)
        return false;
    limit_hit(LIMIT_channels_per_connection);
    return true;
}

void centrifuge_subscribe_for(struct session *session, const char *channel,
                              const struct broker_position *position)
{
    if (!session_is_open(session) || !names_is_channel(channel) ||
        channel_subscription_of(session, channel) ||
        rights_check_subscribe(session, channel, /* is_by_token= */ true) != RIGHTS_GRANTED ||
        centrifuge_is_full(session))
        return;
    struct centrifuge_request *request = mem_zalloc(sizeof(*request));
    request->wants_recovery = position != NULL;
    if (position)
        request->position = *position;
    channel_subscribe(session, &(struct subscribe_request){.channel = channel,
                                                           .is_server_side = true,
                                                           .is_by_token = true,
                                                           .request = request});
}
