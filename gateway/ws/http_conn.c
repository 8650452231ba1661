/*
 * http_conn - one connection of plain HTTP; see http_conn.h.
 *
 * libwebsockets has accepted the connection, has set up TLS, and closes it; in between it is
 * not asked. A head that is not whole is waited for with the socket's own threshold
 * (SO_RCVLOWAT), so that it stays with the system until it is known whose it is. Over TLS what
 * was looked at cannot be added to: there libwebsockets is given each piece once it was seen.
 */
#include "http_conn.h"

#include "clock.h"
#include "http_chunks.h"
#include "http_io.h"
#include "http_response.h"
#include "limit.h"
#include "mem.h"

#include <libwebsockets.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCRATCH_BYTES = 64 << 10,
    BODY_BYTES_FIRST = 4096,
    LOOK_EVERY_MS = 100,
};

enum state {
    STATE_HEAD,   /* one is awaited */
    STATE_BODY,   /* it is read */
    STATE_ANSWER, /* it is made, or on its way */
    STATE_LINGER, /* answered for the last time; what still comes is dropped */
    STATE_DEAD,   /* libwebsockets is to close it */
};

/* In one piece with the octets of its head. */
struct request {
    struct http_head head;
    char bytes[];
};

struct http_conn {
    struct http_conns *conns;
    struct http_conn *previous;
    struct http_conn *next;
    struct lws *wsi;
    struct request *request; /* NULL: none at the moment */

    const struct http_handler *handler; /* NULL: none, or over */
    void *owner;
    void *context;

    char *early; /* what libwebsockets was given of a head; NULL: nothing */
    size_t early_length;

    char *body; /* as far as it is there */
    size_t body_length;
    size_t body_capacity;
    size_t body_max;
    struct http_chunks chunks;

    char *out; /* what the system did not take; NULL: nothing */
    size_t out_length;
    size_t out_sent;

    int64_t since_ms; /* the state began, or was seen to make progress */
    int64_t body_ms;  /* the body began */
    size_t moved;     /* octets since then */
    uint64_t sent;    /* octets in all */
    uint64_t arrived; /* of those, what had arrived when last looked at */

    enum http_port port;
    enum state state;
    bool has_begun;  /* the first octet of a head is there */
    bool has_unread; /* a body was announced and is not read */
    bool is_whole;   /* all of the answer is given */
    bool is_last;    /* no other request is taken */
    bool is_waiting; /* for more of a head: a threshold is set */
    bool is_shared;  /* libwebsockets has read a part of a head */
};

struct http_conns {
    struct ws_loop *ws_loop;
    const struct http_conn_options *options;
    const struct http_conn_events *events;
    struct http_conn *first;
    int64_t next_look_ms;
    bool has_pending; /* somebody's octets are deciphered already */
    char scratch[SCRATCH_BYTES];
};

static void set_state(struct http_conn *conn, enum state state)
{
    bool is_reading = state == STATE_HEAD || state == STATE_BODY || state == STATE_LINGER;
    conn->state = state;
    conn->since_ms = clock_now_ms();
    conn->moved = 0;
    ws_loop_want(conn->conns->ws_loop, conn->wsi, is_reading, conn->out != NULL);
    if (is_reading && http_io_has_pending(conn->wsi))
        conn->conns->has_pending = true;
}

/* libwebsockets closes it before the next turn; it is freed then. */
static void kill_conn(struct http_conn *conn)
{
    free(conn->out);
    conn->out = NULL;
    set_state(conn, STATE_DEAD);
    lws_set_timeout(conn->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
}

/* -------------------------------------------------------------------------------- the end */

static void be_over(struct http_conn *conn)
{
    const struct http_handler *handler = conn->handler;
    conn->handler = NULL;
    if (handler && handler->on_over)
        handler->on_over(conn->owner, conn);
    conn->owner = NULL;
    conn->context = NULL;
}

static void drop_request(struct http_conn *conn)
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
}

/* Who is closed on while still writing may never see the answer. */
static void linger(struct http_conn *conn)
{
    http_io_end(conn->wsi);
    if (conn->is_waiting)
        http_io_set_threshold(conn->wsi, 1);
    set_state(conn, STATE_LINGER);
}

