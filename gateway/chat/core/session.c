/*
 * session - one client connection, as the chat sees it; see session.h.
 */
#include "session.h"

#include "batch.h"
#include "channel.h"
#include "client_info.h"
#include "clock.h"
#include "dialect.h"
#include "hub.h"
#include "id_table.h"
#include "json_out.h"
#include "limit.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "quota.h"
#include "sendq.h"
#include "wheel.h"
#include "wire_format.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLOSE_TIMEOUT_MS = 5000, /* for a connection to take its close frame */
    SHED_MAX = 8,            /* are closed at once because all of them wait for too much */
};

enum session_state {
    SESSION_OPEN,    /* takes messages, and is subscribed to what it asked for */
    SESSION_CLOSING, /* leaves its channels, or has left; the connection is on its way out */
};

struct session {
    struct hub *hub;
    void *conn;
    const struct wire_format *format;
    uint64_t id;
    int64_t connection;
    struct sendq *queue; /* NULL: the connection keeps up */
    struct subscription *subscriptions;
    int64_t heard_ms;
    struct wheel_timer timer;
    enum session_state state;
    uint8_t pause_reasons; /* of enum pause_reason */
    bool is_authenticated;
    char *user;
    char *info;
    void *dialect_state;
    struct usage *usage; /* NULL: it has taken nothing lately */
};

struct session *session_create(struct hub *hub, void *conn, const struct wire_format *format)
{
    assert(format);
    struct session *session = mem_zalloc(sizeof(*session));
    session->hub = hub;
    session->conn = conn;
    session->format = format;
    session->id = id_table_add(hub->sessions, session);
    session_heard(session);
    wheel_set(hub->wheel, &session->timer, session->heard_ms + hub->options->idle_timeout_ms);
    metrics.connections++;
    metrics.connections_opened_total++;
    return session;
}

static void leave_all(struct session *session)
{
    while (session->subscriptions)
        channel_unsubscribe(session->subscriptions);
}

static void drop_queue(struct session *session)
{
    sendq_destroy(session->queue);
    session->queue = NULL;
}

void session_destroy(struct session *session)
{
    leave_all(session);
    drop_queue(session);
    log_event(session_closed, kv_int("connection", session->connection));
    if (session->format->dialect->on_end)
        session->format->dialect->on_end(session);
    wheel_cancel(&session->timer);
    id_table_remove(session->hub->sessions, session->id);
    metrics.connections--;
    if (session->user)
        hub_user_went(session->hub, session->user);
    quota_destroy(session->usage);
    free(session->user);
    free(session->info);
    free(session);
}

struct session *session_find(const struct hub *hub, uint64_t id)
{
    struct session *session = id_table_find(hub->sessions, id);
    return session && session->state == SESSION_OPEN ? session : NULL;
}

struct hub *session_hub(const struct session *session)
{
    return session->hub;
}

uint64_t session_id(const struct session *session)
{
    return session->id;
}

int64_t session_connection(const struct session *session)
{
    return session->connection;
}

void session_set_connection(struct session *session, int64_t number)
{
    session->connection = number;
}

const struct dialect *session_dialect(const struct session *session)
{
    return session->format->dialect;
}

const struct wire_format *session_format(const struct session *session)
{
    return session->format;
}

bool session_is_open(const struct session *session)
{
    return session->state == SESSION_OPEN;
}

struct subscription **session_subscriptions(struct session *session)
{
    return &session->subscriptions;
}

struct usage **session_usage(struct session *session)
{
    return &session->usage;
}

const char *session_user(const struct session *session)
{
    return session->user;
}

const char *session_info(const struct session *session)
{
    return session->info;
}

void session_set_identity(struct session *session, const char *user, const char *info)
{
    assert(user && info);
    hub_user_came(session->hub, user);
    if (session->user)
        hub_user_went(session->hub, session->user);
    free(session->user);
    free(session->info);
    session->user = mem_strdup(user);
    session->info = mem_strdup(info);
}

bool session_is_authenticated(const struct session *session)
{
    return session->is_authenticated;
}

void session_set_authenticated(struct session *session)
{
    session->is_authenticated = true;
}

