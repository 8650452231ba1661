/*
 * Tests of sessions: what clients say, connections that are behind or silent, and the end.
 */
#include "session.h"

#include "batch.h"
#include "metrics.h"
#include "world.h"
#include "ws_framing.h"

#include <stdio.h>
#include <string.h>

#define HELLO "{\"message\":{\"userid\":\"alice\",\"message\":\"hello\"}}"

enum { IDLE_MS = 60000, CLOSE_MS = 5000 };

/* --------------------------------------------------------------------- what clients say */

static void ping_is_answered_at_once(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, "ping");
    EXPECT(&conn->got, "pong");
}

static void ping_is_nobody_elses_business(void **state)
{
    struct world *world = *state;
    struct fake_conn *other = world_connect_live(world);
    world_say(world_connect_live(world), "ping");
    world_turn(world);
    EXPECT_NOTHING(&other->got);
    EXPECT_NOTHING(world->calls);
}

static void message_is_published_as_it_came(void **state)
{
    struct world *world = *state;
    world_say(world_connect_live(world), " " HELLO "\n");
    EXPECT(world->calls, "publish lobby  " HELLO "\n");
}

static void sender_gets_its_message_by_the_channel_only(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, HELLO);
    fake_broker_answer(world->broker, FAKE_PUBLISH,
                       &(struct broker_reply){.epoch = "e1", .offset = 1});
    world_turn(world);
    EXPECT_NOTHING(&conn->got);
    world_publication(world, "e1", 1, HELLO);
    world_turn(world);
    EXPECT(&conn->got, HELLO);
}

static const struct refusal_row {
    const char *name;
    enum broker_status status;
    const char *message;
} refusal_rows[] = {
    {"message_that_found_no_store_is_told", BROKER_UNAVAILABLE, "not sent: try again later"},
    {"message_without_an_answer_is_told", BROKER_UNKNOWN,
     "not confirmed: it may or may not have been sent"},
    {"message_refused_by_the_store_is_told", BROKER_REFUSED, "not sent: refused by the store"},
};

static void message_not_sent_is_told(void **state)
{
    const struct refusal_row *row = *state;
    void *place = NULL;
    char expected[128];
    (void)world_set_up(&place);
    struct world *world = place;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, HELLO);
    fake_broker_answer_status(world->broker, FAKE_PUBLISH, row->status);
    (void)snprintf(expected, sizeof(expected), "{\"error\":{\"code\":503,\"message\":\"%s\"}}",
                   row->message);
    EXPECT(&conn->got, expected);
    (void)world_tear_down(&place);
}

static void answer_to_a_message_of_who_is_gone_is_ignored(void **state)
{
    struct world *world = *state;
    struct fake_conn *other = world_connect_live(world);
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, HELLO);
    world_disconnect(world, conn);
    world_connect_live(world); /* takes the place in the table */
    fake_broker_answer_status(world->broker, FAKE_PUBLISH, BROKER_UNAVAILABLE);
    EXPECT_NOTHING(&other->got);
    EXPECT_NOTHING(&world->conns->got);
}

static void nonsense_is_answered_and_the_connection_stays(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, "[]");
    EXPECT(&conn->got,
           "{\"error\":{\"code\":400,\"message\":\"a frame must be a JSON object\"}}");
    world_say(conn, "ping");
    EXPECT(&conn->got, "pong");
}

static void nonsense_is_nobody_elses_business(void **state)
{
    struct world *world = *state;
    struct fake_conn *other = world_connect_live(world);
    world_say(world_connect_live(world), "[]");
    world_turn(world);
    EXPECT_NOTHING(&other->got);
    EXPECT_NOTHING(world->calls);
}

static void text_that_is_not_utf8_closes_the_connection(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, "{\"message\":{\"userid\":\"caf\xe9\",\"message\":\"x\"}}");
    EXPECT(&conn->got, "close 1007 not UTF-8");
}

/* ------------------------------------------------------------------- connections behind */

