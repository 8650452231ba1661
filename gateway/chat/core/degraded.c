/*
 * degraded - what becomes of clients while the store cannot be reached; see degraded.h.
 *
 * The state changes when the broker has been of another opinion for a moment, so that a link
 * that is made anew is no news. All sessions are told in slices; a change in between begins a
 * new walk.
 */
#include "degraded.h"

#include "broker.h"
#include "clock.h"
#include "dialect.h"
#include "hub.h"
#include "id_table.h"
#include "log.h"
#include "session.h"

enum {
    DEGRADED_AFTER_MS = 1000,
    RESTORED_AFTER_MS = 300,
    TOLD_PER_TICK = 2000, /* a second of a node with 20,000 connections */
};

bool degraded_is_on(const struct hub *hub)
{
    const char *reason;
    return hub->is_degraded && !broker_is_ready(hub->broker, &reason);
}

static void change_state(struct hub *hub, bool is_degraded, const char *reason)
{
    hub->is_degraded = is_degraded;
    hub->is_telling_state = true;
    hub->state_cursor = 0;
    if (is_degraded)
        log_event(degraded, kv_str("err", reason));
    else
        log_event(restored, kv_int("connections", (int64_t)id_table_count(hub->sessions)));
}

static void look_at_broker(struct hub *hub)
{
    const char *reason = "";
    int64_t now_ms = clock_now_ms();
    bool is_ready = broker_is_ready(hub->broker, &reason);
    if (is_ready != hub->is_degraded) { /* as it is known already */
        hub->state_differs_ms = 0;
        return;
    }
    if (hub->state_differs_ms == 0)
        hub->state_differs_ms = now_ms;
    if (now_ms - hub->state_differs_ms >= (is_ready ? RESTORED_AFTER_MS : DEGRADED_AFTER_MS))
        change_state(hub, !is_ready, reason);
}

static void tell_some(struct hub *hub)
{
    struct session *session = NULL;
    for (size_t told = 0; told < TOLD_PER_TICK; told++) {
        session = id_table_next(hub->sessions, &hub->state_cursor);
        if (!session)
            break;
        if (session_is_open(session) && session_dialect(session)->tell_state)
            session_dialect(session)->tell_state(session, hub->is_degraded);
    }
    hub->is_telling_state = session != NULL;
}

void degraded_tick(struct hub *hub)
{
    look_at_broker(hub);
    if (hub->is_telling_state)
        tell_some(hub);
}
