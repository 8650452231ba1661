/*
 * chat - the door of the chat layer; see chat.h.
 *
 * Translates what the transport and the broker say into calls on sessions and channels.
 */
#include "chat.h"

#include "batch.h"
#include "broker.h"
#include "channel.h"
#include "clock.h"
#include "control.h"
#include "degraded.h"
#include "dialect.h"
#include "hub.h"
#include "id_table.h"
#include "intake.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "name_cache.h"
#include "presence.h"
#include "random.h"
#include "session.h"
#include "text_map.h"
#include "wheel.h"

#include <assert.h>
#include <stdlib.h>

enum {
    DRAIN_SLICES = 25, /* a wheel tick each: 2.5 s with ticks of 100 ms */
    DRAIN_SLICE_MIN = 50,
};

/* --------------------------------------------------------------- what the broker says */

static void on_subscribed(void *context, const char *name)
{
    struct channel *channel = channel_find(context, name);
    if (channel)
        channel_on_subscribed(channel);
}

static void on_publication(void *context, const char *name, const char *epoch,
                           struct publication *publication)
{
    struct channel *channel = channel_find(context, name);
    if (channel)
        channel_on_publication(channel, epoch, publication);
}

static void on_presence(void *context, const char *name, const struct broker_presence *change)
{
    struct channel *channel = channel_find(context, name);
    if (channel)
        presence_on_change(channel, change);
}

static void on_history_removed(void *context, const char *name)
{
    struct channel *channel = channel_find(context, name);
    if (channel)
        channel_forget_log(channel);
}

static void on_members_lost(void *context)
{
    presence_rejoin_all(context);
}

static void on_control(void *context, const char *bytes, size_t length)
{
    control_on_message(context, bytes, length);
}

static void on_name_taken(void *context)
{
    struct hub *hub = context;
    hub->options->on_name_taken(hub->options->context);
}

static struct hub *create_hub(struct loop *loop, struct broker *broker,
                              const struct chat_options *options)
{
    struct hub *hub = mem_zalloc(sizeof(*hub));
    hub->options = options;
    hub->loop = loop;
    hub->broker = broker;
    hub->started_ms = clock_wall_ms();
    hub->wheel = wheel_create(clock_now_ms(), CHAT_TICK_MS, session_on_due);
    hub->sessions = id_table_create();
    hub->channel_ids = id_table_create();
    hub->channels = text_map_create();
    hub->users = text_map_create();
    hub->intake = intake_create();
    hub->reply_usual = options->limits.reply_bytes / 2;
    hub->touched_channels = name_cache_create();
    hub->instance = random_number();
    return hub;
}

struct hub *chat_create(struct loop *loop, struct broker *broker,
                        const struct chat_options *options)
{
    struct hub *hub = create_hub(loop, broker, options);
    broker_set_events(broker, &(struct broker_events){
                                  .context = hub,
                                  .on_subscribed = on_subscribed,
                                  .on_publication = on_publication,
                                  .on_presence = on_presence,
                                  .on_history_removed = on_history_removed,
                                  .on_members_lost = on_members_lost,
                                  .on_control = on_control,
                                  .on_name_taken = on_name_taken,
                              });
    return hub;
}

void chat_destroy(struct hub *hub)
{
    if (!hub)
        return;
    channel_destroy_all(hub);
    for (size_t i = 0; i < hub->format_count; i++)
        batch_unref(hub->formats[i].heartbeat);
    id_table_destroy(hub->sessions);
    id_table_destroy(hub->channel_ids);
    text_map_destroy(hub->channels);
    text_map_destroy(hub->users);
    wheel_destroy(hub->wheel);
    free(hub->closed);
    intake_destroy(hub->intake);
    name_cache_destroy(hub->touched_channels);
    free(hub);
}

/* ------------------------------------------------------------ what the transport says */

/* An SDK's channels come later, each by a line of its own. */
static void note_opened(const struct session *session, const char *channel)
{
    char client[CLIENT_BYTES];
    if (!log_is_on(LOG_DEBUG))
        return;
    session_print_client(session, client);
    log_event(session_opened, kv_int("connection", session_connection(session)),
              kv_int("session", (int64_t)session_id(session)), kv_str("client", client),
              kv_str("dialect", session_dialect(session)->name), kv_str("channel", channel));
}

struct session *chat_open(struct hub *hub, void *conn, const struct transport *transport,
                          const struct dialect *dialect, const struct chat_request *request)
{
    struct session *session =
        session_create(hub, conn, hub_wire_format(hub, dialect, transport));
    session_set_connection(session, request->connection);
    note_opened(session, request->channel);
    dialect->on_open(session, request);
    return session;
}

bool chat_takes_binary(const struct session *session)
{
    (void)session;
    return false; /* no dialect does yet */
}

void chat_message(struct session *session, enum message_kind kind, const char *bytes,
                  size_t length)
{
    assert(kind == MESSAGE_TEXT);
    (void)kind;
    if (!session_is_open(session))
        return;
    metrics.messages_received_total++;
    intake_take(session, bytes, length);
}

void chat_heard(struct session *session)
{
    session_heard(session);
}

void chat_refuse(struct session *session, int close_code, const char *reason)
{
    session_close(session, (enum close_code)close_code, reason);
}

void chat_writable(struct session *session)
{
    session_flush(session);
}

void chat_closed(struct session *session)
{
    session_destroy(session);
}

/* --------------------------------------------------------------------- the turn, the end */

static void drain_some(struct hub *hub)
{
    size_t left = hub->drain_slice;
    size_t cursor = 0;
    struct session *session;
    while (left > 0 && (session = id_table_next(hub->sessions, &cursor))) {
        if (!session_is_open(session))
            continue;
        session_dialect(session)->shut_down(session);
        left--;
    }
}

void chat_turn(struct hub *hub)
{
    session_leave_closed(hub);
    intake_turn(hub);
    channel_turn(hub);
}

int64_t chat_wait_ms(const struct hub *hub)
{
    if (intake_is_waiting(hub) || hub->closed_count > 0)
        return 0;
    return channel_wait_ms(hub);
}

void chat_tick(struct hub *hub)
{
    wheel_advance(hub->wheel, clock_now_ms());
    intake_tick(hub);
    channel_check_unsettled(hub);
    presence_tick(hub);
    presence_join_wanted(hub);
    presence_check_some(hub);
    channel_history_tick(hub);
    if (hub->is_draining)
        drain_some(hub);
    else
        degraded_tick(hub);
}

void chat_drain(struct hub *hub)
{
    size_t sessions = id_table_count(hub->sessions);
    hub->is_draining = true;
    hub->drain_slice = sessions / DRAIN_SLICES + DRAIN_SLICE_MIN;
    log_event(draining, kv_int("sessions", (int64_t)sessions));
    drain_some(hub);
}

bool chat_is_drained(const struct hub *hub)
{
    return id_table_count(hub->sessions) == 0;
}
