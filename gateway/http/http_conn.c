/*
 * http_conn - one connection of plain HTTP; see http_conn.h.
 *
 * A head that is not whole is waited for with the socket's own threshold (SO_RCVLOWAT), so that
 * it stays with the system until it is known whose it is; at its end a socket is readable
 * whatever the threshold. libwebsockets is given the handshakes that were found good, written
 * anew, and the socket with them.
 *
 * Over TLS libwebsockets has accepted the connection and closes it; in between it is not asked.
 * What was looked at there cannot be added to, so it is given each piece once it was seen.
 */
#include "http_conn.h"

#include "clock.h"
#include "http_conn_parts.h"
#include "http_response.h"
#include "mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_EVERY_MS = 100 };

void http_conn_set_state(struct http_conn *conn, enum state state)
{
    bool is_reading = state == STATE_HEAD || state == STATE_BODY || state == STATE_LINGER;
    conn->state = state;
    conn->since_ms = clock_now_ms();
    conn->moved = 0;
    ws_loop_want(conn->conns->ws_loop, conn->io.socket, is_reading, conn->out != NULL);
    if (is_reading && http_io_has_pending(&conn->io))
        ws_loop_hear_soon(conn->conns->ws_loop, conn->io.socket);
}

void http_conn_kill(struct http_conn *conn)
{
    free(conn->out);
    conn->out = NULL;
    http_conn_set_state(conn, STATE_DEAD);
    ws_loop_kill(conn->conns->ws_loop, conn->io.socket);
}

bool http_conn_is_cut_off(struct http_conn *conn, ssize_t count)
{
    if (count == 0 || count == HTTP_IO_LOST)
        http_conn_kill(conn);
    return count <= 0;
}

/* --------------------------------------------------------------------------------- heads */

/* The head is read, and its octets are the request's own. */
static void take_request(struct http_conn *conn, const struct http_head *head, size_t length)
{
    struct request *request = mem_alloc(sizeof(*request) + length);
    request->head = *head;
    request->head.bytes = request->bytes;
    memcpy(request->bytes, head->bytes, length);
    conn->request = request;
    conn->has_unread = http_head_has_body(head);
    conn->is_last = conn->is_last || conn->is_shared;
    http_io_end_deadline(&conn->io);
    http_conn_set_state(conn, STATE_ANSWER);
}

void http_conn_refuse_head(struct http_conn *conn, int status, const char *message)
{
    static char nothing[] = "";
    take_request(conn, &(struct http_head){.bytes = nothing, .method = HTTP_OTHER}, 1);
    conn->is_last = true;
    http_refuse(conn, status, NULL, message);
}

/* Empty lines before a request are nothing (RFC 9112, 2.2). Answers how many octets are left
 * in the scratch. */
static size_t skip_line_ends(struct http_conn *conn, size_t length)
{
    char *scratch = conn->conns->scratch;
    size_t count = 0;
    if (conn->early_length > 0)
        return length;
    while (count < length && (scratch[count] == '\r' || scratch[count] == '\n'))
        count++;
    if (count == 0 || http_io_read(&conn->io, scratch, count) != (ssize_t)count)
        return length;
    ssize_t left = http_io_peek(&conn->io, scratch, HTTP_HEAD_BYTES_MAX);
    return left > 0 ? (size_t)left : 0;
}

/* Over TLS what was seen is given away, and seen no more. */
static enum ws_loop_reader wait_for_more(struct http_conn *conn, size_t length)
{
    if (!http_conn_is_tls(conn)) {
        conn->is_waiting = true;
        http_io_end_deadline(&conn->io);
        http_io_set_threshold(&conn->io, length + 1);
        return WS_LOOP_NOBODY;
    }
    conn->early = mem_resize(conn->early, length);
    memcpy(conn->early, conn->conns->scratch, length);
    conn->early_length = length;
    conn->is_shared = true;
    return WS_LOOP_LWS;
}

static enum ws_loop_reader hear_part(struct http_conn *conn, size_t length)
{
    const char *scratch = conn->conns->scratch;
    if (length >= HTTP_HEAD_BYTES_MAX)
        http_conn_refuse_head(conn, 431, "the head of the request is longer than 8 kB");
    else if (length > 0 && (scratch[0] < 'A' || scratch[0] > 'z'))
        http_conn_refuse_head(conn, 400, "this is not HTTP");
    else if (!http_conn_is_tls(conn) && http_io_has_ended(&conn->io))
        http_conn_refuse_head(conn, 400, "the request ends before its head does");
    else
        return wait_for_more(conn, length);
    return WS_LOOP_NOBODY;
}

static void forget_early(struct http_conn *conn)
{
    free(conn->early);
    conn->early = NULL;
    conn->early_length = 0;
    if (conn->is_waiting)
        http_io_set_threshold(&conn->io, 1);
    conn->is_waiting = false;
}

/* What lies there libwebsockets reads, which has the connection already. */
static enum ws_loop_reader hand_over_tls(struct http_conn *conn)
{
    struct ws_loop *ws_loop = conn->conns->ws_loop;
    int socket = conn->io.socket;
    forget_early(conn);
    http_conn_gone(conn);
    ws_loop_set_new(ws_loop, socket);
    return WS_LOOP_LWS_WHOLE;
}

/* The head, which stands at the front of the scratch, is read off the socket. */
static void hand_over_plain(struct http_conn *conn, const struct http_head *head, size_t length)
{
    struct http_conns *conns = conn->conns;
    int socket = conn->io.socket;
    static_assert(2 * HTTP_HEAD_BYTES_MAX <= SCRATCH_BYTES, "there is room for it twice");
    forget_early(conn);
    if (http_io_read(&conn->io, conns->scratch + HTTP_HEAD_BYTES_MAX, length) !=
        (ssize_t)length) {
        http_conn_kill(conn);
        return;
    }
    http_conn_gone(conn);
    conns->events->on_handshake(conns->context, socket, head);
}

