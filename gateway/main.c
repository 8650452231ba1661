/*
 * parleyd - WebSocket gateway for chat and presence.
 *
 * The one file that knows everybody: reads the configuration, puts the layers together from
 * the lowest up, runs the loop, and takes them apart again. Exit codes: 0 after SIGTERM,
 * SIGINT or SIGQUIT, 1 when it cannot start, 2 for a wrong configuration, 3 when another node
 * has this node's name.
 */
#include "address.h"
#include "broker.h"
#include "chat.h"
#include "clock.h"
#include "config.h"
#include "files.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "memory_broker.h"
#include "memory_limit.h"
#include "namespaces.h"
#include "process.h"
#include "redis_broker.h"
#include "redis_url.h"
#include "supervisor.h"
#include "token.h"
#include "worker_page.h"
#include "ws_server.h"
#include "ws_tls.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_CANNOT_START = 1, EXIT_CONFIG = 2, EXIT_NAME_TAKEN = 3 };

enum {
    GIVE_BACK_TIMEOUT_MS = 1000, /* for Redis to hear that the node leaves */
    LEAVE_MARGIN_MS = 5000,      /* more than that, and a worker is killed */
};

enum { SIGNAL_COUNT = 6 };

enum gateway_state {
    GATEWAY_RUNNING,
    GATEWAY_DRAINING,   /* sessions are closed */
    GATEWAY_GIVING_BACK /* the lease, after the last member left */
};

struct gateway {
    struct config config;
    struct redis_url redis_url;
    struct redis_broker_options redis_options;
    struct token_keys *token_keys; /* NULL: none configured */
    struct namespaces *namespaces;
    struct files_options files_options;
    struct chat_options chat_options;
    struct ws_server_options server_options;
    struct loop *loop;
    struct broker *broker;
    struct hub *chat;
    struct ws_server *server;
    struct loop_timer *tick;
    struct loop_timer *signals[SIGNAL_COUNT];
    enum gateway_state state;
    int64_t deadline_ms; /* of the state */
    bool was_ready;
    int exit_code;
};

/* ----------------------------------------------------------------------------- the loop */

/* For /ready and the logs. */
static void watch_readiness(struct gateway *gateway)
{
    const char *reason = "";
    if (gateway->state != GATEWAY_RUNNING) {
        workers_show(WORKER_DRAINING, "draining");
        return;
    }
    bool is_ready = broker_is_ready(gateway->broker, &reason);
    workers_show(is_ready ? WORKER_READY : WORKER_NOT_READY, reason);
    if (is_ready == gateway->was_ready)
        return;
    gateway->was_ready = is_ready;
    if (is_ready)
        log_info("ready", kv_str("node", gateway->config.node));
    else
        log_warn("not_ready", kv_str("node", gateway->config.node), kv_str("err", reason));
}

static void loop_turn(struct gateway *gateway)
{
    loop_wait(gateway->loop);        /* all that is ready: clients' bytes, Redis's replies */
    broker_turn(gateway->broker);    /* answers that need no round trip; retries */
    chat_turn(gateway->chat);        /* one write per subscriber for all that came in */
    ws_server_turn(gateway->server); /* libwebsockets's own deadlines, and what it waits for */
    broker_turn(gateway->broker);    /* what the chat asked for leaves at once */
    watch_readiness(gateway);
    int64_t wait_ms = chat_wait_ms(gateway->chat);
    if (wait_ms >= 0)
        loop_wait_no_longer(gateway->loop, wait_ms);
}

static void enter_state(struct gateway *gateway, enum gateway_state state, int64_t timeout_ms)
{
    gateway->state = state;
    gateway->deadline_ms = clock_now_ms() + timeout_ms;
}

static void go_on_leaving(struct gateway *gateway)
{
    bool is_overdue = clock_now_ms() > gateway->deadline_ms;
    if (gateway->state == GATEWAY_DRAINING && (is_overdue || chat_is_drained(gateway->chat))) {
        broker_give_up_lease(gateway->broker);
        enter_state(gateway, GATEWAY_GIVING_BACK, GIVE_BACK_TIMEOUT_MS);
    } else if (gateway->state == GATEWAY_GIVING_BACK &&
               (is_overdue || broker_is_idle(gateway->broker))) {
        loop_stop(gateway->loop);
    }
}

