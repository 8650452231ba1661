/*
 * ws_handshake - may this request become a WebSocket? The opening handshake's rules, RFC 6455
 * section 4.2.1, and ours: path, origin, room.
 *
 * libwebsockets drops what it does not like without a word; here each gets an answer that
 * says what was wrong, and libwebsockets sees only what is welcome.
 */
#ifndef PARLEY_WS_HANDSHAKE_H
#define PARLEY_WS_HANDSHAKE_H

#include "chat.h"
#include "names.h"

#include <stdbool.h>
#include <stddef.h>

struct http_conn;
struct http_head;
struct ws_endpoint;
struct ws_server_options;

enum { WS_HANDSHAKE_BYTES_MAX = 512 };

struct handshake_refusal {
    int status;         /* HTTP */
    const char *header; /* a header line that belongs to it, or NULL */
    const char *message;
};

/* More handshakes a second than --handshakes-per-s, more connections of the address than
 * --connections-per-address. */
extern const struct handshake_refusal ws_handshake_too_fast;
extern const struct handshake_refusal ws_handshake_too_many;
/* ws_handshake_channel says no. */
extern const struct handshake_refusal ws_handshake_wrong_channel;

/* Is it a handshake at all? An Upgrade of another kind, or on another address, is an offer that
 * may be passed over (RFC 9110, 7.8). */
bool ws_handshake_is_one(const struct http_head *head, const struct ws_server_options *options);

/* NULL: welcome, if its channel is one. */
const struct handshake_refusal *ws_handshake_check(const struct http_conn *conn,
                                                   const struct http_head *head,
                                                   const struct ws_server_options *options,
                                                   bool has_room, bool is_draining);

/* What is served at the request's path; NULL: nothing ever is. */
const struct ws_endpoint *ws_handshake_endpoint(const struct http_head *head,
                                                const struct ws_server_options *options);

/* The channel asked for with ?channel=, or lobby. False: it is no name for a channel. */
__attribute__((warn_unused_result)) bool
ws_handshake_channel(const struct http_head *head,
                     char ret_channel[CHANNEL_NAME_BYTES_MAX + 1]);

/* ?hello=1: see chat_request. */
bool ws_handshake_wants_hello(const struct http_head *head);

/* Is it written so that libwebsockets reads the same out of it? Over TLS it must. */
bool ws_handshake_is_plain(const struct http_head *head);
/* What libwebsockets has to know of one that was found welcome, to answer it. Answers how long
 * it is. */
size_t ws_handshake_print(const struct http_head *head, char out[WS_HANDSHAKE_BYTES_MAX]);

#endif
