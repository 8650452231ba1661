/*
 * assembly - puts the layers together from the lowest up, and takes them apart again; see
 * gateway.h. Here options become what each layer is told.
 */
#include "gateway.h"

#include "broker.h"
#include "dialect_centrifuge.h"
#include "dialect_luchat.h"
#include "loop.h"
#include "memory_broker.h"
#include "memory_limit.h"
#include "namespaces.h"
#include "process.h"
#include "token.h"
#include "worker_page.h"
#include "ws_tls.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void on_name_taken(void *context)
{
    struct gateway *gateway = context;
    gateway->exit_code = EXIT_NAME_TAKEN;
    loop_stop(gateway->loop);
}

/* Room for connections that are still shaking hands, and for HTTP: a sixteenth. */
static size_t connections_for(size_t wanted, size_t descriptors)
{
    size_t kept = 32 + descriptors / 16;
    size_t possible = descriptors > 2 * kept ? descriptors - kept : descriptors / 2;
    return wanted == 0 || wanted > possible ? possible : wanted;
}

static void create_broker(struct gateway *gateway)
{
    const struct config *config = &gateway->config;
    gateway->place = process_place(config->listen);
    struct broker_policies policies = namespaces_policies(gateway->namespaces);
    if (!config->redis[0]) {
        gateway->broker = memory_broker_create(gateway->loop, policies);
        return;
    }
    gateway->redis_options = (struct redis_broker_options){
        .url = &gateway->redis_url,
        .ca_file = config->redis_ca,
        .prefix = config->redis_prefix,
        .node = config->node,
        .address = config->listen,
        .instance = workers_life(),
        .dead_instance = workers_life_before(),
        .place = gateway->place,
        .timeout_ms = config->redis_timeout_ms,
        .queue_bytes_max = (size_t)config->redis_queue_bytes,
        .lease_ttl_ms = config->lease_ttl_ms,
        .lease_renew_ms = config->lease_renew_ms,
        .policies = policies,
    };
    gateway->broker = redis_broker_create(gateway->loop, &gateway->redis_options);
}

static struct chat_limits limits_of(const struct config *config)
{
    return (struct chat_limits){
        .commands_in_flight = (size_t)config->commands_in_flight,
        .commands_per_s = config->commands_per_s,
        .publishes_per_s = config->publishes_per_s,
        .publish_bytes_per_s = config->publish_bytes_per_s,
        .reply_bytes = (size_t)config->reply_bytes,
        .channels_per_connection = (size_t)config->channels_per_connection,
        .connections_per_user = (size_t)config->connections_per_user,
        .new_channels_per_minute = config->new_channels_per_minute,
        .names_per_connection = config->names_per_connection,
    };
}

/* Of one process. */
static size_t backlog_bytes(const struct config *config)
{
    if (config->backlog_bytes == 0)
        return memory_limit() / 4 / (size_t)config->workers;
    return (size_t)config->backlog_bytes / (size_t)config->workers;
}

/* One longest file at least. */
static size_t share_of_files(const struct config *config)
{
    int64_t share = config->files_total_bytes * config->files_share_percent / 100;
    int64_t least = config->files_max_bytes + FILES_HEAD_BYTES_MAX;
    if (least < BROKER_FILE_CHARGE_MIN)
        least = BROKER_FILE_CHARGE_MIN;
    if (config->files_share_percent == 0)
        return 0;
    return (size_t)(share > least ? share : least);
}

static void create_chat(struct gateway *gateway)
{
    const struct config *config = &gateway->config;
    gateway->files_options = (struct files_options){
        .max_bytes = (size_t)config->files_max_bytes,
        .bytes_of_all = (size_t)config->files_total_bytes,
        .bytes_of_one = share_of_files(config),
        .ttl_ms = config->files_ttl_s * 1000,
        .types = config->files_types,
    };
    gateway->chat_options = (struct chat_options){
        .node = config->node,
        .max_backlog_bytes = (size_t)config->max_backlog_bytes,
        .max_message_bytes = (size_t)config->max_message_bytes,
        .limits = limits_of(config),
        .backlog_bytes = backlog_bytes(config),
        .idle_timeout_ms = config->idle_timeout_ms,
        .open_timeout_ms = config->redis_timeout_ms,
        .namespaces = gateway->namespaces,
        .presence_window_ms = config->presence_window_ms,
        .ping_interval_ms = config->ping_interval_ms / 1000 * 1000,
        .pong_timeout_ms = config->pong_timeout_ms,
        .flush_delay_ms = config->flush_delay_ms,
        .connect_timeout_ms = config->handshake_timeout_ms,
        .token_keys = gateway->token_keys,
        .token_grace_s = config->token_grace_s,
        .is_anonymous_allowed = config->anonymous,
        .files = config->files ? &gateway->files_options : NULL,
        .on_name_taken = on_name_taken,
        .context = gateway,
    };
    gateway->chat = chat_create(gateway->loop, gateway->broker, &gateway->chat_options);
}