static void connection_that_is_behind_gets_all_in_order_later(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    conn->is_busy = true;
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    world_publication(world, "e1", 2, "b");
    world_turn(world);
    EXPECT_NOTHING(&conn->got);
    conn->is_busy = false;
    chat_writable(conn->session);
    EXPECT(&conn->got, "a", "b");
}

static void nothing_overtakes_what_is_queued(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    conn->is_busy = true;
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    conn->is_busy = false;
    world_say(conn, "ping");
    EXPECT_NOTHING(&conn->got);
    chat_writable(conn->session);
    EXPECT(&conn->got, "a", "pong");
}

static void connection_that_caught_up_is_written_to_directly(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    conn->is_busy = true;
    world_say(conn, "ping");
    conn->is_busy = false;
    chat_writable(conn->session);
    journal_clear(&conn->got);
    world_say(conn, "ping");
    EXPECT(&conn->got, "pong");
}

static void connection_that_is_busy_again_keeps_the_rest(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    conn->is_busy = true;
    world_say(conn, "ping");
    chat_writable(conn->session);
    EXPECT_NOTHING(&conn->got);
    conn->is_busy = false;
    chat_writable(conn->session);
    EXPECT(&conn->got, "pong");
}

static void writable_without_anything_queued_does_nothing(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    chat_writable(conn->session);
    EXPECT_NOTHING(&conn->got);
}

static struct batch *batch_of(const char *text)
{
    struct slice part = {text, strlen(text)};
    struct batch *batch = batch_create(&ws_framing);
    batch_append_text(batch, &part, 1);
    return batch;
}

/* Gives its reference up. */
static bool is_mine_alone(struct batch *batch)
{
    struct batch *renewed = batch_renew(batch);
    bool is_same = renewed == batch;
    batch_unref(renewed);
    return is_same;
}

static void what_is_queued_is_a_reference(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    struct batch *batch = batch_of("a");
    conn->is_busy = true;
    session_send(conn->session, batch);
    assert_false(is_mine_alone(batch));
}

static void connection_that_keeps_up_holds_no_reference(void **state)
{
    struct world *world = *state;
    struct batch *batch = batch_of("a");
    session_send(world_connect_live(world)->session, batch);
    assert_true(is_mine_alone(batch));
}

static void closed_connection_gives_its_references_back(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    struct batch *batch = batch_of("a");
    conn->is_busy = true;
    session_send(conn->session, batch);
    session_close(conn->session, CLOSE_NORMAL, "");
    assert_true(is_mine_alone(batch));
}

static void broken_connection_holds_no_reference(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    struct batch *batch = batch_of("a");
    conn->is_gone = true;
    session_send(conn->session, batch);
    assert_true(is_mine_alone(batch));
}

/* Frames of 10 octets against a limit of 4 * 4, for which the first does not count: the third
 * is too much. */
static void fall_behind(struct world *world, struct fake_conn *conn)
{
    world->options.max_backlog_bytes = 4;
    conn->is_busy = true;
    for (uint64_t offset = 1; offset <= 3; offset++) {
        world_publication(world, "e1", offset, "12345678");
        world_turn(world);
    }
}

static void connection_within_the_limit_stays(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world->options.max_backlog_bytes = 5;
    conn->is_busy = true;
    for (uint64_t offset = 1; offset <= 3; offset++) {
        world_publication(world, "e1", offset, "12345678");
        world_turn(world);
    }
    EXPECT_NOTHING(&conn->got);
}

static void connection_too_far_behind_is_closed(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    fall_behind(world, conn);
    EXPECT(&conn->got, "close 1013 too far behind");
}

static void who_stays_behind_may_be_less_far_behind_than_who_has_just_fallen(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world->options.max_backlog_bytes = 15;
    conn->is_busy = true;
    for (uint64_t offset = 1; offset <= 3; offset++)
        world_publication(world, "e1", offset, "12345678");
    world_turn(world);
    world_publication(world, "e1", 4, "12345678");
    world_turn(world);
    EXPECT_NOTHING(&conn->got);
    world_wait(world, SESSION_BURST_MS);
    world_publication(world, "e1", 5, "12345678");
    world_turn(world);
    EXPECT(&conn->got, "close 1013 too far behind");
}

