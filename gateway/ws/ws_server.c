/*
 * ws_server - both ports of a node, on libwebsockets; see ws_server.h.
 *
 * libwebsockets's own timers per connection are kept off the established ones (it keeps them
 * in a sorted list, which would make a handshake slower with each connection there is):
 * heartbeats are the chat's, on its timing wheel.
 * Connections are accepted and limited by ws_accept and ws_admission.
 */
#include "ws_server.h"

#include "chat.h"
#include "files.h"
#include "http_api.h"
#include "http_call.h"
#include "http_cors.h"
#include "http_files.h"
#include "http_peer.h"
#include "http_response.h"
#include "http_routes.h"
#include "limit.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "network.h"
#include "transport.h"
#include "worker_page.h"
#include "ws_accept.h"
#include "ws_admission.h"
#include "ws_assembly.h"
#include "ws_conn.h"
#include "ws_early.h"
#include "ws_handshake.h"
#include "ws_loop.h"
#include "ws_tls.h"

#include <libwebsockets.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    RX_BUFFER_BYTES = 16,      /* allocated for each connection, and not used: see ws_conn.c */
    TX_PACKET_BYTES = 1 << 20, /* what one write may hand to the kernel */
    SERVICE_BUFFER_BYTES = 16384,
    HEADER_BYTES_MAX = 8192, /* of one request */
    PATH_BYTES_MAX = 512,
};

struct ws_server {
    const struct ws_server_options *options;
    struct ws_loop *ws_loop;
    struct lws_context *context;
    struct lws_vhost *public_vhost;
    struct lws_protocols public_protocols[2];
    struct lws_protocols internal_protocols[2];
    struct http_state http;
    struct http_cors cors;
    struct http_api *api;
    struct http_files *files; /* NULL: off */
    struct ws_admission *admission;
    struct ws_assemblies *assemblies;
    struct ws_early *early;
    struct ws_conn_room room;
};

