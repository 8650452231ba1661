/*
 * ws_echo - Parley's WebSocket layer over a chat that echoes, to be judged alone.
 *
 * usage: ws_echo [--listen ADDRESS:PORT] [--max-message-bytes N] [--max-fragments N]
 *
 * Serves any path. Says "listening" on stderr when it does; ends with SIGTERM or SIGINT.
 */
#include "address.h"
#include "chat.h"
#include "dialect_luchat.h"
#include "echo_chat.h"
#include "hub.h"
#include "loop.h"
#include "memory_broker.h"
#include "text.h"
#include "ws_server.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MESSAGE_BYTES_MAX = 16 << 20,
    FRAGMENTS_MAX = 65536,
    CONNECTIONS_MAX = 1000,
    DESCRIPTORS_MAX = 1024,
    HANDSHAKE_TIMEOUT_MS = 5000,
    TICK_MS = 100,
    TICKS_TO_LEAVE = 10,
};

struct echo {
    struct loop *loop;
    struct ws_server *server;
    int ticks_left; /* once it is to leave; else 0 */
};

static void on_signal(void *context)
{
    struct echo *echo = context;
    if (echo->ticks_left)
        return;
    echo->ticks_left = TICKS_TO_LEAVE;
    ws_server_drain(echo->server);
    echo_chat_drain();
}

static void on_tick(void *context)
{
    struct echo *echo = context;
    echo_chat_tick();
    if (echo->ticks_left && (echo_chat_is_drained() || --echo->ticks_left == 0))
        loop_stop(echo->loop);
}

static int fail(const char *what)
{
    (void)fprintf(stderr,
                  "ws_echo: %s\nusage: ws_echo [--listen ADDRESS:PORT] "
                  "[--max-message-bytes N] [--max-fragments N]\n",
                  what);
    return EXIT_FAILURE;
}

static bool read_options(int argc, char **argv, struct ws_server_options *options)
{
    static const struct option known[] = {{"listen", required_argument, NULL, 'l'},
                                          {"max-message-bytes", required_argument, NULL, 'm'},
                                          {"max-fragments", required_argument, NULL, 'f'},
                                          {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
        int64_t number = 0;
        if (option == 'l' && address_parse(optarg, &options->listen))
            continue;
        if (option == 'l' || option == '?' || !text_to_int(optarg, 1, INT32_MAX, &number))
            return false;
        if (option == 'm')
            options->limits.message_bytes = (size_t)number;
        else
            options->limits.fragments = (size_t)number;
    }
    return optind == argc;
}

static void run(struct echo *echo)
{
    struct loop_timer *timers[] = {
        loop_timer_create(echo->loop, TICK_MS, on_tick, echo),
        loop_signal_create(echo->loop, SIGTERM, on_signal, echo),
        loop_signal_create(echo->loop, SIGINT, on_signal, echo),
    };
    (void)fprintf(stderr, "listening\n");
    while (!loop_is_stopped(echo->loop)) {
        loop_wait(echo->loop);
        ws_server_turn(echo->server);
    }
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
        loop_timer_destroy(timers[i]);
}

static const struct ws_endpoint anywhere = {.dialect = &dialect_luchat};

static int serve(struct ws_server_options *options)
{
    struct echo echo = {.loop = loop_create()};
    struct chat_options chat_options = {.node = "echo"};
    char *error = NULL;
    struct broker *broker = memory_broker_create(echo.loop, (struct broker_policies){0});
    struct hub hub = {.options = &chat_options, .loop = echo.loop, .broker = broker};
    options->hub = &hub;
    options->broker = broker;
    echo.server = ws_server_create(echo.loop, options, &error);
    if (echo.server)
        run(&echo);
    ws_server_destroy(echo.server);
    broker_destroy(broker);
    loop_destroy(echo.loop);
    if (!error)
        return EXIT_SUCCESS;
    int exit_code = fail(error);
    free(error);
    return exit_code;
}

int main(int argc, char **argv)
{
    struct ws_server_options options = {
        .allowed_origins = "*",
        .endpoints = &anywhere,
        .endpoint_count = 1,
        .max_connections = CONNECTIONS_MAX,
        .limits = {.message_bytes = MESSAGE_BYTES_MAX, .fragments = FRAGMENTS_MAX},
        .handshake_timeout_ms = HANDSHAKE_TIMEOUT_MS,
        .admission = {.descriptor_limit = DESCRIPTORS_MAX, .trusted_proxies = ""},
        .allowed_hosts = "*",
        .http = {.request_ms = HANDSHAKE_TIMEOUT_MS, .idle_ms = 10000, .bytes_per_s = 1000},
        .files = {.rule = {.trusted_proxies = ""}},
        .api_key = "",
    };
    if (!address_parse("127.0.0.1:9001", &options.listen) ||
        !address_parse("127.0.0.1:1", &options.internal))
        return EXIT_FAILURE;
    options.internal.port = 0; /* any */
    if (!read_options(argc, argv, &options))
        return fail("an option that cannot be");
    return serve(&options);
}
