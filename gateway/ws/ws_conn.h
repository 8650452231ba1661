/*
 * ws_conn - one WebSocket connection: messages put together, bytes written, close frames.
 *
 * Lives in the memory that libwebsockets keeps for each connection. From the handshake on its
 * bytes are read here (ws_frames), not by libwebsockets, which takes frames without masks,
 * answers one of several pings, and ends some connections without saying why.
 */
#ifndef PARLEY_WS_CONN_H
#define PARLEY_WS_CONN_H

#include "ws_frames.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chat_request;
struct dialect;
struct hub;
struct lws;
struct session;
struct ws_assemblies;
struct ws_assembly;
struct ws_loop;

enum { WS_FRAGMENTS_MAX = 64 }; /* of one message, where nothing else is asked for */

struct ws_conn_limits {
    size_t message_bytes;
    size_t fragments; /* of one message */
};

/* What all connections share. */
struct ws_conn_room {
    struct ws_conn_limits limits;
    struct hub *hub;
    struct ws_assemblies *assemblies;
    struct ws_loop *ws_loop;
};

struct ws_conn {
    struct lws *wsi;
    struct session *session; /* NULL: not a WebSocket (yet), or no more */
    const struct ws_conn_room *room;
    struct ws_assembly *assembly; /* of a message that comes in pieces; NULL: none */
    char *close_reason;           /* *new*; NULL: none */
    unsigned char *held; /* bytes read and not yet looked at, their count first; NULL: none */
    unsigned char
        *pong; /* an answer that the socket did not take, its length first; NULL: none */
    struct ws_frames frames;
    uint16_t close_code;     /* to be sent, when is_close_due; 0: none */
    uint8_t kept_kib;        /* of a frame that libwebsockets has yet to send */
    int socket;              /* bytes go straight to it; -1: only by way of libwebsockets */
    bool is_paused : 1;      /* nothing is read */
    bool is_closing : 1;     /* nothing may be written any more, but the close frame */
    bool is_close_due : 1;   /* to be sent as soon as the connection can take it */
    bool is_close_sent : 1;  /* what comes now is thrown away, up to the peer's close frame */
    bool is_peer_closed : 1; /* its close frame came, or what it says makes no sense */
    bool is_broken : 1;      /* its frames cannot be told apart any more */
    bool is_given_up : 1;    /* libwebsockets is about to end it */
    bool has_more : 1;       /* to be read, and the socket does not tell of it */
    bool was_early : 1;      /* it sent frames with its handshake */
};

/* The handshake is done; what comes from now on is read here. */
void ws_conn_open(struct ws_conn *conn, struct lws *wsi, const struct ws_conn_room *room,
                  const struct dialect *dialect, const struct chat_request *request);
/* These octets came behind the handshake, and libwebsockets has read them. */
void ws_conn_take_early(struct ws_conn *conn, unsigned char *octets, size_t count);
/* There are bytes to be read, or the stream has ended. */
void ws_conn_readable(struct ws_conn *conn);
/* Non-zero: libwebsockets is to close the connection. */
int ws_conn_writable(struct ws_conn *conn);
/* It has the oldest of the messages not yet complete, and they take too much memory. */
void ws_conn_message_crowds_out(struct ws_conn *conn);
/* The message that has begun takes too long. */
void ws_conn_message_overdue(struct ws_conn *conn);
/* libwebsockets begins to close the connection; not because of us, maybe. */
void ws_conn_is_ending(struct ws_conn *conn);
void ws_conn_closed(struct ws_conn *conn);

#endif
