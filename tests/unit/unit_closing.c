/*
 * Tests of sessions that end in the middle of something: they keep their subscriptions until
 * the end of the turn, so that nothing vanishes under whoever sends to them, begin nothing
 * new, and leave their channels once.
 */
#include "batch.h"
#include "clock.h"
#include "dialect_luchat.h"
#include "hub.h"
#include "metrics.h"
#include "session.h"
#include "slice.h"
#include "world.h"
#include "ws_framing.h"

#include <stdio.h>
#include <string.h>

#define LEAVE_ALL                                                                              \
    "{\"unsubscribe\":{\"user\":\"\",\"client\":\"%s\",\"channel\":\"\",\"code\":0,"           \
    "\"reason\":\"\",\"expired\":false,\"expires_at\":0}}"
#define TOO_FAR_BEHIND "close 1013 too far behind"

enum { CHANNELS = 40, OPEN_TIMEOUT_MS = 5000 };

/* From now on each thing that the connection is sent closes it. */
static void fall_behind(struct world *world, struct fake_conn *conn)
{
    struct batch *batch = batch_create(&ws_framing);
    batch_append_text(batch, &(struct slice){"x", 1}, 1);
    conn->is_busy = true;
    session_send(conn->session, batch); /* waits, so that nothing else is the first */
    batch_unref(batch);
    world->options.max_backlog_bytes = 0;
    journal_clear(&conn->got);
    journal_clear(world->calls);
}

static void subscribe(struct fake_conn *conn, unsigned id, const char *channel)
{
    char text[128];
    (void)snprintf(text, sizeof(text), "{\"id\":%u,\"subscribe\":{\"channel\":\"%s\"}}", id,
                   channel);
    world_say(conn, text);
}

static void who_is_closed_by_the_reply_to_subscribe_joins_nothing(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    subscribe(conn, 2, "lobby");
    fall_behind(world, conn);
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    EXPECT(&conn->got, TOO_FAR_BEHIND);
    EXPECT(world->calls, "history lobby 0 50 reverse");
    world_turn(world);
    world_turn(world);
    EXPECT(world->calls, "unsubscribe lobby");
}

static void who_is_closed_by_hello_joins_nothing(void **state)
{
    struct world *world = *state;
    world->options.flush_delay_ms = 100;
    world_connect_live(world);
    struct fake_conn *conn =
        world_open(world, &dialect_luchat,
                   &(struct chat_request){.channel = "lobby", .wants_hello = true});
    world_say(conn, "{\"online\":{\"userid\":\"alice\"}}");
    fall_behind(world, conn);
    world_wait(world, 100);
    world_turn(world);
    EXPECT(&conn->got, TOO_FAR_BEHIND);
    world_turn(world);
    EXPECT_NOTHING(world->calls);
    assert_int_equal(metrics.subscriptions, 1);
}

static void order_to_leave_all(struct world *world, const struct fake_conn *conn)
{
    char client[CLIENT_BYTES];
    char order[CLIENT_BYTES + sizeof(LEAVE_ALL)];
    session_print_client(conn->session, client);
    int length = snprintf(order, sizeof(order), LEAVE_ALL, client);
    fake_broker_events(world->broker)->on_control(world->hub, order, (size_t)length);
}

static void subscriptions_that_end_together_outlive_a_close_in_between(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    for (unsigned i = 0; i < CHANNELS; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "c%u", i);
        subscribe(conn, i + 2, name);
    }
    for (unsigned i = 0; i < CHANNELS; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "c%u", i);
        const struct broker_events *events = fake_broker_events(world->broker);
        events->on_subscribed(events->context, name);
        fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    }
    world_turn(world);
    fall_behind(world, conn);
    order_to_leave_all(world, conn);
    EXPECT(&conn->got, TOO_FAR_BEHIND);
    world_turn(world);
    world_turn(world);
    assert_int_equal(metrics.subscriptions, 0);
    assert_int_equal(metrics.channels, 0);
}

static void closed_arrivals_of_a_channel_that_is_not_opened_are_sent_away_once(void **state)
{
    struct world *world = *state;
    struct fake_conn *first = world_connect(world, "lobby");
    struct fake_conn *second = world_connect(world, "lobby");
    world_wait(world, OPEN_TIMEOUT_MS + CHAT_TICK_MS);
    EXPECT(&first->got, "close 1013 channel cannot be opened now");
    EXPECT(&second->got, "close 1013 channel cannot be opened now");
    world_turn(world);
    EXPECT(world->calls, "subscribe lobby", "unsubscribe lobby");
}

static void closed_arrival_is_not_admitted(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    chat_refuse(conn->session, 1008, "no more");
    fake_broker_answer_log(world->broker, "e1", 1, TEXTS("1"));
    EXPECT(&conn->got, "close 1008 no more");
    world_turn(world);
    EXPECT(world->calls, "subscribe lobby", "history lobby 0 50 reverse", "unsubscribe lobby");
}

static void who_is_closed_leaves_once(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_present(world, "alice", 1);
    chat_refuse(conn->session, 1008, "no more");
    EXPECT_NOTHING(world->calls);
    world_turn(world);
    EXPECT(world->calls, "leave lobby alice", "unsubscribe lobby");
    world_disconnect(world, conn);
    world_turn(world);
    EXPECT_NOTHING(world->calls);
}

static void who_is_closed_and_gone_in_one_turn_leaves_once(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_present(world, "alice", 1);
    chat_refuse(conn->session, 1008, "no more");
    world_disconnect(world, conn);
    world_turn(world);
    EXPECT(world->calls, "leave lobby alice", "unsubscribe lobby");
}

static void who_is_closed_is_not_put_back(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_present(world, "alice", 1);
    chat_refuse(conn->session, 1008, "no more");
    fake_broker_events(world->broker)->on_members_lost(world->hub);
    world_turn(world);
    EXPECT(world->calls, "leave lobby alice", "unsubscribe lobby");
}

static void flush_delay_does_not_keep_who_is_closed_in_its_channels(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_present(world, "alice", 1);
    world->options.flush_delay_ms = 1000;
    assert_int_equal(chat_wait_ms(world->hub), -1);
    chat_refuse(conn->session, 1008, "no more");
    assert_int_equal(chat_wait_ms(world->hub), 0);
    world_turn(world);
    EXPECT(world->calls, "leave lobby alice");
    assert_true(chat_wait_ms(world->hub) > 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(who_is_closed_by_the_reply_to_subscribe_joins_nothing),
        WORLD_TEST(who_is_closed_by_hello_joins_nothing),
        WORLD_TEST(subscriptions_that_end_together_outlive_a_close_in_between),
        WORLD_TEST(closed_arrivals_of_a_channel_that_is_not_opened_are_sent_away_once),
        WORLD_TEST(closed_arrival_is_not_admitted),
        WORLD_TEST(who_is_closed_leaves_once),
        WORLD_TEST(who_is_closed_and_gone_in_one_turn_leaves_once),
        WORLD_TEST(who_is_closed_is_not_put_back),
        WORLD_TEST(flush_delay_does_not_keep_who_is_closed_in_its_channels),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "closing");
}
