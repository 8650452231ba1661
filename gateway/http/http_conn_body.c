/*
 * http_conn_body - bodies of requests, read up to their end; see http_conn.h.
 */
#include "clock.h"
#include "http_conn_parts.h"
#include "http_io.h"
#include "http_response.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES_FIRST = 4096 };

void http_conn_drop_body(struct http_conn *conn)
{
    char *scratch = conn->conns->scratch;
    int64_t left = conn->request->head.body_length;
    if (conn->request->head.is_chunked || left > SCRATCH_BYTES || conn->body_length > 0 ||
        http_io_peek(&conn->io, scratch, (size_t)left) != left)
        return;
    conn->has_unread = http_io_read(&conn->io, scratch, (size_t)left) != left;
}

static void complete_body(struct http_conn *conn)
{
    char *body = conn->body ? conn->body : mem_strdup("");
    conn->body = NULL;
    conn->has_unread = false;
    http_conn_set_state(conn, STATE_ANSWER);
    conn->handler->on_body(conn->owner, conn, body, conn->body_length);
}

static bool make_room(struct http_conn *conn, size_t more)
{
    const struct http_head *head = &conn->request->head;
    size_t needed = conn->body_length + more;
    if (needed > conn->body_max) {
        http_refuse(conn, 413, NULL, "the body is too long");
        return false;
    }
    if (needed < conn->body_capacity)
        return true;
    size_t capacity = conn->body_capacity > 0 ? conn->body_capacity : BODY_BYTES_FIRST;
    while (capacity <= needed)
        capacity *= 2;
    if (head->body_length >= 0 && capacity > (size_t)head->body_length + 1)
        capacity = (size_t)head->body_length + 1;
    if (conn->handler->on_grow && !conn->handler->on_grow(conn->owner, conn, capacity))
        return false;
    conn->body = mem_resize(conn->body, capacity);
    conn->body_capacity = capacity;
    return true;
}

/* False: refused. */
static bool append_body(struct http_conn *conn, const char *bytes, size_t length)
{
    conn->moved += length;
    if (length == 0)
        return true;
    if (!make_room(conn, length))
        return false;
    memcpy(conn->body + conn->body_length, bytes, length);
    conn->body_length += length;
    return true;
}

static void hear_chunks(struct http_conn *conn)
{
    char *scratch = conn->conns->scratch;
    size_t carried = 0;
    ssize_t count = http_io_peek(&conn->io, scratch, SCRATCH_BYTES);
    if (http_conn_is_cut_off(conn, count))
        return;
    int64_t taken = http_chunks_take(&conn->chunks, scratch, (size_t)count, &carried);
    if (taken < 0) {
        http_refuse(conn, 400, NULL, "the body is not in chunks as it says");
        return;
    }
    if (!append_body(conn, scratch, carried))
        return;
    if (http_io_read(&conn->io, scratch, (size_t)taken) != taken)
        http_conn_kill(conn); /* what was there is not there any more */
    else if (conn->chunks.is_over)
        complete_body(conn);
}

void http_conn_hear_body(struct http_conn *conn)
{
    char *scratch = conn->conns->scratch;
    if (conn->request->head.is_chunked) {
        hear_chunks(conn);
        return;
    }
    size_t left = (size_t)conn->request->head.body_length - conn->body_length;
    ssize_t count =
        http_io_read(&conn->io, scratch, left < SCRATCH_BYTES ? left : SCRATCH_BYTES);
    if (!http_conn_is_cut_off(conn, count) && append_body(conn, scratch, (size_t)count) &&
        (size_t)count == left)
        complete_body(conn);
}

void http_conn_read_body(struct http_conn *conn, size_t max)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const struct http_head *head = &conn->request->head;
    conn->body_max = max;
    if (!http_head_has_body(head)) {
        complete_body(conn);
        return;
    }
    if (head->body_length > (int64_t)max) {
        http_refuse(conn, 413, NULL, "the body is too long");
        return;
    }
    if (head->expects_continue)
        http_conn_send(conn, go_on, strlen(go_on));
    if (conn->state == STATE_DEAD)
        return;
    http_conn_set_state(conn, STATE_BODY);
    conn->body_ms = conn->since_ms;
    http_conn_hear_body(conn);
}