static void on_tick(void *context)
{
    struct gateway *gateway = context;
    chat_tick(gateway->chat);
    if (gateway->state != GATEWAY_RUNNING)
        go_on_leaving(gateway);
}

static void on_stop_signal(void *context)
{
    struct gateway *gateway = context;
    if (gateway->state != GATEWAY_RUNNING)
        return;
    enter_state(gateway, GATEWAY_DRAINING, gateway->config.drain_timeout_ms);
    ws_server_drain(gateway->server);
    chat_drain(gateway->chat);
}

/* What can change while clients are connected: certificates. */
static void on_reload_signal(void *context)
{
    struct gateway *gateway = context;
    bool has_tls = gateway->server_options.tls || gateway->server_options.internal_tls;
    log_info("reload", kv_str("node", gateway->config.node),
             kv_str("what", has_tls ? "certificates" : "nothing: there are no certificates"));
    ws_server_reload_tls(gateway->server);
}

/* SIGUSR1, SIGUSR2: ask other servers for a new log file or a new program. */
static void on_other_signal(void *context)
{
    struct gateway *gateway = context;
    log_info("signal_passed_over", kv_str("node", gateway->config.node),
             kv_str("err", "SIGTERM stops this process, SIGHUP makes it read anew"));
}

static const struct signal_row {
    int number;
    void (*on_signal)(void *context);
} signal_rows[SIGNAL_COUNT] = {
    {SIGTERM, on_stop_signal},  {SIGINT, on_stop_signal},   {SIGQUIT, on_stop_signal},
    {SIGHUP, on_reload_signal}, {SIGUSR1, on_other_signal}, {SIGUSR2, on_other_signal},
};

static void listen_for_signals(struct gateway *gateway)
{
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        gateway->signals[i] = loop_signal_create(gateway->loop, signal_rows[i].number,
                                                 signal_rows[i].on_signal, gateway);
}

static void on_name_taken(void *context)
{
    struct gateway *gateway = context;
    gateway->exit_code = EXIT_NAME_TAKEN;
    loop_stop(gateway->loop);
}

/* ------------------------------------------------------------------- putting it together */

static int fail(int exit_code, char *error)
{
    (void)fprintf(stderr, "parleyd: %s\n", error);
    free(error);
    return exit_code;
}

/* Room for connections that are still shaking hands, and for HTTP: a sixteenth. */
static size_t connections_for(size_t wanted, size_t descriptors)
{
    size_t kept = 32 + descriptors / 16;
    size_t possible = descriptors > 2 * kept ? descriptors - kept : descriptors / 2;
    return wanted == 0 || wanted > possible ? possible : wanted;
}

static enum log_level level_of(const char *name)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (int i = LOG_ERROR; i < LOG_DEBUG; i++) {
        if (strcmp(name, names[i]) == 0)
            return (enum log_level)i;
    }
    return LOG_DEBUG;
}

static void name_node(struct config *config, int port)
{
    if (config->node[0])
        return;
    char *host = process_host_name();
    free(config->node);
    config->node = mem_printf("%s-%d", host, port);
    free(host);
}

/* Each worker is a node. */
static void name_worker(struct config *config)
{
    char *name = mem_printf("%s-%zu", config->node, workers_own());
    free(config->node);
    config->node = name;
}

