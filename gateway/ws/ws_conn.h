/*
 * ws_conn - one WebSocket connection: messages put together, bytes written, close frames.
 *
 * Lives in the memory that libwebsockets keeps for each connection.
 */
#ifndef PARLEY_WS_CONN_H
#define PARLEY_WS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chat_request;
struct dialect;
struct hub;
struct lws;
struct session;

enum {
    FRAGMENTS_MAX = 64, /* of one message */
};

struct ws_conn {
    struct lws *wsi;
    struct session *session; /* NULL: not a WebSocket (yet), or no more */
    char *partial;           /* of a message that comes in pieces; NULL: none */
    char *close_reason;      /* *new*; NULL: none asked for */
    uint32_t partial_length;
    uint32_t partial_capacity;
    uint16_t fragment_count;
    uint16_t close_code; /* to be sent when the connection can take it; 0: none */
    int socket;          /* bytes go straight to it; -1: only by way of libwebsockets */
    bool is_closing;     /* nothing may be written any more */
    bool has_received;   /* a piece of a message at least */
};

/* The handshake is done. */
void ws_conn_open(struct ws_conn *conn, struct lws *wsi, struct hub *hub,
                  const struct dialect *dialect, const struct chat_request *request);
/* A piece of a message. */
void ws_conn_receive(struct ws_conn *conn, const char *bytes, size_t length,
                     size_t max_message_bytes);
/* Non-zero: libwebsockets is to close the connection. */
int ws_conn_writable(struct ws_conn *conn);
/* The peer sent its close frame. Non-zero: it is answered with another than its own. */
int ws_conn_peer_closes(struct ws_conn *conn, const char *payload, size_t length);
void ws_conn_closed(struct ws_conn *conn);

#endif