static void discard(struct http_conn *conn)
{
    ssize_t count;
    do {
        count = http_io_read(conn->wsi, conn->conns->scratch, SCRATCH_BYTES);
        if (count > 0)
            conn->moved += (size_t)count;
    } while (count == SCRATCH_BYTES && conn->moved <= HTTP_DISCARDED_BYTES_MAX);
    if (count == 0 || count == HTTP_IO_LOST || conn->moved > HTTP_DISCARDED_BYTES_MAX)
        kill_conn(conn);
}

/* The answer is out. */
static void end_answer(struct http_conn *conn)
{
    bool is_last = conn->is_last;
    be_over(conn);
    drop_request(conn);
    if (is_last)
        linger(conn);
    else
        set_state(conn, STATE_HEAD);
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
        ssize_t count = http_io_write(conn->wsi, bytes + done, length - done);
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
        kill_conn(conn);
        return;
    }
    if (sent == length)
        return;
    if (!conn->out)
        conn->since_ms = clock_now_ms();
    keep(conn, bytes + sent, length - sent);
    ws_loop_want(conn->conns->ws_loop, conn->wsi, conn->state == STATE_BODY, true);
}

void http_conn_await_room(struct http_conn *conn)
{
    if (conn->state != STATE_DEAD)
        ws_loop_want(conn->conns->ws_loop, conn->wsi, false, true);
}

void http_conn_finish(struct http_conn *conn, bool is_last)
{
    if (conn->state == STATE_DEAD)
        return;
    conn->is_last = conn->is_last || is_last;
    conn->is_whole = true;
    set_state(conn, STATE_ANSWER);
    if (!conn->out)
        end_answer(conn);
}

void http_conn_abort(struct http_conn *conn)
{
    if (conn->state != STATE_DEAD)
        kill_conn(conn);
}

void http_conn_writable(struct http_conn *conn)
{
    size_t sent = 0;
    if (conn->state == STATE_DEAD)
        return;
    if (conn->out) {
        size_t left = conn->out_length - conn->out_sent;
        if (!write_some(conn, conn->out + conn->out_sent, left, &sent)) {
            kill_conn(conn);
            return;
        }
        conn->out_sent += sent;
        if (sent < left)
            return;
        free(conn->out);
        conn->out = NULL;
    }
    ws_loop_want(conn->conns->ws_loop, conn->wsi, conn->state == STATE_BODY, false);
    if (conn->is_whole)
        end_answer(conn);
    else if (conn->handler && conn->handler->on_writable)
        conn->handler->on_writable(conn->owner, conn);
}

/* -------------------------------------------------------------------------------- bodies */

/* A short body that is there already is dropped, so that another request can follow. */
static void drop_body(struct http_conn *conn)
{
    char *scratch = conn->conns->scratch;
    int64_t left = conn->request->head.body_length;
    if (conn->request->head.is_chunked || left > SCRATCH_BYTES || conn->body_length > 0 ||
        http_io_peek(conn->wsi, scratch, (size_t)left) != left)
        return;
    conn->has_unread = http_io_read(conn->wsi, scratch, (size_t)left) != left;
}

