/*
 * A day of a node without Redis, on the fake clock: 100,000 users come to one busy lobby, are
 * seen, say something, look into a channel of their own, and go. What the node holds does not
 * grow with who was there.
 */
#include "chat.h"
#include "dialect_centrifuge.h"
#include "dialect_luchat.h"
#include "fake_clock.h"
#include "fake_transport.h"
#include "heap.h"
#include "memory_broker.h"
#include "metrics.h"
#include "namespaces.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    USERS = 100000,
    DAY_MS = 24 * 3600 * 1000,
    PAUSE_MS = DAY_MS / USERS, /* between one who comes and the next */
    PRESENT = 5,               /* users at once */
    STAYING = 3,               /* who have been there since the morning */
    HEAP_NOISE = 64 << 10,     /* bytes: tables and buffers that are one size larger */
};

struct day {
    struct broker *broker;
    struct namespaces *namespaces;
    struct chat_options options;
    struct hub *hub;
    struct fake_conn *staying[STAYING];
    struct fake_conn *present[PRESENT]; /* a ring */
};

static int set_up(void **state)
{
    struct day *day = calloc(1, sizeof(*day));
    char *error = NULL;
    day->namespaces =
        namespaces_create("",
                          &(struct namespace_options){.policy = {.history_size = 5,
                                                                 .history_ttl_ms = 3600 * 1000,
                                                                 .presence_grace_ms = 5000},
                                                      .has_join_leave = true,
                                                      .presence_limit = 1000,
                                                      .presence_names_limit = 1000},
                          &error);
    assert_non_null(day->namespaces);
    day->options = (struct chat_options){.node = "node-1",
                                         .max_backlog_bytes = 1 << 20,
                                         .backlog_bytes = 1 << 30,
                                         .limits = {.channels_per_connection = 10},
                                         .idle_timeout_ms = 2 * DAY_MS,
                                         .open_timeout_ms = 5000,
                                         .namespaces = day->namespaces,
                                         .presence_window_ms = 200,
                                         .ping_interval_ms = DAY_MS,
                                         .pong_timeout_ms = DAY_MS,
                                         .connect_timeout_ms = 10000};
    day->broker = memory_broker_create(NULL, namespaces_policies(day->namespaces));
    day->hub = chat_create(NULL, day->broker, &day->options);
    *state = day;
    return 0;
}

static void let_go(struct fake_conn *conn)
{
    if (!conn)
        return;
    chat_closed(conn->session);
    journal_clear(&conn->got);
    free(conn);
}

static void turn(struct day *day)
{
    broker_turn(day->broker);
    chat_turn(day->hub);
    broker_turn(day->broker);
}

static int tear_down(void **state)
{
    struct day *day = *state;
    for (size_t i = 0; i < PRESENT; i++)
        let_go(day->present[i]);
    for (size_t i = 0; i < STAYING; i++)
        let_go(day->staying[i]);
    turn(day);
    broker_destroy(day->broker);
    chat_destroy(day->hub);
    namespaces_destroy(day->namespaces);
    free(day);
    return 0;
}

static void say(struct fake_conn *conn, const char *text)
{
    chat_heard(conn->session);
    chat_message(conn->session, MESSAGE_TEXT, text, strlen(text));
}

static struct fake_conn *open_conn(struct day *day, const struct dialect *dialect)
{
    struct fake_conn *conn = calloc(1, sizeof(*conn));
    conn->session = chat_open(day->hub, conn, &fake_transport, dialect,
                              &(struct chat_request){.channel = "lobby"});
    return conn;
}

static struct fake_conn *come_by_luchat(struct day *day, int number)
{
    char text[128];
    struct fake_conn *conn = open_conn(day, &dialect_luchat);
    turn(day);
    (void)snprintf(text, sizeof(text), "{\"online\":{\"userid\":\"user-%d\"}}", number);
    say(conn, text);
    turn(day);
    (void)snprintf(text, sizeof(text),
                   "{\"message\":{\"userid\":\"user-%d\",\"message\":\"hello\"}}", number);
    say(conn, text);
    turn(day);
    return conn;
}

static struct fake_conn *come_by_sdk(struct day *day, int number)
{
    char text[160];
    struct fake_conn *conn = open_conn(day, &dialect_centrifuge);
    say(conn, "{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"lobby\"}}");
    turn(day);
    (void)snprintf(text, sizeof(text),
                   "{\"id\":3,\"subscribe\":{\"channel\":\"of:%d\"}}\n"
                   "{\"id\":4,\"history\":{\"channel\":\"at:%d\",\"limit\":1}}",
                   number, number);
    say(conn, text);
    turn(day);
    say(conn, "{\"id\":5,\"publish\":{\"channel\":\"lobby\",\"data\":{\"text\":\"hello\"}}}");
    turn(day);
    return conn;
}

static void forget_what_was_sent(struct fake_conn *const *conns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (conns[i])
            journal_clear(&conns[i]->got);
    }
}

static void pass(struct day *day, int64_t ms)
{
    for (; ms > 0; ms -= CHAT_TICK_MS) {
        fake_clock_advance(ms < CHAT_TICK_MS ? ms : CHAT_TICK_MS);
        chat_tick(day->hub);
        turn(day);
    }
}

static void live_through(struct day *day, int first, int end)
{
    for (int number = first; number < end; number++) {
        struct fake_conn **place = &day->present[number % PRESENT];
        let_go(*place);
        *place = number % 2 ? come_by_sdk(day, number) : come_by_luchat(day, number);
        pass(day, PAUSE_MS);
        forget_what_was_sent(day->present, PRESENT);
        forget_what_was_sent(day->staying, STAYING);
    }
}

static void lobby_of_a_day_leaves_no_memory_behind(void **state)
{
    enum { MORNING = 5000 }; /* an hour: as long as messages are kept */
    struct day *day = *state;
    for (int i = 0; i < STAYING; i++)
        day->staying[i] = come_by_luchat(day, -i - 1);
    live_through(day, 0, MORNING);
    size_t in_the_morning = heap_bytes();
    live_through(day, MORNING, USERS);
    assert_in_range(heap_bytes(), 0, in_the_morning + HEAP_NOISE);
    assert_true(metrics.publications_total >= USERS); /* they were there */
    assert_in_range(metrics.members, PRESENT / 2, 2 * PRESENT + STAYING);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lobby_of_a_day_leaves_no_memory_behind, set_up,
                                        tear_down),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "day");
}