static void connection_too_far_behind_is_counted(void **state)
{
    struct world *world = *state;
    int64_t before = metrics.slow_consumers_total;
    fall_behind(world, world_connect_live(world));
    assert_int_equal(metrics.slow_consumers_total - before, 1);
}

/* Before it, after it and at both ends of the channel's list. */
static void others_get_all_when_one_is_closed_in_mid_turn(void **state)
{
    struct world *world = *state;
    struct fake_conn *conns[5];
    for (size_t i = 0; i < 5; i++)
        conns[i] = world_connect_live(world);
    fall_behind(world, conns[2]);
    for (size_t i = 0; i < 5; i++) {
        if (i != 2)
            EXPECT(&conns[i]->got, "12345678", "12345678", "12345678");
    }
}

static void others_get_all_when_several_are_closed_in_one_turn(void **state)
{
    struct world *world = *state;
    struct fake_conn *conns[5];
    for (size_t i = 0; i < 5; i++) {
        conns[i] = world_connect_live(world);
        conns[i]->is_busy = i != 1;
    }
    world->options.max_backlog_bytes = 2;
    for (uint64_t offset = 1; offset <= 2; offset++) {
        world_publication(world, "e1", offset, "12345678");
        world_turn(world);
    }
    for (size_t i = 0; i < 5; i++) {
        if (i == 1)
            EXPECT(&conns[i]->got, "12345678", "12345678");
        else
            EXPECT(&conns[i]->got, "close 1013 too far behind");
    }
}

static void channel_whose_last_subscriber_is_closed_in_its_turn_ends_well(void **state)
{
    struct world *world = *state;
    fall_behind(world, world_connect_live(world));
    world_turn(world);
    EXPECT(world->calls, "unsubscribe lobby");
    world_turn(world);
    EXPECT_NOTHING(world->calls);
}

static void slow_newcomer_gets_a_history_longer_than_the_limit(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    for (uint64_t offset = 1; offset <= 3; offset++)
        world_publication(world, "e1", offset, "12345678");
    world_turn(world);
    world->options.max_backlog_bytes = 2;
    struct fake_conn *newcomer = world_connect(world, "lobby");
    newcomer->is_busy = true;
    world_turn(world);
    world_publication(world, "e1", 4, "live");
    world_turn(world);
    newcomer->is_busy = false;
    chat_writable(newcomer->session);
    EXPECT(&newcomer->got, "12345678", "12345678", "12345678", "live");
}

static void what_did_not_fit_goes_on_where_it_stopped(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    conn->room = 25; /* two frames of ten */
    for (uint64_t offset = 1; offset <= 5; offset++)
        world_publication(world, "e1", offset, "12345678");
    world_turn(world);
    EXPECT(&conn->got, "12345678", "12345678");
    world_publication(world, "e1", 6, "six");
    world_turn(world);
    EXPECT_NOTHING(&conn->got);
    chat_writable(conn->session);
    EXPECT(&conn->got, "12345678", "12345678");
    conn->room = 0;
    chat_writable(conn->session);
    EXPECT(&conn->got, "12345678", "six");
}

/* -------------------------------------------------------------------------- all together */

static void let_wait(struct world *world, struct fake_conn *conn, const char *text)
{
    struct batch *batch = batch_of(text);
    (void)world;
    conn->is_busy = true;
    session_send(conn->session, batch);
    batch_unref(batch);
}

static void who_is_furthest_behind_is_closed_when_all_together_are_too_far(void **state)
{
    struct world *world = *state;
    struct fake_conn *honest = world_connect_live(world);
    struct fake_conn *abuser = world_connect_live(world);
    world->options.backlog_bytes = 40;
    let_wait(world, honest, "1");
    let_wait(world, abuser, "12345678");
    let_wait(world, abuser, "12345678");
    let_wait(world, abuser, "123456");
    EXPECT_NOTHING(&abuser->got);
    let_wait(world, honest, "123456789012");
    EXPECT(&abuser->got, "close 1013 too far behind");
    EXPECT_NOTHING(&honest->got);
    assert_int_equal(metrics.backlog_bytes, 17);
}

