/*
 * world - a chat layer with everything around it faked; see world.h.
 */
#include "world.h"
#include "dialect_centrifuge.h"
#include "dialect_luchat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 128 };

static void on_name_taken(void *context)
{
    struct world *world = context;
    world->name_taken_count++;
}

void world_set_namespaces(struct world *world, const char *json,
                          const struct namespace_options *defaults)
{
    char *error = NULL;
    namespaces_destroy(world->namespaces);
    world->namespaces = namespaces_create(json, defaults, &error);
    if (!world->namespaces)
        fail_msg("%s", error);
    world->options.namespaces = world->namespaces;
}

void world_set_history(struct world *world, size_t size)
{
    world_set_namespaces(
        world, "",
        &(struct namespace_options){
            .policy = {.history_size = size, .history_ttl_ms = WORLD_HISTORY_TTL_MS},
            .has_join_leave = true,
            .presence_limit = WORLD_USERS,
            .presence_names_limit = WORLD_USERS});
}

int world_set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    world->broker = fake_broker_create();
    world->calls = fake_broker_calls(world->broker);
    world->options = (struct chat_options){
        .node = "node-1",
        .max_backlog_bytes = 1 << 20,
        .limits = {.channels_per_connection = WORLD_CHANNELS},
        .backlog_bytes = 1 << 30,
        .idle_timeout_ms = 60000,
        .presence_window_ms = WORLD_WINDOW_MS,
        .open_timeout_ms = 5000,
        .ping_interval_ms = WORLD_PING_MS,
        .pong_timeout_ms = WORLD_PONG_MS,
        .connect_timeout_ms = WORLD_CONNECT_MS,
        .on_name_taken = on_name_taken,
        .context = world,
    };
    world_set_history(world, WORLD_HISTORY);
    world->hub = chat_create(NULL, fake_broker_base(world->broker), &world->options);
    *state = world;
    return 0;
}

int world_tear_down(void **state)
{
    struct world *world = *state;
    while (world->conns)
        world_disconnect(world, world->conns);
    broker_destroy(fake_broker_base(world->broker));
    chat_destroy(world->hub);
    namespaces_destroy(world->namespaces);
    free(world);
    return 0;
}

struct fake_conn *world_open(struct world *world, const struct dialect *dialect,
                             const struct chat_request *request)
{
    struct fake_conn *conn = calloc(1, sizeof(*conn));
    conn->next = world->conns;
    world->conns = conn;
    conn->session = chat_open(world->hub, conn, &fake_transport, dialect, request);
    return conn;
}

struct fake_conn *world_connect(struct world *world, const char *channel)
{
    return world_open(world, &dialect_luchat, &(struct chat_request){.channel = channel});
}

struct fake_conn *world_connect_live(struct world *world)
{
    bool is_first = !world->conns;
    struct fake_conn *conn = world_connect(world, "lobby");
    if (is_first) {
        world_subscribed(world);
        fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    }
    world_turn(world);
    journal_clear(&conn->got);
    journal_clear(world->calls);
    return conn;
}

struct fake_conn *world_connect_present(struct world *world, const char *user, uint64_t version)
{
    struct fake_conn *conn = world_connect_live(world);
    char text[TEXT_BYTES];
    (void)snprintf(text, sizeof(text), "{\"online\":{\"userid\":\"%s\"}}", user);
    world_say(conn, text);
    fake_broker_answer_status(world->broker, FAKE_JOIN, BROKER_OK);
    fake_broker_answer_members(world->broker, version, TEXTS(user));
    journal_clear(&conn->got);
    journal_clear(world->calls);
    return conn;
}

struct fake_conn *world_connect_sdk(struct world *world)
{
    struct fake_conn *conn =
        world_open(world, &dialect_centrifuge, &(struct chat_request){.channel = ""});
    world_say(conn, "{\"id\":1,\"connect\":{}}");
    journal_clear(&conn->got);
    return conn;
}

void world_disconnect(struct world *world, struct fake_conn *conn)
{
    struct fake_conn **link = &world->conns;
    while (*link != conn)
        link = &(*link)->next;
    *link = conn->next;
    chat_closed(conn->session);
    journal_clear(&conn->got);
    free(conn);
}

void world_say(struct fake_conn *conn, const char *text)
{
    chat_heard(conn->session);
    chat_message(conn->session, MESSAGE_TEXT, text, strlen(text));
}

void world_subscribed(struct world *world)
{
    const struct broker_events *events = fake_broker_events(world->broker);
    events->on_subscribed(events->context, "lobby");
}

void world_publication(struct world *world, const char *epoch, uint64_t offset,
                       const char *text)
{
    const struct broker_events *events = fake_broker_events(world->broker);
    struct publication *publication =
        publication_create(offset, slice_of(text), (struct slice){.length = 0});
    events->on_publication(events->context, "lobby", epoch, publication);
    publication_unref(publication);
}

void world_presence(struct world *world, bool is_join, uint64_t version, const char *user)
{
    const struct broker_events *events = fake_broker_events(world->broker);
    char info[TEXT_BYTES];
    (void)snprintf(info, sizeof(info), "{\"userid\":\"%s\"}", user);
    events->on_presence(events->context, "lobby",
                        &(struct broker_presence){.kind = is_join ? BROKER_JOIN : BROKER_LEAVE,
                                                  .version = version,
                                                  .user_count = 1,
                                                  .user = user,
                                                  .client = "client-of-the-change",
                                                  .info = info});
}

void world_turn(struct world *world)
{
    chat_turn(world->hub);
}

void world_wait(struct world *world, int64_t ms)
{
    for (; ms > 0; ms -= CHAT_TICK_MS) {
        fake_clock_advance(ms < CHAT_TICK_MS ? ms : CHAT_TICK_MS);
        chat_tick(world->hub);
    }
}