/* Only dialects with one channel let a connection change its user. */
void session_print_client(const struct session *session, char *out)
{
    const struct subscription *subscription = session->subscriptions;
    hub_print_client(session->hub, session->id, out);
    if (subscription && subscription->identity > 0)
        (void)snprintf(out + strlen(out), CLIENT_BYTES - strlen(out), ".%u",
                       subscription->identity);
}

char *session_print_info(const struct session *session)
{
    char client[CLIENT_BYTES];
    session_print_client(session, client);
    return client_info_print(client, session->user, session->info);
}

void *session_state(const struct session *session)
{
    return session->dialect_state;
}

void session_set_state(struct session *session, void *state)
{
    session->dialect_state = state;
}

void session_set_due(struct session *session, int64_t due_ms)
{
    wheel_set(session->hub->wheel, &session->timer, due_ms);
}

static void count_sent(const struct batch *batch)
{
    metrics.writes_total++;
    metrics.deliveries_total += batch_message_count(batch);
}

static void close_slow(struct session *session, enum limit limit)
{
    metrics.slow_consumers_total++;
    limit_hit(limit);
    log_event(slow_consumer, kv_int("connection", session->connection),
              kv_int("session", (int64_t)session->id),
              kv_int("behind_bytes", (int64_t)sendq_bytes(session->queue)));
    session_close(session, CLOSE_TRY_AGAIN_LATER, "too far behind");
}

/* All together wait for too much: who is furthest behind goes, be it who was sent to last or
 * somebody else. What is shared by others stays, so there is an end to it for this time. */
static void shed_slowest(struct hub *hub)
{
    for (int i = 0; i < SHED_MAX; i++) {
        struct sendq *longest = sendq_longest(&hub->behind);
        if (!longest || metrics.backlog_bytes <= (int64_t)hub->options->backlog_bytes)
            return;
        close_slow(sendq_owner(longest), LIMIT_backlog_bytes);
    }
}

/* A burst makes everybody late: who has only just fallen behind may be further behind than who
 * stays so. */
static size_t backlog_limit(const struct session *session)
{
    size_t limit = session->hub->options->max_backlog_bytes;
    bool is_burst = clock_now_ms() - sendq_created_ms(session->queue) < SESSION_BURST_MS;
    return is_burst ? SESSION_BURST_TIMES * limit : limit;
}

/* taken: so much of it is gone already. */
static void enqueue(struct session *session, struct batch *batch, size_t taken)
{
    struct hub *hub = session->hub;
    int64_t before = metrics.backlog_bytes;
    if (!session->queue)
        session->queue = sendq_create(&hub->behind, session);
    metrics.writes_deferred_total++;
    if (!sendq_push(session->queue, batch, taken, backlog_limit(session)))
        close_slow(session, LIMIT_max_backlog_bytes);
    else if (metrics.backlog_bytes > before)
        shed_slowest(hub);
}

struct batch *session_batch(const struct session *session)
{
    return wire_format_batch(session->format);
}

void session_send(struct session *session, struct batch *batch)
{
    const struct transport *transport = session->format->transport;
    size_t length = batch_length(batch);
    size_t taken = 0;
    if (session->state != SESSION_OPEN)
        return;
    if (!session->queue && !transport->write(session->conn, batch_bytes(batch), length, &taken))
        return; /* it is broken */
    if (taken == length)
        count_sent(batch);
    else
        enqueue(session, batch, taken);
}

void session_send_heartbeat(struct session *session, void (*encode)(struct batch *batch))
{
    session_send(session, hub_heartbeat(session->hub, session->format, encode));
}

void session_prefetch(const struct session *session)
{
    __builtin_prefetch(session);
    __builtin_prefetch((const char *)session + 64);
}

/* False: the connection takes no more now. */
static bool send_first(struct session *session)
{
    const struct transport *transport = session->format->transport;
    size_t taken = 0;
    size_t length;
    const unsigned char *bytes = sendq_rest(session->queue, &length);
    if (!transport->write(session->conn, bytes, length, &taken))
        return false;
    if (taken == length)
        count_sent(sendq_first(session->queue));
    if (taken > 0)
        session_heard(session); /* it reads, slowly */
    sendq_take(session->queue, taken);
    return taken == length;
}

