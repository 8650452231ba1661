/*
 * parleyd - WebSocket gateway for chat and presence.
 *
 * Knows everybody: has the configuration read (settings.c) and the layers put together
 * (assembly.c), runs the loop, and minds signals. Exit codes: 0 after SIGTERM,
 * SIGINT or SIGQUIT, 1 when it cannot start, 2 for a wrong configuration, 3 when another node
 * has this node's name.
 */
#include "gateway.h"

#include "address.h"
#include "broker.h"
#include "clock.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "process.h"
#include "service.h"
#include "supervisor.h"
#include "worker_page.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    GIVE_BACK_TIMEOUT_MS = 1000, /* for Redis to hear that the node leaves */
    LEAVE_MARGIN_MS = 5000,      /* more than that, and a worker is killed */
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
        log_event(ready, kv_str("node", gateway->config.node));
    else
        log_event(not_ready, kv_str("node", gateway->config.node), kv_str("err", reason));
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

/* From SIGTERM on, of all workers. */
static int64_t leave_timeout_ms(const struct config *config)
{
    return config->drain_timeout_ms + GIVE_BACK_TIMEOUT_MS + LEAVE_MARGIN_MS;
}

/* A worker's end is not that of the service: the supervisor speaks for all of them. */
static bool is_alone(const struct gateway *gateway)
{
    return gateway->config.workers == 1;
}

static void on_stop_signal(void *context)
{
    struct gateway *gateway = context;
    if (gateway->state != GATEWAY_RUNNING)
        return;
    if (is_alone(gateway))
        service_say_stopping(leave_timeout_ms(&gateway->config));
    enter_state(gateway, GATEWAY_DRAINING, gateway->config.drain_timeout_ms);
    ws_server_drain(gateway->server);
    chat_drain(gateway->chat);
}

/* What can change while clients are connected: certificates. */
static void on_reload_signal(void *context)
{
    struct gateway *gateway = context;
    bool has_tls = gateway->server_options.tls || gateway->server_options.internal_tls;
    if (is_alone(gateway))
        service_say_reloading();
    log_event(reload, kv_str("node", gateway->config.node),
              kv_str("what", has_tls ? "certificates" : "nothing: there are no certificates"));
    ws_server_reload_tls(gateway->server);
    if (is_alone(gateway))
        service_say_ready();
}

/* SIGUSR1, SIGUSR2: ask other servers for a new log file or a new program. */
static void on_other_signal(void *context)
{
    struct gateway *gateway = context;
    log_event(signal_passed_over, kv_str("node", gateway->config.node),
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

/* ------------------------------------------------------------------- start and end */

static int fail(int exit_code, char *error)
{
    (void)fprintf(stderr, "parleyd: %s\n", error);
    free(error);
    return exit_code;
}

/* Each worker is a node. */
static void name_worker(struct config *config)
{
    char *name = mem_printf("%s-%zu", config->node, workers_own());
    free(config->node);
    config->node = name;
}

/* That the public port is open to all is said with the other warnings. */
static void warn_of_internal_port(const struct gateway *gateway)
{
    if (!address_is_loopback(&gateway->server_options.internal))
        log_event(open_to_all, kv_str("internal", gateway->config.internal),
                  kv_str("err", "whoever reaches this address can read the metrics"));
}

static int start(struct gateway *gateway)
{
    char *error = NULL;
    const struct config *config = &gateway->config;
    gateway->loop = loop_create();
    if (!gateway->loop)
        return fail(EXIT_CANNOT_START, mem_strdup("no event loop on this system"));
    if (!gateway_put_together(gateway, &error))
        return fail(EXIT_CANNOT_START, error);
    gateway->tick = loop_timer_create(gateway->loop, CHAT_TICK_MS, on_tick, gateway);
    listen_for_signals(gateway);
    char *redis = config_mask_url(config->redis[0] ? config->redis : "none");
    log_event(started, kv_str("node", config->node), kv_str("redis", redis),
              kv_int("max_connections", (int64_t)gateway->server_options.max_connections),
              kv_int("pid", getpid()));
    free(redis);
    warn_of_internal_port(gateway);
    service_say_ready(); /* of workers the first is enough, and the others do no harm */
    return EXIT_SUCCESS;
}

static int run(struct gateway *gateway)
{
    int exit_code = start(gateway);
    if (exit_code != EXIT_SUCCESS)
        return exit_code;
    if (gateway->config.workers > 1)
        ws_server_reload_tls(gateway->server); /* the supervisor's may be old by now */
    while (!loop_is_stopped(gateway->loop))
        loop_turn(gateway);
    log_event(stopped, kv_str("node", gateway->config.node));
    return gateway->exit_code;
}

/* Looked at before anything else has a port: libwebsockets waits for an address that this
 * machine does not have, and a port that workers share would silently be shared with a
 * stranger, too. */
static int check_port(const char *option, const char *text, const struct address *address)
{
    if (address_is_free(address))
        return EXIT_SUCCESS;
    return fail(EXIT_CANNOT_START,
                mem_printf("%s: cannot listen on %s: %s", option, text, strerror(errno)));
}

static int check_ports(const struct gateway *gateway)
{
    const struct config *config = &gateway->config;
    const struct ws_server_options *options = &gateway->server_options;
    int exit_code = check_port("--listen", config->listen, &options->listen);
    return exit_code == EXIT_SUCCESS
               ? check_port("--internal", config->internal, &options->internal)
               : exit_code;
}

/* In the supervisor until the end of all, in each worker until its own. */
static int run_workers(struct gateway *gateway)
{
    const struct config *config = &gateway->config;
    struct supervisor_options options = {
        .workers = (size_t)config->workers,
        .stop_timeout_ms = leave_timeout_ms(config),
    };
    int exit_code = EXIT_SUCCESS;
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
    log_event(unwise_configuration, kv_str("err", text));
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
    else if (config->printed)
        config_print_manual(config->printed, stdout);
    else if (config->print_log_events)
        log_print_events(stdout);
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

static int serve(struct gateway *gateway)
{
    process_harden(/* has_core_dumps= */ gateway->config.core_dumps);
    (void)config_warn(&gateway->config, log_warning, NULL);
    int exit_code = check_ports(gateway);
    if (exit_code != EXIT_SUCCESS)
        return exit_code;
    return gateway->config.workers > 1 ? run_workers(gateway) : run(gateway);
}

int main(int argc, char **argv)
{
    struct gateway gateway = {.state = GATEWAY_RUNNING};
    char *error = NULL;
    int exit_code = EXIT_SUCCESS;
    process_reset_signals();
    if (!gateway_load(&gateway, argc, argv, &error))
        exit_code = fail(EXIT_CONFIG, error);
    else if (!only_print(&gateway.config))
        exit_code = serve(&gateway);
    gateway_take_apart(&gateway);
    return exit_code;
}
