/*
 * ws_server - both ports of a node, on libwebsockets; see ws_server.h.
 *
 * libwebsockets's own timers per connection are kept off the established ones (it keeps them
 * in a sorted list, which would make a handshake slower with each connection there is):
 * heartbeats are the chat's, on its timing wheel.
 * Connections are accepted and limited by ws_accept and ws_admission.
 */
#include "ws_server.h"

#include "files.h"
#include "http_api.h"
#include "http_conn.h"
#include "http_cors.h"
#include "http_debug.h"
#include "http_files.h"
#include "http_response.h"
#include "http_routes.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "transport.h"
#include "ws_accept.h"
#include "ws_admission.h"
#include "ws_assembly.h"
#include "ws_conn.h"
#include "ws_handshake.h"
#include "ws_loop.h"
#include "ws_opening.h"
#include "ws_port.h"
#include "ws_tls.h"

#include <libwebsockets.h>

#include <stdlib.h>
#include <string.h>

enum {
    SERVICE_BUFFER_BYTES = 16384,
    HEADER_BYTES_MAX = HTTP_HEAD_BYTES_MAX + 1024, /* libwebsockets keeps some words more */
};

struct ws_server {
    const struct ws_server_options *options;
    struct ws_loop *ws_loop;
    struct lws_context *context;
    struct lws_vhost *public_vhost;
    struct ws_port_room port_rooms[2]; /* by enum ws_port */
    struct http_conns *conns;
    struct http_state http;
    struct http_cors cors;
    struct ws_opening *opening;
    struct http_api *api;
    struct http_files *files; /* NULL: off */
    struct ws_admission *admission;
    struct ws_assemblies *assemblies;
    struct ws_conn_room room;
};

static struct ws_server *server_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

static void on_readable(void *owner)
{
    ws_conn_readable(owner);
}

/* --------------------------------------------------------------------------- admission */

static bool on_connecting(void *context, struct lws_vhost *vhost, int listener)
{
    struct ws_server *server = context;
    bool is_public = vhost == server->public_vhost;
    return ws_accept(
        &(struct ws_port_of){
            .vhost = vhost,
            .listener = listener,
            .conns = server->conns,
            .port = is_public ? WS_PORT_PUBLIC : WS_PORT_INTERNAL,
            .is_tls = (is_public ? server->options->tls : server->options->internal_tls),
        },
        server->admission, server->ws_loop);
}

static void on_closed(void *context, int descriptor)
{
    const struct ws_server *server = context;
    ws_admission_leave(server->admission, descriptor);
}

static int64_t number_of(const struct ws_server *server, const struct http_conn *conn)
{
    return ws_loop_connection(server->ws_loop, http_conn_socket(conn));
}

static bool is_handshake(void *context, struct http_conn *conn, const struct http_head *head)
{
    const struct ws_server *server = context;
    if (!ws_opening_is_welcome(server->opening, conn, head, server->http.is_draining))
        return false;
    log_event(handshake_read, kv_int("connection", number_of(server, conn)));
    return true;
}

static void on_handshake(void *context, int socket, const struct http_head *head)
{
    const struct ws_server *server = context;
    ws_opening_give(server->opening, server->public_vhost, socket, head);
}

/* ---------------------------------------------------------------------------- plain HTTP */

static void refuse_handshake(const struct ws_server *server, struct http_conn *conn,
                             const struct handshake_refusal *refusal)
{
    metrics.handshakes_refused_total++;
    log_event(handshake_refused, kv_int("connection", number_of(server, conn)),
              kv_int("status", refusal->status), kv_str("err", refusal->message));
    http_refuse(conn, refusal->status, refusal->header, refusal->message);
}

static void on_internal_request(struct ws_server *server, struct http_conn *conn,
                                const char *path)
{
    if (http_api_is_path(path))
        http_api_begin(server->api, conn, path);
    else if (http_debug_is_path(path))
        http_debug_answer(conn, server->api, server->options->hub, path);
    else
        http_route(conn, &server->http);
}

static bool takes_websockets(const struct ws_server *server, const struct http_head *head)
{
    const struct ws_endpoint *endpoint = ws_handshake_endpoint(head, server->options);
    return endpoint && endpoint->path && !endpoint->is_off;
}