static enum ws_loop_reader hear_whole(struct http_conn *conn, size_t length)
{
    struct http_head head;
    struct http_conns *conns = conn->conns;
    size_t left = length - conn->early_length; /* to be read */
    struct http_fault fault = http_head_parse(&head, conns->scratch, length);
    if (!fault.status && conns->events->is_handshake(conns->context, conn, &head)) {
        if (http_conn_is_tls(conn))
            return hand_over_tls(conn);
        hand_over_plain(conn, &head, length);
        return WS_LOOP_NOBODY;
    }
    forget_early(conn);
    if (fault.status) {
        http_conn_refuse_head(conn, fault.status, fault.message);
        return WS_LOOP_NOBODY;
    }
    take_request(conn, &head, length);
    if (http_io_read(&conn->io, conns->scratch, left) != (ssize_t)left)
        http_conn_kill(conn); /* what was there is not there any more */
    else
        conns->events->on_request(conns->context, conn);
    return WS_LOOP_NOBODY;
}

static enum ws_loop_reader hear_head(struct http_conn *conn)
{
    char *scratch = conn->conns->scratch;
    size_t early = conn->early_length;
    ssize_t count = http_io_peek(&conn->io, scratch + early, HTTP_HEAD_BYTES_MAX - early);
    if (http_conn_is_cut_off(conn, count))
        return WS_LOOP_NOBODY;
    if (early > 0)
        memcpy(scratch, conn->early, early);
    size_t length = skip_line_ends(conn, early + (size_t)count);
    if (!conn->has_begun)
        conn->since_ms = clock_now_ms();
    conn->has_begun = true;
    conn->is_silent = false;
    if (length == 0)
        return WS_LOOP_NOBODY;
    size_t end = http_head_find_end(scratch, length);
    return end > 0 ? hear_whole(conn, end) : hear_part(conn, length);
}

enum ws_loop_reader http_conn_readable(struct http_conn *conn)
{
    enum ws_loop_reader reader = WS_LOOP_NOBODY;
    switch (conn->state) {
    case STATE_HEAD:
        reader = hear_head(conn);
        break;
    case STATE_BODY:
        http_conn_hear_body(conn);
        break;
    case STATE_LINGER:
        http_conn_discard(conn);
        break;
    case STATE_ANSWER:
    case STATE_DEAD:
        break;
    }
    return reader;
}

static struct http_conn *create(struct http_conns *conns, const struct http_io *io,
                                enum http_port port)
{
    struct http_conn *conn = mem_zalloc(sizeof(*conn));
    conn->conns = conns;
    conn->io = *io;
    conn->port = port;
    conn->next = conns->first;
    if (conns->first)
        conns->first->previous = conn;
    conns->first = conn;
    ws_loop_set_http(conns->ws_loop, io->socket, conn);
    http_conn_set_state(conn, STATE_HEAD);
    return conn;
}

void http_conns_open(struct http_conns *conns, int socket, enum http_port port)
{
    struct http_conn *conn = create(conns, &(struct http_io){.socket = socket}, port);
    conn->is_silent = true;
    (void)http_conn_readable(conn); /* most have asked already */
}

enum ws_loop_reader http_conns_hear_tls(struct http_conns *conns, struct lws *wsi, int socket,
                                        enum http_port port)
{
    struct http_io io = {socket, wsi};
    if (!http_io_is_set_up(&io))
        return WS_LOOP_LWS;
    return http_conn_readable(create(conns, &io, port));
}

void http_conns_turn(struct http_conns *conns)
{
    int64_t now_ms = clock_now_ms();
    if (now_ms < conns->next_look_ms)
        return;
    conns->next_look_ms = now_ms + LOOK_EVERY_MS;
    for (struct http_conn *conn = conns->first; conn; conn = conn->next)
        http_conn_look_at(conn, now_ms);
}

/* ----------------------------------------------------------------------------------- life */

void http_conn_gone(struct http_conn *conn)
{
    http_conn_be_over(conn);
    http_conn_drop_request(conn);
    if (conn->previous)
        conn->previous->next = conn->next;
    else
        conn->conns->first = conn->next;
    if (conn->next)
        conn->next->previous = conn->previous;
    free(conn->early);
    free(conn->out);
    free(conn);
}

int http_conn_socket(const struct http_conn *conn)
{
    return conn->io.socket;
}

bool http_conn_is_tls(const struct http_conn *conn)
{
    return conn->io.wsi != NULL;
}

struct lws *http_conn_wsi(const struct http_conn *conn)
{
    return conn->io.wsi;
}

const struct http_cors *http_conn_cors(const struct http_conn *conn)
{
    return conn->port == HTTP_PUBLIC ? conn->conns->cors : NULL;
}

enum http_port http_conn_port(const struct http_conn *conn)
{
    return conn->port;
}

const struct http_head *http_conn_head(const struct http_conn *conn)
{
    return &conn->request->head;
}

struct http_conns *http_conns_create(struct ws_loop *ws_loop,
                                     const struct http_conn_options *options,
                                     const struct http_cors *cors,
                                     const struct http_conn_events *events, void *context)
{
    struct http_conns *conns = mem_zalloc(sizeof(*conns));
    conns->ws_loop = ws_loop;
    conns->options = options;
    conns->cors = cors;
    conns->events = events;
    conns->context = context;
    return conns;
}

void http_conns_destroy(struct http_conns *conns)
{
    if (!conns)
        return;
    while (conns->first)
        ws_loop_close(conns->ws_loop, conns->first->io.socket);
    free(conns);
}
