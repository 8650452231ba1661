/*
 * ws_opening - from a request to a WebSocket.
 *
 * One is at it at a time: what a request has asked for is kept from the moment it was found
 * welcome until libwebsockets has made a WebSocket of it, which is at once.
 */
#ifndef PARLEY_WS_OPENING_H
#define PARLEY_WS_OPENING_H

#include <stdbool.h>
#include <stddef.h>

struct handshake_refusal;
struct http_conn;
struct http_head;
struct lws;
struct lws_vhost;
struct ws_admission;
struct ws_conn;
struct ws_conn_room;
struct ws_loop;
struct ws_opening;
struct ws_server_options;

/* All are borrowed for the life of it. buffer_bytes: libwebsockets's service buffer. *new* */
struct ws_opening *ws_opening_create(const struct ws_server_options *options,
                                     struct ws_loop *ws_loop, struct ws_admission *admission,
                                     size_t buffer_bytes);
/* Takes NULL. */
void ws_opening_destroy(struct ws_opening *opening);

/* Is the request a handshake, and welcome? */
bool ws_opening_is_welcome(struct ws_opening *opening, struct http_conn *conn,
                           const struct http_head *head, bool is_draining);
/* Why the last one that was asked about is not; NULL: it is welcome, or no handshake. */
const struct handshake_refusal *ws_opening_refusal(const struct ws_opening *opening);

/* Gives libwebsockets a connection without TLS whose handshake was found welcome. */
void ws_opening_give(struct ws_opening *opening, struct lws_vhost *vhost, int socket,
                     const struct http_head *head);

/* Is it the one that was found welcome? A WebSocket comes of nothing else. */
bool ws_opening_is_of(const struct ws_opening *opening, struct lws *wsi);
/* It is a WebSocket now. */
void ws_opening_finish(struct ws_opening *opening, struct lws *wsi, struct ws_conn *conn,
                       const struct ws_conn_room *room);

#endif
