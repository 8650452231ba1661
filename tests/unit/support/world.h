/*
 * world - a chat layer with everything around it faked: broker, transport, clock.
 *
 * For tests of the real hub, sessions, channels, presence and dialects together. There is one
 * world at a time; *state is it.
 */
#ifndef PARLEY_WORLD_H
#define PARLEY_WORLD_H

#include "chat.h"
#include "fake_broker.h"
#include "fake_clock.h"
#include "fake_transport.h"
#include "journal.h"
#include "namespaces.h"
#include "unit.h"

#include <stdint.h>

enum {
    WORLD_HISTORY = 50,
    WORLD_HISTORY_TTL_MS = 3600000,
    WORLD_USERS = 1000,
    WORLD_CHANNELS = 128, /* of one connection; nothing else is limited */
    WORLD_WINDOW_MS = 0,  /* presence is told at once */
    WORLD_PING_MS = 25000,
    WORLD_PONG_MS = 10000,
    WORLD_CONNECT_MS = 5000,
};

struct world {
    struct fake_broker *broker;
    struct journal *calls; /* of the broker */
    struct chat_options options;
    struct namespaces *namespaces;
    struct hub *hub;
    struct fake_conn *conns;
    int name_taken_count;
};

int world_set_up(void **state);
int world_tear_down(void **state);

/* A connection; what it gets is in conn->got. It lives until it is disconnected, or until the
 * end of the world. */
struct fake_conn *world_open(struct world *world, const struct dialect *dialect,
                             const struct chat_request *request);
/* The same, of LuChat's dialect, to the channel. */
struct fake_conn *world_connect(struct world *world, const char *channel);
/* A connection that lobby has let in. The first one finds an empty log of epoch "e1". The
 * journals are empty afterwards. */
struct fake_conn *world_connect_live(struct world *world);
/* A live connection with that user present; its list of users is answered with version. */
struct fake_conn *world_connect_present(struct world *world, const char *user,
                                        uint64_t version);
/* One of the Centrifuge protocol that is connected, and in no channel; its journal is empty. */
struct fake_conn *world_connect_sdk(struct world *world);
/* Channels opened from now on are as the options say; the JSON is that of namespaces.h. */
void world_set_namespaces(struct world *world, const char *json,
                          const struct namespace_options *defaults);
void world_set_history(struct world *world, size_t size);
/* The transport says that the connection is gone. */
void world_disconnect(struct world *world, struct fake_conn *conn);

/* The client sends a text message. */
void world_say(struct fake_conn *conn, const char *text);

/* The broker says, of lobby: */
void world_subscribed(struct world *world);
void world_publication(struct world *world, const char *epoch, uint64_t offset,
                       const char *text);
void world_presence(struct world *world, bool is_join, uint64_t version, const char *user);

/* The turn of the loop ends. */
void world_turn(struct world *world);
/* Time passes, tick by tick. */
void world_wait(struct world *world, int64_t ms);

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

#endif
