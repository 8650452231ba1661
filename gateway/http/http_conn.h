/*
 * http_conn - one connection of plain HTTP, from its first octet until it ends or becomes a
 * WebSocket.
 *
 * No octet is taken that does not belong to the request at hand: a head is looked at before it
 * is read, a body is read up to its end. So what comes right behind is never taken for a part
 * of it, requests are answered one by one in their order, and libwebsockets reads nothing but
 * the opening handshakes that were found good.
 *
 *   HEAD -> (body?) BODY -> ANSWER -> HEAD ... -> LINGER -> gone
 *
 * Who answers says http_conn_begin if there is something to be told or forgotten later. What is
 * slower than it may be is ended: see struct http_conn_options.
 */
#ifndef PARLEY_HTTP_CONN_H
#define PARLEY_HTTP_CONN_H

#include "http_head.h"
#include "ws_loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_conn;
struct http_conns;
struct http_cors;
struct lws;
struct peer;

enum {
    HTTP_BODY_MS_MAX = 120000,           /* for the whole of a body */
    HTTP_DISCARDED_BYTES_MAX = 16 << 20, /* of a body that is refused */
    HTTP_LINGER_MS = 2000,               /* for a client to read why, and to end */
};

enum http_port { HTTP_PUBLIC, HTTP_INTERNAL };

struct http_conn_options {
    int64_t request_ms;  /* for a head; and how long octets are counted for the least rate */
    int64_t idle_ms;     /* between two requests; 0: no limit */
    int64_t bytes_per_s; /* at least, of bodies and answers; 0: no limit */
};

struct http_conn_events {
    /* Is it a handshake that libwebsockets may have? */
    bool (*is_handshake)(void *context, struct http_conn *conn, const struct http_head *head);
    /* It was one, and is read; from now on the connection belongs to who is told so. Not over
     * TLS. */
    void (*on_handshake)(void *context, int socket, const struct http_head *head);
    /* Another request; it is to be answered, now or later. */
    void (*on_request)(void *context, struct http_conn *conn);
};

/* What is to be told to who answers; each may be NULL. */
struct http_handler {
    /* All of the body; *stolen*. */
    void (*on_body)(void *owner, struct http_conn *conn, char *body, size_t length);
    /* So much memory is about to be taken for it. False: refused by on_grow itself. */
    bool (*on_grow)(void *owner, struct http_conn *conn, size_t bytes);
    /* All that was sent is with the system. */
    void (*on_writable)(void *owner, struct http_conn *conn);
    /* The answer is out, or the connection is gone. Once for each http_conn_begin. */
    void (*on_over)(void *owner, struct http_conn *conn);
};

/* All are borrowed for the life of it. cors: of the public port. *new* */
struct http_conns *http_conns_create(struct ws_loop *ws_loop,
                                     const struct http_conn_options *options,
                                     const struct http_cors *cors,
                                     const struct http_conn_events *events, void *context);
/* Takes NULL. Those that libwebsockets has are gone; the others are closed. */
void http_conns_destroy(struct http_conns *conns);

/* At the end of each turn: who is too slow? */
void http_conns_turn(struct http_conns *conns);

/* One was accepted, and opened at ws_loop. What it has sent already is heard at once. */
void http_conns_open(struct http_conns *conns, int socket, enum http_port port);

/* What ws_loop is told of. One that libwebsockets has accepted has something to be read. */
enum ws_loop_reader http_conns_hear_tls(struct http_conns *conns, struct lws *wsi, int socket,
                                        enum http_port port);
enum ws_loop_reader http_conn_readable(struct http_conn *conn);
void http_conn_writable(struct http_conn *conn);
void http_conn_gone(struct http_conn *conn);

/* -------------------------------------------------------------------------- for who answers */

int http_conn_socket(const struct http_conn *conn);
bool http_conn_is_tls(const struct http_conn *conn);
struct lws *http_conn_wsi(const struct http_conn *conn); /* NULL: without TLS */
/* NULL: no page may read what is answered. */
const struct http_cors *http_conn_cors(const struct http_conn *conn);
enum http_port http_conn_port(const struct http_conn *conn);
/* Of the request that is being answered. */
const struct http_head *http_conn_head(const struct http_conn *conn);

/* handler and owner are borrowed until on_over. */
void http_conn_begin(struct http_conn *conn, const struct http_handler *handler, void *owner,
                     void *context);
void *http_conn_context(const struct http_conn *conn);

/* Has the body read; one that is longer than max is refused with 413. */
void http_conn_read_body(struct http_conn *conn, size_t max);

/* The connection ends with the answer to this request, if only because a body is still
 * coming. */
bool http_conn_is_last(struct http_conn *conn);

/* A part of the answer. */
void http_conn_send(struct http_conn *conn, const char *bytes, size_t length);
/* on_writable is to be called when the system has all of it. */
void http_conn_await_room(struct http_conn *conn);
/* That was all of it. is_last: the connection is to end. */
void http_conn_finish(struct http_conn *conn, bool is_last);
/* Without a word. */
void http_conn_abort(struct http_conn *conn);

#endif