/* What is kept of a connection of the public port. */
union public_connection {
    struct ws_conn conn; /* once it is a WebSocket */
    struct http_files_slot files;
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

static void on_asking(void *context, struct lws *wsi, int descriptor)
{
    const struct ws_server *server = context;
    if (lws_get_vhost(wsi) == server->public_vhost &&
        ws_admission_is_pending(server->admission, descriptor))
        ws_early_keep(server->early, wsi);
    else
        ws_early_forget(server->early);
}

static bool on_connecting(void *context, struct lws_vhost *vhost, int listener)
{
    struct ws_server *server = context;
    bool is_public = vhost == server->public_vhost;
    return ws_accept(
        &(struct ws_port_of){
            .vhost = vhost,
            .listener = listener,
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

/* The limits that come before any other work. NULL: not over any. */
static const struct handshake_refusal *check_admission(struct lws *wsi)
{
    struct ws_server *server = server_of(wsi);
    struct ws_admission *admission = server->admission;
    struct peer peer;
    if (!ws_admission_take_handshake(admission))
        return &ws_handshake_too_fast;
    if (ws_admission_is_over(admission, lws_get_socket_fd(wsi)))
        return &ws_handshake_too_many;
    if (server->options->admission.trusted_proxies[0] == '\0')
        return NULL;
    http_peer(wsi, server->options->admission.trusted_proxies, &peer);
    return ws_admission_assign(admission, lws_get_socket_fd(wsi), &peer)
               ? NULL
               : &ws_handshake_too_many;
}

/* ---------------------------------------------------------------------------- handshake */

static bool has_room_for_one_more(const struct ws_server_options *options)
{
    int64_t max_of_all = options->max_connections_of_all;
    return (size_t)metrics.connections < options->max_connections &&
           (max_of_all == 0 || workers_connections() < max_of_all);
}

static const struct handshake_refusal not_here = {404, NULL, "no WebSocket on this port"};

/* 0: go on with the handshake; greater: answered. */
static int on_upgrade_asked(struct lws *wsi, const char *protocol)
{
    struct ws_server *server = server_of(wsi);
    bool has_room = has_room_for_one_more(server->options);
    if (strcasecmp(protocol, "websocket") != 0) {
        http_send_error(wsi, 400, NULL, "the only upgrade is to websocket");
        return 1;
    }
    bool is_public = lws_get_vhost(wsi) == server->public_vhost;
    const struct handshake_refusal *refusal = is_public ? check_admission(wsi) : &not_here;
    if (!refusal)
        refusal = ws_handshake_check(wsi, server->options, has_room, server->http.is_draining);
    if (!refusal)
        return 0;
    metrics.handshakes_refused_total++;
    if (!has_room)
        limit_hit(LIMIT_max_connections);
    log_debug("handshake_refused", kv_int("status", refusal->status),
              kv_str("err", refusal->message));
    http_send_error(wsi, refusal->status, refusal->header, refusal->message);
    return 1;
}

static int on_established(struct lws *wsi, struct ws_conn *conn)
{
    struct ws_server *server = server_of(wsi);
    char channel[CHANNEL_NAME_BYTES_MAX + 1];
    char token[HEADER_BYTES_MAX];
    unsigned char *octets;
    if (!ws_handshake_channel(wsi, channel))
        return -1; /* was checked before the upgrade */
    int length = lws_get_urlarg_by_name_safe(wsi, "token=", token, sizeof(token));
    ws_conn_open(conn, wsi, &server->room, ws_handshake_dialect(wsi, server->options),
                 &(struct chat_request){channel, length > 0 ? token : NULL,
                                        ws_handshake_wants_hello(wsi)});
    if (length > 0)
        explicit_bzero(token, (size_t)length);
    ws_admission_settle(server->admission, lws_get_socket_fd(wsi));
    size_t count = ws_early_take(server->early, &octets);
    ws_conn_take_early(conn, octets, count);
    return 0;
}

/* The path as a text; cut where no path of ours is that long. */
static void copy_path(char text[PATH_BYTES_MAX], const char *path, size_t length)
{
    if (length >= PATH_BYTES_MAX)
        length = PATH_BYTES_MAX - 1;
    memcpy(text, path, length);
    text[length] = '\0';
}

static int on_internal_http(struct lws *wsi, struct http_call *call, const char *path,
                            size_t length)
{
    struct ws_server *server = server_of(wsi);
    char text[PATH_BYTES_MAX];
    copy_path(text, path, length);
    if (http_api_is_path(text))
        return http_api_begin(server->api, call, wsi, text);
    return http_route(wsi, HTTP_INTERNAL, &server->http, text);
}

static int on_public_http(struct lws *wsi, struct http_files_slot *slot, const char *path,
                          size_t length)
{
    struct ws_server *server = server_of(wsi);
    char text[PATH_BYTES_MAX];
    ws_admission_settle(server->admission, lws_get_socket_fd(wsi));
    ws_early_forget(server->early);
    if (ws_admission_is_over(server->admission, lws_get_socket_fd(wsi)))
        return http_refuse(wsi, ws_handshake_too_many.status, ws_handshake_too_many.header,
                           ws_handshake_too_many.message);
    if (http_files_is_busy(slot))
        return -1;
    copy_path(text, path, length);
    if (server->files && http_files_is_path(text) && !http_cors_is_preflight(wsi))
        return http_files_begin(server->files, slot, wsi, text, server->http.is_draining);
    return http_route(wsi, HTTP_PUBLIC, &server->http, text);
}

static int on_public_file(struct lws *wsi, enum lws_callback_reasons reason,
                          struct http_files_slot *slot, const char *bytes, size_t length)
{
    struct http_files *files = server_of(wsi)->files;
    if (!files || !slot)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_HTTP_BODY:
        return http_files_read(slot, bytes, length);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return http_files_complete(files, slot);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return http_files_writable(files, slot);
    case LWS_CALLBACK_CLOSED_HTTP:
        http_files_closed(files, slot);
        return 0;
    default:
        return 0;
    }
}

/* ----------------------------------------------------------- what libwebsockets calls us */

static int on_public(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                     size_t length)
{
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return http_files_is_busy(user) ? -1 : on_upgrade_asked(wsi, in);
    case LWS_CALLBACK_ESTABLISHED:
        return on_established(wsi, user);
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
    case LWS_CALLBACK_HTTP:
        return on_public_http(wsi, user, in, length);
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_CLOSED_HTTP:
        return on_public_file(wsi, reason, user, in, length);
    case LWS_CALLBACK_RAW_ADOPT: /* what CONNECT would turn a connection into */
    case LWS_CALLBACK_RAW_RX:
        return -1;
    default:
        return 0;
    }
}

static int on_internal(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t length)
{
    struct http_api *api = server_of(wsi)->api;
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return on_upgrade_asked(wsi, in);
    case LWS_CALLBACK_HTTP:
        return on_internal_http(wsi, user, in, length);
    case LWS_CALLBACK_HTTP_BODY:
        return http_call_read(user, in, length);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return http_api_complete(api, user);
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        ws_tls_set_up(server_of(wsi)->options->internal_tls, user);
        return 0;
    case LWS_CALLBACK_CLOSED_HTTP:
        if (user)
            http_api_closed(api, user);
        return 0;
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
        return -1;
    default:
        return 0;
    }
}

static void on_lws_log(int level, const char *line)
{
    char text[256];
    size_t length = strcspn(line, "\n");
    (void)level;
    if (length >= sizeof(text))
        length = sizeof(text) - 1;
    memcpy(text, line, length);
    text[length] = '\0';
    log_debug("libwebsockets", kv_str("says", text));
}

/* -------------------------------------------------------------------------------- life */

static unsigned int handshake_timeout_s(const struct ws_server *server)
{
    return (unsigned int)((server->options->handshake_timeout_ms + 999) / 1000);
}

static struct lws_context *create_context(struct ws_server *server)
{
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof(info));
    info.options =
        LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME;
    info.user = server;
    info.pt_serv_buf_size = SERVICE_BUFFER_BYTES;
    info.max_http_header_data2 = HEADER_BYTES_MAX;
    info.timeout_secs = handshake_timeout_s(server);
    ws_tls_prepare(server->options->tls ? server->options->tls : server->options->internal_tls,
                   &info);
    ws_loop_prepare(server->ws_loop, &info);
    return lws_create_context(&info);
}

