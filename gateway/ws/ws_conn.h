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
struct ws_assemblies;
struct ws_assembly;

enum {
    FRAGMENTS_MAX = 64, /* of one message */
};

struct ws_conn {
    struct lws *wsi;
    struct session *session;      /* NULL: not a WebSocket (yet), or no more */
    struct ws_assembly *assembly; /* of a message that comes in pieces; NULL: none */
    char *close_reason;           /* *new*; NULL: none asked for */
    uint16_t close_code;          /* to be sent when the connection can take it; 0: none */
    uint8_t first_look;           /* enum first_look */
    bool is_closing : 1;          /* nothing may be written any more */
    int socket; /* bytes go straight to it; -1: only by way of libwebsockets */
};

/* libwebsockets takes frames with a mask and without; RFC 6455 (5.1) wants one. A client either
 * knows of masks or does not, so a look at the second octet of its first frame will do. */
enum first_look {
    LOOK_AT_TWO,       /* nothing was read yet */
    LOOK_AT_TWO_AWAIT, /* one octet is there, and the system is to tell when there are two */
    LOOK_AT_ONE,       /* the first octet was read */
    LOOK_DONE,
};

/* The handshake is done. */
void ws_conn_open(struct ws_conn *conn, struct lws *wsi, struct hub *hub,
                  const struct dialect *dialect, const struct chat_request *request);
/* These octets came behind the handshake, and are read already. */
void ws_conn_look_at(struct ws_conn *conn, const unsigned char *octets, size_t count);
/* Something is there to be read. False: not yet. */
__attribute__((warn_unused_result)) bool ws_conn_may_be_read(struct ws_conn *conn);
/* A piece of a message. */
void ws_conn_receive(struct ws_conn *conn, const char *bytes, size_t length,
                     size_t max_message_bytes, struct ws_assemblies *assemblies);
/* The message that has begun takes too long. */
void ws_conn_message_overdue(struct ws_conn *conn);
/* Non-zero: libwebsockets is to close the connection. */
int ws_conn_writable(struct ws_conn *conn);
/* The peer sent its close frame. Non-zero: it is answered with another than its own. */
int ws_conn_peer_closes(struct ws_conn *conn, const char *payload, size_t length);
/* libwebsockets begins to close the connection; not because of us, maybe. */
void ws_conn_is_ending(struct ws_conn *conn);
void ws_conn_closed(struct ws_conn *conn);

#endif
