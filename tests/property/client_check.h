/*
 * client_check - what a client knows of its channels, and whether what it gets fits to that.
 */
#ifndef PARLEY_CLIENT_CHECK_H
#define PARLEY_CLIENT_CHECK_H

#include "broker.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

/* How a client sees a channel. */
struct view {
    uint64_t last; /* number that came last; an SDK keeps it when it is disconnected */
    char epoch[BROKER_EPOCH_BYTES];
    bool is_on;
    bool is_asked; /* subscribe is not answered yet */
    uint64_t asked_since;
    uint32_t subscribe_id;
    uint32_t unsubscribe_id;
};

struct client {
    int number;
    struct session *session; /* NULL: unconnected */
    bool is_luchat;
    bool is_busy;
    bool is_closed;
    bool is_paused;
    bool is_pinged;
    uint32_t command_id;
    struct view views[STORE_CHANNELS];
    int channel; /* of a LuChat client; and of it: */
    bool has_any;
    int64_t gaps_before; /* that were counted before it came */
    int64_t jumps;
    bool has_list;
    unsigned users; /* bit N: "pN" is shown as present */
};

/* A frame's text. */
void client_take(struct client *client, const char *text, size_t length);
/* When all is quiet. */
void client_check_rest(const struct client *client);

#endif