/* Of few descriptors the internal port gets an eighth. */
static struct ws_admission_options admission_for(const struct config *config)
{
    size_t descriptors = process_raise_descriptor_limit();
    size_t internal = (size_t)config->internal_descriptors;
    return (struct ws_admission_options){
        .descriptor_limit = descriptors,
        .internal_descriptors = internal < descriptors / 8 ? internal : descriptors / 8,
        .connections_per_address = config->connections_per_address,
        .handshakes_per_s = config->handshakes_per_s,
        .handshakes_pending = config->handshakes_pending,
        .trusted_proxies = config->trusted_proxies,
    };
}

static void set_http_options(struct ws_server_options *options, const struct config *config)
{
    options->allowed_origins = config->allowed_origins;
    options->allowed_hosts = config->allowed_hosts;
    options->http = (struct http_conn_options){
        .request_ms = config->handshake_timeout_ms,
        .idle_ms = config->http_idle_timeout_ms,
        .bytes_per_s = config->http_min_bytes_per_s,
    };
    options->files = (struct http_files_options){
        .per_minute = config->files_per_minute,
        .uploads_per_address = config->uploads_per_address,
        .downloads_per_address = config->downloads_per_address,
        .rule = {config->trusted_proxies, config->trusted_hops},
    };
}

static void set_endpoints(struct gateway *gateway)
{
    const struct config *config = &gateway->config;
    const struct ws_endpoint endpoints[] = {
        {"/ws", &dialect_luchat, !config->luchat},
        {"/connection/websocket", &dialect_centrifuge, !config->centrifuge},
    };
    static_assert(sizeof(endpoints) <= sizeof(gateway->endpoints), "room for all");
    memcpy(gateway->endpoints, endpoints, sizeof(endpoints));
    gateway->server_options.endpoints = gateway->endpoints;
    gateway->server_options.endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]);
}

static bool create_server(struct gateway *gateway, char **ret_error)
{
    const struct config *config = &gateway->config;
    struct ws_server_options *options = &gateway->server_options;
    set_endpoints(gateway);
    options->is_page_on = config->page && config->luchat; /* it speaks LuChat's wire format */
    options->message_timeout_ms = config->message_timeout_ms;
    options->unfinished_bytes_max = backlog_bytes(config);
    options->limits = (struct ws_conn_limits){
        .message_bytes = (size_t)config->max_message_bytes,
        .fragments = WS_FRAGMENTS_MAX,
    };
    options->handshake_timeout_ms = config->handshake_timeout_ms;
    options->admission = admission_for(config);
    options->max_connections = connections_for((size_t)config->max_connections,
                                               options->admission.descriptor_limit -
                                                   options->admission.internal_descriptors);
    options->max_connections_of_all = config->max_connections;
    options->is_port_shared = config->workers > 1;
    options->api_key = config->api_key;
    set_http_options(options, config);
    options->hub = gateway->chat;
    options->broker = gateway->broker;
    gateway->server = ws_server_create(gateway->loop, options, ret_error);
    return gateway->server != NULL;
}

bool gateway_put_together(struct gateway *gateway, char **ret_error)
{
    create_broker(gateway);
    create_chat(gateway);
    return create_server(gateway, ret_error);
}

/* From the top down; the broker before the chat, to which its last answers go. */
void gateway_take_apart(struct gateway *gateway)
{
    ws_server_destroy(gateway->server);
    loop_timer_destroy(gateway->tick);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        loop_timer_destroy(gateway->signals[i]);
    broker_destroy(gateway->broker);
    chat_destroy(gateway->chat);
    loop_destroy(gateway->loop);
    redis_url_finish(&gateway->redis_url);
    ws_tls_destroy(gateway->server_options.tls);
    ws_tls_destroy(gateway->server_options.internal_tls);
    token_keys_destroy(gateway->token_keys);
    namespaces_destroy(gateway->namespaces);
    free(gateway->place);
    config_finish(&gateway->config);
}
