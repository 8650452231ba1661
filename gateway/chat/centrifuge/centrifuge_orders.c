/*
 * centrifuge_orders - what the server API does to connections of the Centrifuge dialect.
 *
 * Orders come from whatever node the API was called on; see control.h.
 */
#include "auth.h"
#include "batch.h"
#include "centrifuge_codec.h"
#include "centrifuge_session.h"
#include "channel.h"
#include "session.h"

void centrifuge_obey_disconnect(struct session *session, int code, const char *reason)
{
    centrifuge_close(session, (enum centrifuge_disconnect)code, reason);
}

void centrifuge_obey_unsubscribe(struct subscription *subscription)
{
    centrifuge_end_subscription(subscription, CENTRIFUGE_SERVER_UNSUBSCRIBE,
                                "server unsubscribe");
}

/* One that is not connected yet has no name, and nothing to subscribe. */
void centrifuge_obey_subscribe(struct session *session, const char *channel,
                               const struct broker_position *position)
{
    const struct centrifuge_session *state = session_state(session);
    if (state->is_connected)
        centrifuge_subscribe_for(session, channel, position);
}

void centrifuge_obey_refresh(struct session *session, bool is_expired, int64_t expires_at_s)
{
    struct centrifuge_session *state = session_state(session);
    if (!state->is_connected)
        return;
    if (is_expired) {
        centrifuge_close(session, CENTRIFUGE_CONNECTION_EXPIRED, "connection expired");
        return;
    }
    state->expires_at_s = expires_at_s;
    centrifuge_schedule(session);
    struct batch *batch = session_batch(session);
    centrifuge_encode_refresh(batch, expires_at_s == 0 ? 0 : auth_ttl_s(expires_at_s));
    session_send(session, batch);
    batch_unref(batch);
}
