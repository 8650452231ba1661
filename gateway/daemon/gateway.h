/*
 * gateway - all that one process of parleyd is made of, for the three files that put it
 * together: settings.c loads, assembly.c creates, main.c runs it.
 */
#ifndef PARLEY_GATEWAY_H
#define PARLEY_GATEWAY_H

#include "chat.h"
#include "config.h"
#include "files.h"
#include "redis_broker.h"
#include "redis_url.h"
#include "ws_server.h"

#include <stdbool.h>
#include <stdint.h>

struct broker;
struct loop;
struct loop_timer;
struct namespaces;
struct token_keys;

enum { EXIT_CANNOT_START = 1, EXIT_CONFIG = 2, EXIT_NAME_TAKEN = 3 };

enum { SIGNAL_COUNT = 6, ENDPOINTS_MAX = 8 };

enum gateway_state {
    GATEWAY_RUNNING,
    GATEWAY_DRAINING,   /* sessions are closed */
    GATEWAY_GIVING_BACK /* the lease, after the last member left */
};

struct gateway {
    struct config config;
    struct redis_url redis_url;
    struct redis_broker_options redis_options;
    char *place;                   /* see struct redis_broker_options */
    struct token_keys *token_keys; /* NULL: none configured */
    struct namespaces *namespaces;
    struct files_options files_options;
    struct chat_options chat_options;
    struct ws_endpoint endpoints[ENDPOINTS_MAX];
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

/* Reads and checks all that is configured, files included; secrets are hidden from then on.
 * False: *ret_error says what was wrong (*new*). */
__attribute__((warn_unused_result)) bool gateway_load(struct gateway *gateway, int argc,
                                                      char **argv, char **ret_error);

/* The layers, from the lowest up, in a loop that is there. False: *ret_error says why not
 * (*new*). Either way gateway_take_apart ends it. */
__attribute__((warn_unused_result)) bool gateway_put_together(struct gateway *gateway,
                                                              char **ret_error);
void gateway_take_apart(struct gateway *gateway);

#endif
