/*
 * control_order - an order about a user's connections, and its form on the wire.
 *
 * On the wire an order is a JSON object with one key, the kind of the order. Nodes send and
 * obey orders (control.h); the operator's tool sends them too.
 */
#ifndef PARLEY_CONTROL_ORDER_H
#define PARLEY_CONTROL_ORDER_H

#include "broker.h"

#include <stdbool.h>
#include <stdint.h>

struct json_t;

enum control_kind {
    CONTROL_DISCONNECT,
    CONTROL_UNSUBSCRIBE,
    CONTROL_SUBSCRIBE,
    CONTROL_REFRESH,
};

/* RFC 6455, 7.4.2, and what SDKs know; 5.5: what a close frame holds. */
enum {
    CONTROL_CODE_MIN = 3000,
    CONTROL_CODE_MAX = 4999,
    CONTROL_REASON_BYTES_MAX = 123,
};

/* Everything is borrowed. */
struct control_order {
    enum control_kind kind;
    const char *user;               /* "": whoever has the client */
    const char *client;             /* "": all connections of the user; not both "" */
    const char *channel;            /* unsubscribe: "" for all */
    const struct json_t *whitelist; /* disconnect: ids of clients that stay; NULL: none */
    int code;                       /* disconnect: close code */
    const char *reason;             /* disconnect */
    bool has_position;              /* subscribe: to recover from position */
    struct broker_position position;
    bool is_expired;      /* refresh: the connection is over */
    int64_t expires_at_s; /* refresh: wall time; 0: never */
};

/* *new* */
char *control_order_print(const struct control_order *order);

/* Borrows from root. False: not understood, as when a newer node sent it; or it is what the
 * server API would refuse to order. */
__attribute__((warn_unused_result)) bool control_order_read(struct json_t *root,
                                                            struct control_order *ret_order);

#endif
