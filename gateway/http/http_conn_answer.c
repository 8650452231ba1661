/*
 * http_conn_answer - answers on their way, and what comes after the last; see http_conn.h.
 */
#include "clock.h"
#include "http_conn_parts.h"
#include "http_io.h"
#include "mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------------------- the end */

void http_conn_be_over(struct http_conn *conn)
{
    const struct http_handler *handler = conn->handler;
    conn->handler = NULL;
    if (handler && handler->on_over)
        handler->on_over(conn->owner, conn);
    conn->owner = NULL;
    conn->context = NULL;
}

void http_conn_drop_request(struct http_conn *conn)
{
    free(conn->request);
    free(conn->body);
    conn->request = NULL;
    conn->body = NULL;
    conn->body_length = 0;
    conn->body_capacity = 0;
    conn->chunks = (struct http_chunks){0};
    conn->has_unread = false;
    conn->has_begun = false;
    conn->is_whole = false;
    conn->is_sending = false;
    conn->is_full = false;
}

/* A client whose connection is closed while it still writes may never see the answer. */
static void linger(struct http_conn *conn)
{
    http_io_end(&conn->io);
    if (conn->is_waiting)
        http_io_set_threshold(&conn->io, 1);
    http_conn_set_state(conn, STATE_LINGER);
}

void http_conn_discard(struct http_conn *conn)
{
    ssize_t count;
    do {
        count = http_io_read(&conn->io, conn->conns->scratch, SCRATCH_BYTES);
        if (count > 0)
            conn->moved += (size_t)count;
    } while (count == SCRATCH_BYTES && conn->moved <= HTTP_DISCARDED_BYTES_MAX);
    if (count == 0 || count == HTTP_IO_LOST || conn->moved > HTTP_DISCARDED_BYTES_MAX)
        http_conn_kill(conn);
}

/* The answer is out. */
static void end_answer(struct http_conn *conn)
{
    bool is_last = conn->is_last;
    http_conn_be_over(conn);
    http_conn_drop_request(conn);
    if (is_last)
        linger(conn);
    else
        http_conn_set_state(conn, STATE_HEAD);
}

bool http_conn_is_last(struct http_conn *conn)
{
    if (conn->has_unread && conn->state != STATE_HEAD)
        http_conn_drop_body(conn);
    if (conn->has_unread || !conn->request || !conn->request->head.is_persistent)
        conn->is_last = true;
    return conn->is_last;
}

void http_conn_begin(struct http_conn *conn, const struct http_handler *handler, void *owner,
                     void *context)
{
    assert(!conn->handler);
    conn->handler = handler;
    conn->owner = owner;
    conn->context = context;
}

void *http_conn_context(const struct http_conn *conn)
{
    return conn->context;
}

/* ------------------------------------------------------------------------------- sending */

static void keep(struct http_conn *conn, const char *bytes, size_t length)
{
    size_t left = conn->out_length - conn->out_sent;
    char *longer = mem_alloc(left + length);
    if (left > 0)
        memcpy(longer, conn->out + conn->out_sent, left);
    memcpy(longer + left, bytes, length);
    free(conn->out);
    conn->out = longer;
    conn->out_length = left + length;
    conn->out_sent = 0;
}

/* How many of them the system took; false: the connection is lost. */
static bool write_some(struct http_conn *conn, const char *bytes, size_t length, size_t *ret)
{
    size_t done = 0;
    while (done < length) {
        ssize_t count = http_io_write(&conn->io, bytes + done, length - done);
        if (count == HTTP_IO_LOST || count == 0)
            return false;
        if (count == HTTP_IO_AGAIN)
            break;
        done += (size_t)count;
    }
    conn->sent += done;
    *ret = done;
    return true;
}

void http_conn_send(struct http_conn *conn, const char *bytes, size_t length)
{
    size_t sent = 0;
    if (conn->state == STATE_DEAD)
        return;
    if (!conn->out && !write_some(conn, bytes, length, &sent)) {
        http_conn_kill(conn);
        return;
    }
    if (!conn->is_sending)
        conn->since_ms = clock_now_ms();
    conn->is_sending = true;
    if (sent == length)
        return;
    keep(conn, bytes + sent, length - sent);
    ws_loop_want(conn->conns->ws_loop, conn->io.socket, conn->state == STATE_BODY, true);
}

void http_conn_await_room(struct http_conn *conn)
{
    if (conn->state == STATE_DEAD)
        return;
    conn->is_full = true;
    ws_loop_want(conn->conns->ws_loop, conn->io.socket, false, true);
}

void http_conn_finish(struct http_conn *conn, bool is_last)
{
    if (conn->state == STATE_DEAD)
        return;
    conn->is_last = conn->is_last || is_last;
    conn->is_whole = true;
    http_conn_set_state(conn, STATE_ANSWER);
    if (!conn->out)
        end_answer(conn);
}

void http_conn_abort(struct http_conn *conn)
{
    if (conn->state != STATE_DEAD)
        http_conn_kill(conn);
}

void http_conn_writable(struct http_conn *conn)
{
    size_t sent = 0;
    if (conn->state == STATE_DEAD)
        return;
    if (conn->out) {
        size_t left = conn->out_length - conn->out_sent;
        if (!write_some(conn, conn->out + conn->out_sent, left, &sent)) {
            http_conn_kill(conn);
            return;
        }
        conn->out_sent += sent;
        if (sent < left)
            return;
        free(conn->out);
        conn->out = NULL;
    }
    conn->is_full = false;
    ws_loop_want(conn->conns->ws_loop, conn->io.socket, conn->state == STATE_BODY, false);
    if (conn->is_whole)
        end_answer(conn);
    else if (conn->handler && conn->handler->on_writable)
        conn->handler->on_writable(conn->owner, conn);
}