static void create_broker(struct gateway *gateway)
{
    const struct config *config = &gateway->config;
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

static void create_chat(struct gateway *gateway)
{
    const struct config *config = &gateway->config;
    gateway->files_options = (struct files_options){
        .max_bytes = (size_t)config->files_max_bytes,
        .bytes_of_all = (size_t)config->files_total_bytes,
        .ttl_ms = config->files_ttl_s * 1000,
        .types = config->files_types,
    };
    gateway->chat_options = (struct chat_options){
        .transport = &ws_transport,
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
        .is_anonymous_allowed = strcmp(config->anonymous, "on") == 0,
        .files = strcmp(config->files, "on") == 0 ? &gateway->files_options : NULL,
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

static bool create_server(struct gateway *gateway, char **ret_error)
{
    const struct config *config = &gateway->config;
    struct ws_server_options *options = &gateway->server_options;
    options->is_luchat_on = strcmp(config->luchat, "on") == 0;
    options->is_centrifuge_on = strcmp(config->centrifuge, "on") == 0;
    options->is_page_on = strcmp(config->page, "on") == 0;
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

/* That the public port is open to all is said with the other warnings. */
static void warn_of_internal_port(const struct gateway *gateway)
{
    if (!address_is_loopback(&gateway->server_options.internal))
        log_warn("open_to_all", kv_str("internal", gateway->config.internal),
                 kv_str("err", "whoever reaches this address can read the metrics"));
}

static int start(struct gateway *gateway)
{
    char *error = NULL;
    const struct config *config = &gateway->config;
    gateway->loop = loop_create();
    if (!gateway->loop)
        return fail(EXIT_CANNOT_START, mem_strdup("no event loop on this system"));
    create_broker(gateway);
    create_chat(gateway);
    if (!create_server(gateway, &error))
        return fail(EXIT_CANNOT_START, error);
    gateway->tick = loop_timer_create(gateway->loop, CHAT_TICK_MS, on_tick, gateway);
    listen_for_signals(gateway);
    char *redis = config_mask_url(config->redis[0] ? config->redis : "none");
    log_info("started", kv_str("node", config->node), kv_str("redis", redis),
             kv_int("max_connections", (int64_t)gateway->server_options.max_connections),
             kv_int("pid", getpid()));
    free(redis);
    warn_of_internal_port(gateway);
    return EXIT_SUCCESS;
}

/* From the top down; the broker before the chat, to which its last answers go. */
static void take_apart(struct gateway *gateway)
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
    config_finish(&gateway->config);
}

static int run(struct gateway *gateway)
{
    int exit_code = start(gateway);
    if (exit_code != EXIT_SUCCESS)
        return exit_code;
    while (!loop_is_stopped(gateway->loop))
        loop_turn(gateway);
    log_info("stopped", kv_str("node", gateway->config.node));
    return gateway->exit_code;
}

/* A port that is shared would silently be shared with a stranger, too. */
static int check_ports(const struct gateway *gateway)
{
    const struct config *config = &gateway->config;
    if (!address_is_free(&gateway->server_options.listen))
        return fail(EXIT_CANNOT_START,
                    mem_printf("--listen: cannot listen on %s", config->listen));
    if (!address_is_free(&gateway->server_options.internal))
        return fail(EXIT_CANNOT_START,
                    mem_printf("--internal: cannot listen on %s", config->internal));
    return EXIT_SUCCESS;
}

/* In the supervisor until the end of all, in each worker until its own. */
static int run_workers(struct gateway *gateway)
{
    const struct config *config = &gateway->config;
    struct supervisor_options options = {
        .workers = (size_t)config->workers,
        .stop_timeout_ms = config->drain_timeout_ms + GIVE_BACK_TIMEOUT_MS + LEAVE_MARGIN_MS,
    };
    int exit_code = check_ports(gateway);
    if (exit_code != EXIT_SUCCESS)
        return exit_code;
    if (!workers_share(options.workers))
        return fail(EXIT_CANNOT_START, mem_strdup("no memory to share with workers"));
    if (supervisor_run(&options, &exit_code) == 0)
        return exit_code;
    name_worker(&gateway->config);
    log_set_worker((int64_t)workers_own());
    return run(gateway);
}

/* ---------------------------------------------------------------------------------- main */

static void print_warning(void *context, const char *text)
{
    (void)context;
    (void)fprintf(stderr, "parleyd: warning: %s\n", text);
}

static void log_warning(void *context, const char *text)
{
    (void)context;
    log_warn("unwise_configuration", kv_str("err", text));
}

static void check_config(const struct config *config)
{
    (void)config_warn(config, print_warning, NULL);
    (void)printf("the configuration is valid\n");
}

/* What is asked for instead of running; false: nothing. */
static bool only_print(const struct config *config)
{
    if (config->help)
        config_print_help(stdout);
    else if (config->version)
        config_print_version(stdout);
    else if (config->print_config)
        config_print(config, stdout);
    else if (config->check_config)
        check_config(config);
    else
        return false;
    return true;
}

static bool load_keys(struct gateway *gateway, char **ret_error)
{
    const struct config *config = &gateway->config;
    struct token_key_options options = {
        .hmac_secret = config->token_secret,
        .rsa_public_key_file = config->token_rsa_key,
        .ec_public_key_file = config->token_ec_key,
        .audience = config->token_audience,
        .issuer = config->token_issuer,
    };
    if (!token_keys_are_configured(&options))
        return true;
    gateway->token_keys = token_keys_create(&options, ret_error);
    return gateway->token_keys != NULL;
}

static bool load_tls(const char *option, const char *certificate_file, const char *key_file,
                     struct ws_tls **ret_tls, char **ret_error)
{
    if (!certificate_file[0])
        return true;
    *ret_tls = ws_tls_create(option, certificate_file, key_file, ret_error);
    return *ret_tls != NULL;
}

static bool load_certificates(struct gateway *gateway, char **ret_error)
{
    const struct config *config = &gateway->config;
    struct ws_server_options *options = &gateway->server_options;
    return load_tls("--tls-cert", config->tls_cert, config->tls_key, &options->tls,
                    ret_error) &&
           load_tls("--internal-tls-cert", config->internal_tls_cert, config->internal_tls_key,
                    &options->internal_tls, ret_error);
}

static bool load_namespaces(struct gateway *gateway, char **ret_error)
{
    const struct config *config = &gateway->config;
    struct namespace_options defaults = {
        .policy = {.history_size = (size_t)config->history_size,
                   .history_ttl_ms = config->history_ttl_s * 1000,
                   .presence_grace_ms = config->presence_grace_ms,
                   .is_each_connection_told =
                       strcmp(config->presence_events, "connection") == 0},
        .has_join_leave = true,
        .reply_publications = (size_t)config->reply_publications,
        .presence_limit = (size_t)config->presence_limit,
        .presence_names_limit = (size_t)config->presence_names_limit,
    };
    gateway->namespaces = namespaces_create(config->namespaces, &defaults, ret_error);
    return gateway->namespaces != NULL;
}

static bool load_redis(struct gateway *gateway, char **ret_error)
{
    const struct config *config = &gateway->config;
    struct redis_url *url = &gateway->redis_url;
    if (!config->redis[0])
        return true;
    if (!redis_url_parse(config->redis, url, ret_error))
        return false;
    if (!config->redis_password[0])
        return true;
    if (url->password) {
        *ret_error = mem_strdup("--redis and --redis-password both give a password");
        return false;
    }
    url->password = mem_strdup(config->redis_password);
    return true;
}

static bool load(struct gateway *gateway, int argc, char **argv, char **ret_error)
{
    struct config *config = &gateway->config;
    if (!config_load(config, argc, argv, environ, ret_error))
        return false;
    config_hide_secrets(argc, argv, environ);
    if (!load_redis(gateway, ret_error))
        return false;
    if (!address_parse(config->listen, &gateway->server_options.listen) ||
        !address_parse(config->internal, &gateway->server_options.internal))
        return false; /* config_load has checked both */
    if (!load_keys(gateway, ret_error) || !load_certificates(gateway, ret_error) ||
        !load_namespaces(gateway, ret_error))
        return false;
    name_node(config, gateway->server_options.listen.port);
    log_configure(level_of(config->log_level),
                  strcmp(config->log_format, "json") == 0 ? LOG_JSON : LOG_LOGFMT);
    return true;
}

static int serve(struct gateway *gateway)
{
    process_harden(/* has_core_dumps= */ strcmp(gateway->config.core_dumps, "on") == 0);
    (void)config_warn(&gateway->config, log_warning, NULL);
    return gateway->config.workers > 1 ? run_workers(gateway) : run(gateway);
}

int main(int argc, char **argv)
{
    struct gateway gateway = {.state = GATEWAY_RUNNING};
    char *error = NULL;
    int exit_code = EXIT_SUCCESS;
    process_reset_signals();
    if (!load(&gateway, argc, argv, &error))
        exit_code = fail(EXIT_CONFIG, error);
    else if (!only_print(&gateway.config))
        exit_code = serve(&gateway);
    take_apart(&gateway);
    return exit_code;
}
