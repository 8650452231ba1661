/*
 * ws_accept - takes in whoever is waiting at a port.
 *
 * libwebsockets listens; its own way to accept would be called again and again, at once and
 * without a word, when the system has no descriptors or memory left. Over TLS it has the
 * connection from now on, else from its handshake on.
 */
#ifndef PARLEY_WS_ACCEPT_H
#define PARLEY_WS_ACCEPT_H

#include "ws_admission.h"

#include <stdbool.h>

struct http_conns;
struct lws_vhost;
struct ws_loop;

struct ws_port_of {
    struct lws_vhost *vhost;
    int listener;             /* descriptor */
    struct http_conns *conns; /* where a connection begins */
    enum ws_port port;
    bool is_tls;
};

/* False: the system is out of something, and the listener is to be left alone for a while. */
__attribute__((warn_unused_result)) bool ws_accept(const struct ws_port_of *port,
                                                   struct ws_admission *admission,
                                                   struct ws_loop *ws_loop);

#endif