bool http_conn_is_last(struct http_conn *conn)
{
    if (conn->has_unread && conn->state != STATE_HEAD)
        drop_body(conn);
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

static void complete_body(struct http_conn *conn)
{
    char *body = conn->body ? conn->body : mem_strdup("");
    conn->body = NULL;
    conn->has_unread = false;
    set_state(conn, STATE_ANSWER);
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

/* The end, or an error, before all of it was there. */
static bool is_cut_off(struct http_conn *conn, ssize_t count)
{
    if (count == 0 || count == HTTP_IO_LOST)
        kill_conn(conn);
    return count <= 0;
}

static void hear_chunks(struct http_conn *conn)
{
    char *scratch = conn->conns->scratch;
    size_t carried = 0;
    ssize_t count = http_io_peek(conn->wsi, scratch, SCRATCH_BYTES);
    if (is_cut_off(conn, count))
        return;
    int64_t taken = http_chunks_take(&conn->chunks, scratch, (size_t)count, &carried);
    if (taken < 0) {
        http_refuse(conn, 400, NULL, "the body is not in chunks as it says");
        return;
    }
    if (!append_body(conn, scratch, carried))
        return;
    if (http_io_read(conn->wsi, scratch, (size_t)taken) != taken)
        kill_conn(conn); /* what was there is not there any more */
    else if (conn->chunks.is_over)
        complete_body(conn);
}

static void hear_body(struct http_conn *conn)
{
    char *scratch = conn->conns->scratch;
    if (conn->request->head.is_chunked) {
        hear_chunks(conn);
        return;
    }
    size_t left = (size_t)conn->request->head.body_length - conn->body_length;
    ssize_t count =
        http_io_read(conn->wsi, scratch, left < SCRATCH_BYTES ? left : SCRATCH_BYTES);
    if (!is_cut_off(conn, count) && append_body(conn, scratch, (size_t)count) &&
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
    set_state(conn, STATE_BODY);
    conn->body_ms = conn->since_ms;
    hear_body(conn);
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
    lws_set_timeout(conn->wsi, NO_PENDING_TIMEOUT, 0);
    set_state(conn, STATE_ANSWER);
}

/* What cannot be understood is answered, and nothing behind it is. */
static void refuse_head(struct http_conn *conn, int status, const char *message)
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
    if (count == 0 || http_io_read(conn->wsi, scratch, count) != (ssize_t)count)
        return length;
    ssize_t left = http_io_peek(conn->wsi, scratch, HTTP_HEAD_BYTES_MAX);
    return left > 0 ? (size_t)left : 0;
}

/* Over TLS what was seen is given away, and seen no more. */
static enum ws_loop_reader wait_for_more(struct http_conn *conn, size_t length)
{
    if (!http_io_is_tls(conn->wsi)) {
        conn->is_waiting = true;
        http_io_set_threshold(conn->wsi, length + 1);
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
        refuse_head(conn, 431, "the head of the request is longer than 8 kB");
    else if (length > 0 && (scratch[0] < 'A' || scratch[0] > 'z'))
        refuse_head(conn, 400, "this is not HTTP");
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
        http_io_set_threshold(conn->wsi, 1);
    conn->is_waiting = false;
}

/* What lies there is libwebsockets's from now on; or, if there is a text, that instead. */
static enum ws_loop_reader hand_over(struct http_conn *conn, size_t left, char *text)
{
    struct lws *wsi = conn->wsi;
    struct http_conns *conns = conn->conns;
    bool is_ready = !text || (http_io_read(wsi, conns->scratch, left) == (ssize_t)left &&
                              !http_io_is_tls(wsi));
    forget_early(conn);
    if (!is_ready) {
        kill_conn(conn);
        return WS_LOOP_NOBODY;
    }
    http_conn_gone(conn);
    ws_loop_set_new(conns->ws_loop, wsi);
    if (!text)
        return WS_LOOP_LWS_WHOLE;
    ws_loop_feed(conns->ws_loop, wsi, text, strlen(text));
    return WS_LOOP_NOBODY;
}

static enum ws_loop_reader hear_whole(struct http_conn *conn, size_t length)
{
    struct http_head head;
    struct http_conns *conns = conn->conns;
    char *text = NULL;
    size_t left = length - conn->early_length; /* to be read */
    struct http_fault fault = http_head_parse(&head, conns->scratch, length);
    if (!fault.status && conns->events->is_handshake(conn, &head, &text)) {
        enum ws_loop_reader reader = hand_over(conn, left, text);
        free(text);
        return reader;
    }
    forget_early(conn);
    if (fault.status) {
        refuse_head(conn, fault.status, fault.message);
        return WS_LOOP_NOBODY;
    }
    take_request(conn, &head, length);
    if (http_io_read(conn->wsi, conns->scratch, left) != (ssize_t)left)
        kill_conn(conn); /* what was there is not there any more */
    else
        conns->events->on_request(conn);
    return WS_LOOP_NOBODY;
}

static enum ws_loop_reader hear_head(struct http_conn *conn)
{
    char *scratch = conn->conns->scratch;
    size_t early = conn->early_length;
    ssize_t count = http_io_peek(conn->wsi, scratch + early, HTTP_HEAD_BYTES_MAX - early);
    if (is_cut_off(conn, count))
        return WS_LOOP_NOBODY;
    if (early > 0)
        memcpy(scratch, conn->early, early);
    size_t length = skip_line_ends(conn, early + (size_t)count);
    if (!conn->has_begun)
        conn->since_ms = clock_now_ms();
    conn->has_begun = true;
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
        hear_body(conn);
        break;
    case STATE_LINGER:
        discard(conn);
        break;
    case STATE_ANSWER:
    case STATE_DEAD:
        break;
    }
    return reader;
}

enum ws_loop_reader http_conns_hear_new(struct http_conns *conns, struct lws *wsi,
                                        enum http_port port)
{
    if (!http_io_is_set_up(wsi))
        return WS_LOOP_LWS;
    struct http_conn *conn = mem_zalloc(sizeof(*conn));
    conn->conns = conns;
    conn->wsi = wsi;
    conn->port = port;
    conn->next = conns->first;
    if (conns->first)
        conns->first->previous = conn;
    conns->first = conn;
    ws_loop_set_http(conns->ws_loop, wsi, conn);
    set_state(conn, STATE_HEAD);
    return http_conn_readable(conn);
}

/* ------------------------------------------------------------------------------ deadlines */

/* What the other side has taken or given since it was last asked. */
static size_t progress(struct http_conn *conn)
{
    size_t moved = conn->moved;
    conn->moved = 0;
    if (conn->state != STATE_ANSWER)
        return moved;
    size_t missing = http_io_unacknowledged(conn->wsi);
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

static void look_at(struct http_conn *conn, int64_t now_ms)
{
    const struct http_conn_options *options = conn->conns->options;
    int64_t waited_ms = now_ms - conn->since_ms;
    switch (conn->state) {
    case STATE_HEAD:
        if (conn->has_begun && waited_ms >= options->request_ms)
            refuse_head(conn, 408, "the request did not come in time");
        else if (!conn->has_begun && options->idle_ms > 0 && waited_ms >= options->idle_ms)
            kill_conn(conn);
        break;
    case STATE_BODY:
        if (is_too_slow(conn, now_ms)) {
            limit_hit(LIMIT_http_min_bytes_per_s);
            http_refuse(conn, 408, NULL, "the body comes too slowly");
        }
        break;
    case STATE_ANSWER:
        if (conn->out && is_too_slow(conn, now_ms)) {
            limit_hit(LIMIT_http_min_bytes_per_s);
            kill_conn(conn);
        }
        break;
    case STATE_LINGER:
        if (waited_ms >= HTTP_LINGER_MS)
            kill_conn(conn);
        break;
    case STATE_DEAD:
        break;
    }
}

static void hear_pending(struct http_conns *conns)
{
    struct http_conn *next;
    conns->has_pending = false;
    for (struct http_conn *conn = conns->first; conn; conn = next) {
        next = conn->next;
        if (conn->state != STATE_ANSWER && http_io_has_pending(conn->wsi))
            ws_loop_hear(conns->ws_loop, conn->wsi);
    }
}

void http_conns_turn(struct http_conns *conns)
{
    int64_t now_ms = clock_now_ms();
    if (conns->has_pending)
        hear_pending(conns);
    if (now_ms < conns->next_look_ms)
        return;
    conns->next_look_ms = now_ms + LOOK_EVERY_MS;
    for (struct http_conn *conn = conns->first; conn; conn = conn->next)
        look_at(conn, now_ms);
}

/* ----------------------------------------------------------------------------------- life */

void http_conn_gone(struct http_conn *conn)
{
    be_over(conn);
    drop_request(conn);
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

struct lws *http_conn_wsi(const struct http_conn *conn)
{
    return conn->wsi;
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
                                     const struct http_conn_events *events)
{
    struct http_conns *conns = mem_zalloc(sizeof(*conns));
    conns->ws_loop = ws_loop;
    conns->options = options;
    conns->events = events;
    return conns;
}

void http_conns_destroy(struct http_conns *conns)
{
    free(conns);
}
