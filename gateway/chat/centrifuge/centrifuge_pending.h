/*
 * centrifuge_pending - commands of the Centrifuge protocol that wait for the broker.
 *
 * Each is remembered with its session's id: the session may be gone when the answer comes. What
 * waits is counted, and long answers by their length, see quota.h.
 */
#ifndef PARLEY_CENTRIFUGE_PENDING_H
#define PARLEY_CENTRIFUGE_PENDING_H

#include "broker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct centrifuge_command;
struct centrifuge_pending;
struct hub;
struct session;

/* The result, as JSON (*new*); NULL: the position that was asked for cannot be had. */
typedef char *(*centrifuge_print_fn)(const struct centrifuge_pending *pending,
                                     const struct broker_reply *reply);

struct centrifuge_pending {
    struct hub *hub;
    uint32_t command_id;
    centrifuge_print_fn print;
    const char *method;
    char *epoch;     /* history: the one the client expects, "" for any */
    bool is_long;    /* the answer is counted by its length: */
    size_t expected; /* so many bytes were expected */
};

/* May the command's answer be long? Then it needs quota_may_ask. */
bool centrifuge_has_long_answer(const char *method);

/* For a request of the broker: its answer becomes the reply to the command, under the name of
 * method, which is borrowed for good. The owner is a struct centrifuge_pending. */
struct broker_waiter centrifuge_wait_for(struct session *session,
                                         const struct centrifuge_command *command,
                                         const char *method, centrifuge_print_fn print);

#endif