void session_flush(struct session *session)
{
    while (session->queue && send_first(session)) {
        if (!sendq_first(session->queue))
            drop_queue(session);
    }
}

bool session_is_behind(const struct session *session)
{
    return session->queue != NULL;
}

void session_heard(struct session *session)
{
    session->heard_ms = clock_now_ms();
}

static void set_pause_reasons(struct session *session, unsigned reasons)
{
    bool was_paused = session->pause_reasons != 0;
    session->pause_reasons = (uint8_t)reasons;
    if (was_paused != (reasons != 0))
        session->format->transport->pause(session->conn, reasons != 0);
}

void session_pause(struct session *session, enum pause_reason reason)
{
    set_pause_reasons(session, session->pause_reasons | (unsigned)reason);
}

void session_resume(struct session *session, enum pause_reason reason)
{
    set_pause_reasons(session, session->pause_reasons & ~(unsigned)reason);
}

bool session_is_excused(const struct session *session)
{
    return session->pause_reasons != 0 && !session->queue;
}

void session_close(struct session *session, enum close_code code, const char *reason)
{
    if (session->state != SESSION_OPEN)
        return;
    assert(strlen(reason) <= CLOSE_REASON_BYTES_MAX);
    log_event(session_closing, kv_int("connection", session->connection), kv_int("code", code),
              kv_str("reason", reason));
    session->state = SESSION_CLOSING;
    hub_note_closed(session->hub, session->id);
    drop_queue(session);
    set_pause_reasons(session, 0); /* for its close frame */
    wheel_set(session->hub->wheel, &session->timer, clock_now_ms() + CLOSE_TIMEOUT_MS);
    session->format->transport->close(session->conn, code, reason);
}

void session_leave_closed(struct hub *hub)
{
    for (size_t i = 0; i < hub->closed_count; i++) {
        struct session *session = id_table_find(hub->sessions, hub->closed[i]);
        if (session) /* else it is gone, and has left before */
            leave_all(session);
    }
    hub->closed_count = 0;
}

int64_t session_check_idle(struct session *session)
{
    if (session_is_excused(session))
        session_heard(session);
    int64_t due_ms = session->heard_ms + session->hub->options->idle_timeout_ms;
    if (due_ms > clock_now_ms())
        return due_ms; /* heard since: wait for the rest */
    metrics.idle_closed_total++;
    session_close(session, CLOSE_GOING_AWAY, "idle timeout");
    return due_ms;
}

void session_on_due(struct wheel_timer *timer)
{
    struct session *session =
        (struct session *)((char *)timer - offsetof(struct session, timer));
    if (session->state == SESSION_CLOSING) {
        session->format->transport->kill(session->conn);
        return;
    }
    int64_t due_ms = session->format->dialect->on_due(session);
    if (session->state == SESSION_OPEN)
        session_set_due(session, due_ms);
}

static size_t count_subscriptions(const struct session *session)
{
    size_t count = 0;
    for (const struct subscription *each = session->subscriptions; each;
         each = each->next_of_session)
        count++;
    return count;
}

void session_describe(const struct session *session, struct json_out *out)
{
    int64_t now_ms = clock_now_ms();
    char client[CLIENT_BYTES];
    session_print_client(session, client);
    json_out_open_object(out);
    json_out_member_text(out, "client", client);
    json_out_member_int(out, "connection", session->connection);
    json_out_member_text(out, "user", session->user);
    json_out_member_text(out, "dialect", session->format->dialect->name);
    json_out_member_uint(out, "channels", count_subscriptions(session));
    json_out_member_uint(out, "backlog_bytes",
                         session->queue ? sendq_bytes(session->queue) : 0);
    json_out_member_int(out, "behind_ms",
                        session->queue ? now_ms - sendq_created_ms(session->queue) : 0);
    json_out_member_int(out, "silent_ms", now_ms - session->heard_ms);
    json_out_member_bool(out, "is_read", session->pause_reasons == 0);
    json_out_member_bool(out, "is_closing", session->state != SESSION_OPEN);
    json_out_close_object(out);
}