static void what_many_wait_for_counts_once(void **state)
{
    struct world *world = *state;
    struct fake_conn *conns[5];
    world->options.backlog_bytes = 20;
    for (size_t i = 0; i < 5; i++) {
        conns[i] = world_connect_live(world);
        conns[i]->is_busy = true;
    }
    world_publication(world, "e1", 1, "12345678");
    world_turn(world);
    for (size_t i = 0; i < 5; i++)
        EXPECT_NOTHING(&conns[i]->got);
    assert_int_equal(metrics.backlog_bytes, 10);
}

static void hits_of_the_limit_of_all_are_counted(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    int64_t before = metrics.limit_hits[LIMIT_backlog_bytes];
    world->options.backlog_bytes = 5;
    let_wait(world, conn, "12345678");
    assert_int_equal(metrics.limit_hits[LIMIT_backlog_bytes] - before, 1);
}

/* ---------------------------------------------------------------------------- the close */

/* The sanitizer would object to the use of a session that was freed. */
static void closed_session_lives_until_the_transport_says_so(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    chat_refuse(conn->session, CLOSE_POLICY, "because");
    world_turn(world);
    chat_heard(conn->session);
    chat_writable(conn->session);
    chat_message(conn->session, MESSAGE_TEXT, "ping", 4);
    EXPECT(&conn->got, "close 1008 because");
}

static void closed_session_publishes_nothing(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_connect_live(world);
    chat_refuse(conn->session, CLOSE_POLICY, "because");
    world_say(conn, HELLO);
    EXPECT_NOTHING(world->calls);
}

static void closed_session_gets_nothing_more(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    chat_refuse(conn->session, CLOSE_POLICY, "because");
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    EXPECT(&conn->got, "close 1008 because");
}

static void session_is_closed_once(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    chat_refuse(conn->session, CLOSE_POLICY, "because");
    chat_refuse(conn->session, CLOSE_NORMAL, "again");
    EXPECT(&conn->got, "close 1008 because");
}

static void closed_session_is_not_found(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    uint64_t id = session_id(conn->session);
    assert_ptr_equal(session_find(world->hub, id), conn->session);
    chat_refuse(conn->session, CLOSE_POLICY, "because");
    assert_null(session_find(world->hub, id));
}

static void paused_connection_is_let_go_on_for_its_close(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    chat_refuse(conn->session, CLOSE_POLICY, "because");
    assert_false(conn->is_paused);
}

static void close_frame_that_is_not_taken_ends_in_a_kill(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    chat_refuse(conn->session, CLOSE_POLICY, "because");
    journal_clear(&conn->got);
    world_wait(world, CLOSE_MS - CHAT_TICK_MS);
    EXPECT_NOTHING(&conn->got);
    world_wait(world, 2 * CHAT_TICK_MS);
    EXPECT(&conn->got, "kill");
}

static void killed_connection_is_killed_once(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    chat_refuse(conn->session, CLOSE_POLICY, "because");
    world_wait(world, IDLE_MS + CLOSE_MS);
    EXPECT(&conn->got, "close 1008 because", "kill");
}

static void connections_are_counted(void **state)
{
    struct world *world = *state;
    int64_t before = metrics.connections;
    struct fake_conn *conn = world_connect_live(world);
    assert_int_equal(metrics.connections - before, 1);
    world_disconnect(world, conn);
    assert_int_equal(metrics.connections, before);
}

/* ------------------------------------------------------------------------------- silence */

static void silent_connection_is_closed(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_wait(world, IDLE_MS + CHAT_TICK_MS);
    EXPECT(&conn->got, "close 1001 idle timeout");
}

static void silent_connection_has_its_time(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_wait(world, IDLE_MS - CHAT_TICK_MS);
    EXPECT_NOTHING(&conn->got);
}