static void on_public_request(struct ws_server *server, struct http_conn *conn,
                              const char *path)
{
    const struct http_head *head = http_conn_head(conn);
    const struct handshake_refusal *refusal = ws_opening_refusal(server->opening);
    ws_admission_settle(server->admission, http_conn_socket(conn));
    if (refusal)
        refuse_handshake(server, conn, refusal);
    else if (ws_admission_is_over(server->admission, http_conn_socket(conn)))
        http_refuse(conn, ws_handshake_too_many.status, ws_handshake_too_many.header,
                    ws_handshake_too_many.message);
    else if (!http_cors_is_host_welcome(conn, head))
        http_refuse(conn, 421, NULL, "this host is not one of ours; see allowed-hosts");
    else if (server->files && http_files_is_path(path) && !http_cors_is_preflight(conn))
        http_files_begin(server->files, conn, path, server->http.is_draining);
    else if (takes_websockets(server, head) && !http_cors_is_preflight(conn))
        http_refuse(conn, 426, "Upgrade: websocket", "this address takes WebSockets");
    else
        http_route(conn, &server->http);
}

static void on_request(void *context, struct http_conn *conn)
{
    struct ws_server *server = context;
    const char *path = http_head_path(http_conn_head(conn));
    if (http_conn_port(conn) == HTTP_INTERNAL)
        on_internal_request(server, conn, path);
    else
        on_public_request(server, conn, path);
}

static enum ws_loop_reader on_asking(void *context, struct lws *wsi)
{
    const struct ws_server *server = context;
    bool is_public = lws_get_vhost(wsi) == server->public_vhost;
    return http_conns_hear_tls(server->conns, wsi, lws_get_socket_fd(wsi),
                               is_public ? HTTP_PUBLIC : HTTP_INTERNAL);
}

static enum ws_loop_reader on_http_readable(void *http)
{
    return http_conn_readable(http);
}

static void on_http_writable(void *http)
{
    http_conn_writable(http);
}

static void on_http_gone(void *http)
{
    http_conn_gone(http);
}

/* ----------------------------------------------------------- what libwebsockets calls us */

/* Plain HTTP never comes here: see http_conn.h. */
static int on_public(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                     size_t length)
{
    (void)in;
    (void)length;
    switch (reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return ws_opening_is_of(server_of(wsi)->opening, wsi) ? 0 : -1;
    case LWS_CALLBACK_ESTABLISHED:
        ws_opening_finish(server_of(wsi)->opening, wsi, user, &server_of(wsi)->room);
        return 0;
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
        ws_conn_is_ending(user);
        return 0;
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        ws_tls_set_up(server_of(wsi)->options->tls, user);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return ws_conn_writable(user);
    case LWS_CALLBACK_CLOSED:
        ws_conn_closed(user);
        return 0;
    case LWS_CALLBACK_RECEIVE: /* a frame that came while it read the handshake is lost */
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
        return -1;
    default:
        return 0;
    }
}

static int on_internal(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t length)
{
    (void)in;
    (void)length;
    switch (reason) {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        ws_tls_set_up(server_of(wsi)->options->internal_tls, user);
        return 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
        return -1;
    default:
        return 0;
    }
}

/* -------------------------------------------------------------------------------- life */

static unsigned int handshake_timeout_s(const struct ws_server *server)
{
    return (unsigned int)((server->options->handshake_timeout_ms + 999) / 1000);
}

/* *ret_error is *new*. */
static struct lws_vhost *open_port(struct ws_server *server, enum ws_port port,
                                   char **ret_error)
{
    const struct ws_server_options *options = server->options;
    bool is_public = port == WS_PORT_PUBLIC;
    struct ws_port_options port_options = {
        .name = is_public ? "public" : "internal",
        .address = is_public ? &options->listen : &options->internal,
        .callback = is_public ? on_public : on_internal,
        .connection_bytes = is_public ? sizeof(struct ws_conn) : 0,
        .tls = is_public ? options->tls : options->internal_tls,
        .is_shared = options->is_port_shared,
        .timeout_s = handshake_timeout_s(server),
    };
    struct lws_vhost *vhost =
        ws_port_open(server->context, &server->port_rooms[port], &port_options);
    if (!vhost)
        *ret_error =
            mem_printf("%s: cannot listen on %s:%d", is_public ? "--listen" : "--internal",
                       port_options.address->host, port_options.address->port);
    return vhost;
}

