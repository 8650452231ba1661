/*
 * http_conn_pace - who is too slow, and is ended; see http_conn.h.
 *
 * Octets are counted for a while and then judged: of a body, those that came; of an answer,
 * those that have arrived, not those that the system has taken, which may be many.
 */
#include "http_conn_parts.h"
#include "http_io.h"
#include "http_response.h"
#include "limit.h"

/* What the other side has taken or given since it was last asked. */
static size_t progress(struct http_conn *conn)
{
    size_t moved = conn->moved;
    conn->moved = 0;
    if (conn->state != STATE_ANSWER)
        return moved;
    size_t missing = http_io_unacknowledged(&conn->io);
    uint64_t arrived = conn->sent > missing ? conn->sent - missing : 0;
    moved = arrived > conn->arrived ? (size_t)(arrived - conn->arrived) : 0;
    conn->arrived = arrived;
    return moved;
}

/* Each time octets were counted for long enough: were there as many as there have to be? */
static bool is_too_slow(struct http_conn *conn, int64_t now_ms)
{
    const struct http_conn_options *options = conn->conns->options;
    int64_t waited_ms = now_ms - conn->since_ms;
    if (conn->state == STATE_BODY && now_ms - conn->body_ms > HTTP_BODY_MS_MAX)
        return true;
    if (options->bytes_per_s == 0 || waited_ms < options->request_ms)
        return false;
    conn->since_ms = now_ms;
    return (int64_t)progress(conn) < options->bytes_per_s * waited_ms / 1000;
}

/* A connection that was never heard has less time: it was opened to ask something at once. */
static bool is_idle_for_long(const struct http_conn *conn, int64_t waited_ms)
{
    const struct http_conn_options *options = conn->conns->options;
    if (conn->is_silent)
        return waited_ms >= options->request_ms;
    return options->idle_ms > 0 && waited_ms >= options->idle_ms;
}

void http_conn_look_at(struct http_conn *conn, int64_t now_ms)
{
    const struct http_conn_options *options = conn->conns->options;
    int64_t waited_ms = now_ms - conn->since_ms;
    switch (conn->state) {
    case STATE_HEAD:
        if (conn->has_begun && waited_ms >= options->request_ms)
            http_conn_refuse_head(conn, 408, "the request did not come in time");
        else if (!conn->has_begun && is_idle_for_long(conn, waited_ms))
            http_conn_kill(conn);
        break;
    case STATE_BODY:
        if (is_too_slow(conn, now_ms)) {
            limit_hit(LIMIT_http_min_bytes_per_s);
            http_refuse(conn, 408, NULL, "the body comes too slowly");
        }
        break;
    case STATE_ANSWER:
        if ((conn->out || conn->is_full) && is_too_slow(conn, now_ms)) {
            limit_hit(LIMIT_http_min_bytes_per_s);
            http_conn_kill(conn);
        }
        break;
    case STATE_LINGER:
        if (waited_ms >= HTTP_LINGER_MS)
            http_conn_kill(conn);
        break;
    case STATE_DEAD:
        break;
    }
}