static void ping_gives_new_time(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_wait(world, IDLE_MS - 10 * CHAT_TICK_MS);
    world_say(conn, "ping");
    world_wait(world, IDLE_MS - CHAT_TICK_MS);
    EXPECT(&conn->got, "pong");
    world_wait(world, 2 * CHAT_TICK_MS);
    EXPECT(&conn->got, "close 1001 idle timeout");
}

static void what_is_sent_to_it_gives_no_new_time(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_wait(world, IDLE_MS - CHAT_TICK_MS);
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    world_wait(world, 2 * CHAT_TICK_MS);
    EXPECT(&conn->got, "a", "close 1001 idle timeout");
}

static void reading_what_waits_gives_new_time(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    conn->is_busy = true;
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e1", 2, "b");
    world_turn(world);
    world_wait(world, IDLE_MS - CHAT_TICK_MS);
    conn->is_busy = false;
    conn->room = 3;
    chat_writable(conn->session);
    world_wait(world, IDLE_MS - CHAT_TICK_MS);
    EXPECT(&conn->got, "a");
}

static void silent_connection_leaves_its_channel_with_the_turn(void **state)
{
    struct world *world = *state;
    world_connect_present(world, "alice", 1);
    world_wait(world, IDLE_MS + CHAT_TICK_MS);
    assert_int_equal(chat_wait_ms(world->hub), 0);
    world_turn(world);
    EXPECT(world->calls, "leave lobby alice", "unsubscribe lobby");
}

/* --------------------------------------------------------------------------------- drain */

enum { MANY = 120, SLICE = 50 + MANY / 25 };

static size_t count_closed(const struct world *world)
{
    size_t count = 0;
    for (const struct fake_conn *conn = world->conns; conn; conn = conn->next)
        count += conn->is_closed;
    return count;
}

static void connect_many(struct world *world)
{
    for (int i = 0; i < MANY; i++)
        world_connect_live(world);
}

static void drain_says_going_away(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    chat_drain(world->hub);
    EXPECT(&conn->got, "close 1001 going away");
}

static void drain_begins_with_a_slice(void **state)
{
    struct world *world = *state;
    connect_many(world);
    chat_drain(world->hub);
    assert_int_equal(count_closed(world), SLICE);
}

static void drain_closes_a_slice_each_tick(void **state)
{
    struct world *world = *state;
    connect_many(world);
    chat_drain(world->hub);
    world_wait(world, CHAT_TICK_MS);
    assert_int_equal(count_closed(world), 2 * SLICE);
    world_wait(world, CHAT_TICK_MS);
    assert_int_equal(count_closed(world), MANY);
}

static void drain_does_not_wait_for_those_who_are_gone_already(void **state)
{
    struct world *world = *state;
    connect_many(world);
    chat_drain(world->hub);
    for (struct fake_conn *conn = world->conns; conn;) {
        struct fake_conn *next = conn->next;
        if (conn->is_closed)
            world_disconnect(world, conn);
        conn = next;
    }
    world_wait(world, CHAT_TICK_MS);
    assert_int_equal(count_closed(world), SLICE);
}

static void drain_is_over_when_the_last_connection_is_gone(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    chat_drain(world->hub);
    assert_false(chat_is_drained(world->hub));
    world_disconnect(world, conn);
    assert_true(chat_is_drained(world->hub));
}

static void drain_lets_users_leave(void **state)
{
    struct world *world = *state;
    world_connect_present(world, "alice", 1);
    chat_drain(world->hub);
    world_turn(world);
    EXPECT(world->calls, "leave lobby alice", "unsubscribe lobby");
}

static void drain_closes_who_came_while_it_goes_on(void **state)
{
    struct world *world = *state;
    chat_drain(world->hub);
    struct fake_conn *late = world_connect(world, "lobby");
    world_wait(world, CHAT_TICK_MS);
    EXPECT(&late->got, "close 1001 going away");
}

/* ---------------------------------------------------------------------------- the turn */

