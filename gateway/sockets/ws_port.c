/*
 * ws_port - libwebsockets and the ports of the node; see ws_port.h.
 */
#include "ws_port.h"

#include "address.h"
#include "log.h"
#include "ws_loop.h"
#include "ws_tls.h"

#include <string.h>

enum {
    RX_BUFFER_BYTES = 16,      /* allocated for each connection, and not used: see ws_conn.c */
    TX_PACKET_BYTES = 1 << 20, /* what one write may hand to the kernel */
};

static void on_lws_log(int level, const char *line)
{
    char text[256];
    size_t length = strcspn(line, "\n");
    (void)level;
    if (length >= sizeof(text))
        length = sizeof(text) - 1;
    memcpy(text, line, length);
    text[length] = '\0';
    log_event(libwebsockets, kv_str("says", text));
}

void ws_port_log(void)
{
    lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
}

void ws_port_log_less(void)
{
    lws_set_log_level(LLL_WARN, on_lws_log);
}

struct lws_context *ws_context_create(void *user, struct ws_loop *ws_loop,
                                      const struct ws_context_options *options)
{
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof(info));
    ws_port_log();
    info.options =
        LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME;
    if (options->has_tls)
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.user = user;
    info.pt_serv_buf_size = (unsigned int)options->buffer_bytes;
    info.max_http_header_data2 = (unsigned int)options->header_bytes_max;
    info.timeout_secs = options->timeout_s;
    ws_loop_prepare(ws_loop, &info);
    return lws_create_context(&info);
}

struct lws_vhost *ws_port_open(struct lws_context *context, struct ws_port_room *room,
                               const struct ws_port_options *options)
{
    /* zeros: no validity timer per connection */
    static const lws_retry_bo_t no_timers = {.secs_since_valid_ping = 0};
    const struct address *address = options->address;
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof(info));
    room->protocols[0] = (struct lws_protocols){
        .name = "parley",
        .callback = options->callback,
        .per_session_data_size = options->connection_bytes,
        .rx_buffer_size = RX_BUFFER_BYTES,
        .tx_packet_size = TX_PACKET_BYTES,
    };
    info.vhost_name = options->name;
    info.port = address->port;
    info.iface = address->is_any ? NULL : address->host;
    info.protocols = room->protocols;
    info.retry_and_idle_policy = &no_timers;
    info.timeout_secs_ah_idle = options->timeout_s;
    info.options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
    ws_tls_prepare(options->tls, &info);
    if (!address->is_ipv6)
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    if (options->is_shared)
        info.options |= LWS_SERVER_OPTION_ALLOW_LISTEN_SHARE;
    struct lws_vhost *vhost = lws_create_vhost(context, &info);
    if (vhost)
        log_event(listening, kv_str("port", options->name), kv_str("address", address->host),
                  kv_int("number", address->port), kv_str("tls", options->tls ? "yes" : "no"));
    return vhost;
}