static bool listen_on(struct ws_server *server, char **ret_error)
{
    server->public_vhost = open_port(server, WS_PORT_PUBLIC, ret_error);
    return server->public_vhost && open_port(server, WS_PORT_INTERNAL, ret_error);
}

static const struct http_conn_events conn_events = {
    .is_handshake = is_handshake,
    .on_handshake = on_handshake,
    .on_request = on_request,
};

struct ws_server *ws_server_create(struct loop *loop, const struct ws_server_options *options,
                                   char **ret_error)
{
    struct ws_server *server = mem_zalloc(sizeof(*server));
    server->options = options;
    server->http.has_page = options->is_page_on;
    server->cors = (struct http_cors){options->allowed_origins, options->allowed_hosts,
                                      options->files.rule};
    server->api = http_api_create(options->hub, options->api_key);
    if (files_are_on(options->hub))
        server->files = http_files_create(options->hub, &options->files);
    server->admission = ws_admission_create(&options->admission);
    server->assemblies = ws_assemblies_create();
    server->ws_loop = ws_loop_create(loop, options->admission.descriptor_limit,
                                     &(struct ws_loop_events){
                                         .context = server,
                                         .on_connecting = on_connecting,
                                         .on_closed = on_closed,
                                         .on_asking = on_asking,
                                         .on_http_readable = on_http_readable,
                                         .on_http_writable = on_http_writable,
                                         .on_http_gone = on_http_gone,
                                         .on_readable = on_readable,
                                     });
    server->opening =
        ws_opening_create(options, server->ws_loop, server->admission, SERVICE_BUFFER_BYTES);
    server->conns =
        http_conns_create(server->ws_loop, &options->http, &server->cors, &conn_events, server);
    if (server->ws_loop) {
        server->context =
            ws_context_create(server, server->ws_loop,
                              &(struct ws_context_options){
                                  handshake_timeout_s(server), HEADER_BYTES_MAX,
                                  SERVICE_BUFFER_BYTES, options->tls || options->internal_tls});
    }
    if (!server->context) {
        *ret_error = mem_strdup("libwebsockets cannot start");
        ws_server_destroy(server);
        return NULL;
    }
    ws_loop_bind(server->ws_loop, server->context);
    server->room = (struct ws_conn_room){
        .limits = options->limits,
        .hub = options->hub,
        .assemblies = server->assemblies,
        .ws_loop = server->ws_loop,
    };
    if (listen_on(server, ret_error))
        return server;
    ws_server_destroy(server);
    return NULL;
}

void ws_server_destroy(struct ws_server *server)
{
    if (!server)
        return;
    if (server->context)
        lws_context_destroy(server->context);
    http_conns_destroy(server->conns);
    http_files_destroy(server->files);
    http_api_destroy(server->api);
    ws_loop_destroy(server->ws_loop);
    ws_admission_destroy(server->admission);
    ws_assemblies_destroy(server->assemblies);
    ws_opening_destroy(server->opening);
    free(server);
}

/* The oldest first: honest ones do not get old. */
static void end_unfinished_messages(struct ws_server *server)
{
    int64_t timeout_ms = server->options->message_timeout_ms;
    struct ws_conn *conn;
    while (timeout_ms > 0 && (conn = ws_assemblies_overdue(server->assemblies, timeout_ms)))
        ws_conn_message_overdue(conn);
    size_t most = server->options->unfinished_bytes_max;
    while (most > 0 && metrics.unfinished_bytes > (int64_t)most &&
           (conn = ws_assemblies_oldest(server->assemblies)))
        ws_conn_message_crowds_out(conn);
}

void ws_server_turn(struct ws_server *server)
{
    end_unfinished_messages(server);
    http_conns_turn(server->conns);
    ws_loop_turn(server->ws_loop);
}

void ws_server_reload_tls(struct ws_server *server)
{
    ws_tls_reload(server->options->tls);
    ws_tls_reload(server->options->internal_tls);
}

void ws_server_drain(struct ws_server *server)
{
    server->http.is_draining = true;
}
