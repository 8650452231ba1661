/*
 * ws_port - what libwebsockets is told of itself, and of the ports of the node.
 */
#ifndef PARLEY_WS_PORT_H
#define PARLEY_WS_PORT_H

#include <libwebsockets.h>

#include <stdbool.h>
#include <stddef.h>

struct address;
struct ws_loop;
struct ws_tls;

/* What libwebsockets says, in our log as of level debug: errors and warnings, or warnings only.
 */
void ws_port_log(void);
void ws_port_log_less(void);

struct ws_context_options {
    unsigned int timeout_s;  /* for a handshake */
    size_t header_bytes_max; /* of one request */
    size_t buffer_bytes;     /* for what is read; a record of TLS has 16 KiB */
    bool has_tls;
};

/* user: what lws_context_user gives. NULL: it cannot start. To be destroyed with
 * lws_context_destroy. */
struct lws_context *ws_context_create(void *user, struct ws_loop *ws_loop,
                                      const struct ws_context_options *options);

struct ws_port_options {
    const char *name; /* for the log */
    const struct address *address;
    lws_callback_function *callback;
    size_t connection_bytes; /* what is remembered of a WebSocket */
    struct ws_tls *tls;      /* NULL: without */
    bool is_shared;          /* with other workers */
    unsigned int timeout_s;  /* for a request's head */
};

/* What libwebsockets keeps pointing to, all zeros at the start. */
struct ws_port_room {
    struct lws_protocols protocols[2];
};

/* NULL: it cannot be listened on. The room lasts as long as the context. */
struct lws_vhost *ws_port_open(struct lws_context *context, struct ws_port_room *room,
                               const struct ws_port_options *options);

#endif
