/*
 * control - what one node tells all of them about a user's connections, itself included.
 *
 * Whoever orders something does not know which node the user is on: so every node is told,
 * and each looks through its own sessions. What an order comes to is the dialects' business;
 * a dialect that has no such thing leaves the session as it is.
 */
#ifndef PARLEY_CONTROL_H
#define PARLEY_CONTROL_H

#include "broker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub;
struct json_t;

enum control_kind {
    CONTROL_DISCONNECT,
    CONTROL_UNSUBSCRIBE,
    CONTROL_SUBSCRIBE,
    CONTROL_REFRESH,
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
    const struct json_t *position;  /* subscribe: {"offset","epoch"}, to recover from; NULL */
    bool is_expired;                /* refresh: the connection is over */
    int64_t expires_at_s;           /* refresh: wall time; 0: never */
};

/* Answered when the order is on its way; who obeys it is not known. */
void control_send(struct hub *hub, const struct control_order *order,
                  struct broker_waiter waiter);

/* An order as it came from some node. One that is not understood, as of a newer node, is
 * logged and passed over. */
void control_on_message(struct hub *hub, const char *bytes, size_t length);

#endif