static void news_are_work_for_another_turn(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    assert_int_equal(chat_wait_ms(world->hub), -1);
    world_publication(world, "e1", 1, "a");
    assert_int_equal(chat_wait_ms(world->hub), 0);
    world_turn(world);
    assert_int_equal(chat_wait_ms(world->hub), -1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(ping_is_answered_at_once),
        WORLD_TEST(ping_is_nobody_elses_business),
        WORLD_TEST(message_is_published_as_it_came),
        WORLD_TEST(sender_gets_its_message_by_the_channel_only),
        WORLD_TEST(answer_to_a_message_of_who_is_gone_is_ignored),
        WORLD_TEST(nonsense_is_answered_and_the_connection_stays),
        WORLD_TEST(nonsense_is_nobody_elses_business),
        WORLD_TEST(text_that_is_not_utf8_closes_the_connection),
        WORLD_TEST(connection_that_is_behind_gets_all_in_order_later),
        WORLD_TEST(nothing_overtakes_what_is_queued),
        WORLD_TEST(connection_that_caught_up_is_written_to_directly),
        WORLD_TEST(connection_that_is_busy_again_keeps_the_rest),
        WORLD_TEST(writable_without_anything_queued_does_nothing),
        WORLD_TEST(what_is_queued_is_a_reference),
        WORLD_TEST(connection_that_keeps_up_holds_no_reference),
        WORLD_TEST(closed_connection_gives_its_references_back),
        WORLD_TEST(broken_connection_holds_no_reference),
        WORLD_TEST(connection_within_the_limit_stays),
        WORLD_TEST(connection_too_far_behind_is_closed),
        WORLD_TEST(who_stays_behind_may_be_less_far_behind_than_who_has_just_fallen),
        WORLD_TEST(connection_too_far_behind_is_counted),
        WORLD_TEST(others_get_all_when_one_is_closed_in_mid_turn),
        WORLD_TEST(others_get_all_when_several_are_closed_in_one_turn),
        WORLD_TEST(channel_whose_last_subscriber_is_closed_in_its_turn_ends_well),
        WORLD_TEST(slow_newcomer_gets_a_history_longer_than_the_limit),
        WORLD_TEST(what_did_not_fit_goes_on_where_it_stopped),
        WORLD_TEST(who_is_furthest_behind_is_closed_when_all_together_are_too_far),
        WORLD_TEST(what_many_wait_for_counts_once),
        WORLD_TEST(hits_of_the_limit_of_all_are_counted),
        WORLD_TEST(closed_session_lives_until_the_transport_says_so),
        WORLD_TEST(closed_session_publishes_nothing),
        WORLD_TEST(closed_session_gets_nothing_more),
        WORLD_TEST(session_is_closed_once),
        WORLD_TEST(closed_session_is_not_found),
        WORLD_TEST(paused_connection_is_let_go_on_for_its_close),
        WORLD_TEST(close_frame_that_is_not_taken_ends_in_a_kill),
        WORLD_TEST(killed_connection_is_killed_once),
        WORLD_TEST(connections_are_counted),
        WORLD_TEST(silent_connection_is_closed),
        WORLD_TEST(silent_connection_has_its_time),
        WORLD_TEST(ping_gives_new_time),
        WORLD_TEST(what_is_sent_to_it_gives_no_new_time),
        WORLD_TEST(reading_what_waits_gives_new_time),
        WORLD_TEST(silent_connection_leaves_its_channel_with_the_turn),
        WORLD_TEST(drain_says_going_away),
        WORLD_TEST(drain_begins_with_a_slice),
        WORLD_TEST(drain_closes_a_slice_each_tick),
        WORLD_TEST(drain_does_not_wait_for_those_who_are_gone_already),
        WORLD_TEST(drain_is_over_when_the_last_connection_is_gone),
        WORLD_TEST(drain_lets_users_leave),
        WORLD_TEST(drain_closes_who_came_while_it_goes_on),
        WORLD_TEST(news_are_work_for_another_turn),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, refusal_rows, message_not_sent_is_told);
    return unit_run(&suite, "session");
}
