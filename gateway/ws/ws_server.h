/*
 * ws_server - both ports of a node, on libwebsockets.
 *
 * The public port takes WebSockets, serves the chat page and answers /health; the internal one
 * answers /health, /ready, /metrics and the server API. Translates what libwebsockets says into
 * calls on the chat, no more.
 */
#ifndef PARLEY_WS_SERVER_H
#define PARLEY_WS_SERVER_H

#include "address.h"
#include "http_conn.h"
#include "http_upload.h"
#include "ws_admission.h"
#include "ws_conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broker;
struct dialect;
struct hub;
struct loop;
struct ws_server;
struct ws_tls;

/* Where WebSockets are taken on the public port, and in which dialect. */
struct ws_endpoint {
    const char *path; /* NULL: any */
    const struct dialect *dialect;
    bool is_off; /* known, but not served */
};

struct ws_server_options {
    struct address listen;
    struct address internal;
    const char *allowed_origins; /* separated by commas */
    const struct ws_endpoint *endpoints;
    size_t endpoint_count;
    bool is_page_on;                /* is the chat page served? */
    size_t max_connections;         /* WebSockets of this process; beyond it 503 */
    int64_t max_connections_of_all; /* of all workers; 0: only the line above counts */
    bool is_port_shared;            /* with other workers */
    struct ws_conn_limits limits;
    size_t unfinished_bytes_max;  /* of messages whose end has not come; 0: any number */
    int64_t message_timeout_ms;   /* for one that has begun; 0: none */
    int64_t handshake_timeout_ms; /* in whole seconds */
    struct ws_admission_options admission;
    struct ws_tls *tls;          /* of the public port; NULL: without */
    struct ws_tls *internal_tls; /* of the internal one */
    struct http_files_options files;
    struct http_conn_options http;
    const char *allowed_hosts; /* see http_origin.h */
    const char *api_key;       /* of the server API; "": there is none */
    struct hub *hub;
    const struct broker *broker;
};

/* options are borrowed for the life of the server. NULL: *ret_error says why. *new* */
struct ws_server *ws_server_create(struct loop *loop, const struct ws_server_options *options,
                                   char **ret_error);
/* Open connections are closed without a word. */
void ws_server_destroy(struct ws_server *server);

/* Reads the certificates of both ports anew; says in the log what came of it. */
void ws_server_reload_tls(struct ws_server *server);

/* At the end of each turn of the loop. */
void ws_server_turn(struct ws_server *server);

/* From now on handshakes get 503 and /health says so. */
void ws_server_drain(struct ws_server *server);

#endif