/* What a port does, and what it remembers of a connection. */
static void describe_port(struct lws_protocols *protocols, lws_callback_function *callback,
                          size_t bytes)
{
    protocols[0] = (struct lws_protocols){
        .name = "parley",
        .callback = callback,
        .per_session_data_size = bytes,
        .rx_buffer_size = RX_BUFFER_BYTES,
        .tx_packet_size = TX_PACKET_BYTES,
    };
}

static struct lws_vhost *create_vhost(struct ws_server *server, const char *name,
                                      const struct address *address,
                                      const struct lws_protocols *protocols,
                                      struct http_cors *cors, const struct ws_tls *tls)
{
    /* zeros: no validity timer per connection */
    static const lws_retry_bo_t no_timers = {.secs_since_valid_ping = 0};
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof(info));
    info.vhost_name = name;
    info.port = address->port;
    info.iface = address->is_any ? NULL : address->host;
    info.protocols = protocols;
    info.user = cors;
    info.retry_and_idle_policy = &no_timers;
    info.timeout_secs_ah_idle = handshake_timeout_s(server);
    info.options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
    ws_tls_prepare(tls, &info);
    if (!address->is_ipv6)
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    if (server->options->is_port_shared)
        info.options |= LWS_SERVER_OPTION_ALLOW_LISTEN_SHARE;
    struct lws_vhost *vhost = lws_create_vhost(server->context, &info);
    if (vhost)
        log_info("listening", kv_str("port", name), kv_str("address", address->host),
                 kv_int("number", address->port), kv_str("tls", tls ? "yes" : "no"));
    return vhost;
}

static bool listen_on(struct ws_server *server, char **ret_error)
{
    const struct ws_server_options *options = server->options;
    describe_port(server->public_protocols, on_public, sizeof(union public_connection));
    describe_port(server->internal_protocols, on_internal, sizeof(struct http_call));
    server->public_vhost = create_vhost(server, "public", &options->listen,
                                        server->public_protocols, &server->cors, options->tls);
    if (!server->public_vhost) {
        *ret_error = mem_printf("--listen: cannot listen on %s:%d", options->listen.host,
                                options->listen.port);
        return false;
    }
    if (create_vhost(server, "internal", &options->internal, server->internal_protocols, NULL,
                     options->internal_tls))
        return true;
    *ret_error = mem_printf("--internal: cannot listen on %s:%d", options->internal.host,
                            options->internal.port);
    return false;
}

struct ws_server *ws_server_create(struct loop *loop, const struct ws_server_options *options,
                                   char **ret_error)
{
    struct ws_server *server = mem_zalloc(sizeof(*server));
    lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
    server->options = options;
    server->http.has_page = options->is_page_on && options->is_luchat_on;
    server->http.has_luchat = options->is_luchat_on;
    server->http.has_centrifuge = options->is_centrifuge_on;
    server->cors.allowed_origins = options->allowed_origins;
    server->api = http_api_create(options->hub, options->api_key);
    if (files_are_on(options->hub))
        server->files = http_files_create(options->hub, &options->uploads);
    server->admission = ws_admission_create(&options->admission);
    server->assemblies = ws_assemblies_create();
    server->early = ws_early_create(SERVICE_BUFFER_BYTES);
    server->ws_loop = ws_loop_create(
        loop, options->admission.descriptor_limit,
        &(struct ws_loop_events){server, on_connecting, on_closed, on_asking, on_readable});
    server->context = server->ws_loop ? create_context(server) : NULL;
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
    http_files_destroy(server->files);
    http_api_destroy(server->api);
    ws_loop_destroy(server->ws_loop);
    ws_admission_destroy(server->admission);
    ws_assemblies_destroy(server->assemblies);
    ws_early_destroy(server->early);
    free(server);
}

static void end_overdue_messages(struct ws_server *server)
{
    int64_t timeout_ms = server->options->message_timeout_ms;
    struct ws_conn *conn;
    while (timeout_ms > 0 && (conn = ws_assemblies_overdue(server->assemblies, timeout_ms)))
        ws_conn_message_overdue(conn);
}

void ws_server_turn(struct ws_server *server)
{
    end_overdue_messages(server);
    ws_loop_turn(server->ws_loop);
}

static void reload_tls(struct ws_tls *tls, const char *port)
{
    char *error = NULL;
    if (!tls)
        return;
    if (ws_tls_reload(tls, &error))
        log_info("certificate_reloaded", kv_str("port", port));
    else
        log_error("certificate_not_reloaded", kv_str("port", port), kv_str("err", error),
                  kv_str("next", "the one before stays in use"));
    free(error);
}

void ws_server_reload_tls(struct ws_server *server)
{
    reload_tls(server->options->tls, "public");
    reload_tls(server->options->internal_tls, "internal");
}

void ws_server_drain(struct ws_server *server)
{
    server->http.is_draining = true;
}
