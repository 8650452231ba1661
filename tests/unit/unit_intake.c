/*
 * Tests of what one connection may take: how fast, how much at the store, how much of a turn;
 * and of what waits until it may.
 */
#include "intake.h"

#include "hub.h"
#include "limit.h"
#include "metrics.h"
#include "quota.h"
#include "session.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUBLISH(id, channel)                                                                   \
    "{\"id\":" #id ",\"publish\":{\"channel\":\"" channel "\",\"data\":" #id "}}"
#define HISTORY(id)  "{\"id\":" #id ",\"history\":{\"channel\":\"a\",\"limit\":1000}}"
#define PRESENCE(id) "{\"id\":" #id ",\"presence\":{\"channel\":\"a\"}}"
#define LEAVE(id)    "{\"id\":" #id ",\"unsubscribe\":{\"channel\":\"a\"}}"
#define LEFT(id)     "{\"id\":" #id ",\"unsubscribe\":{}}"
#define DONE(id)     "{\"id\":" #id ",\"publish\":{}}"
#define TOO_MANY(id)                                                                           \
    "{\"id\":" #id                                                                             \
    ",\"error\":{\"code\":111,\"message\":\"too many requests\",\"temporary\":true}}"
#define TOO_MANY_CHANNELS "{\"id\":3,\"error\":{\"code\":106,\"message\":\"limit exceeded\"}}"
#define HELLO             "{\"message\":{\"userid\":\"ann\",\"message\":\"hello\"}}"
#define NOT_SENT                                                                               \
    "{\"error\":{\"code\":429,\"message\":\"not sent: too many messages, slow down\"}}"

enum { SECOND_MS = 1000, MINUTE_MS = 60000, TEXT_BYTES = 256, WORK_US = 100 };

static void publishes_done(struct world *world, size_t count)
{
    for (; count > 0; count--)
        fake_broker_answer(world->broker, FAKE_PUBLISH,
                           &(struct broker_reply){.status = BROKER_OK, .epoch = "e1"});
}

/* --------------------------------------------------------------------- at the store */

static void rest_of_a_frame_waits_while_too_many_are_at_the_store(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.commands_in_flight = 2;
    world_say(conn, PUBLISH(2, "a") "\n" PUBLISH(3, "b") "\n" PUBLISH(4, "c"));
    EXPECT(world->calls, "publish a 2", "publish b 3");
    assert_true(conn->is_paused);
}

static void what_waited_goes_on_in_its_order_when_answers_come(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.commands_in_flight = 1;
    world_say(conn, PUBLISH(2, "a") PUBLISH(3, "b"));
    world_say(conn, PUBLISH(4, "c"));
    EXPECT(world->calls, "publish a 2");
    publishes_done(world, 1);
    world_turn(world);
    EXPECT(world->calls, "publish b 3");
    publishes_done(world, 1);
    world_turn(world);
    EXPECT(world->calls, "publish c 4");
    assert_false(conn->is_paused);
    publishes_done(world, 1);
    EXPECT(&conn->got, DONE(2), DONE(3), DONE(4));
}

static void who_waits_is_not_asked_for_another_turn(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.commands_in_flight = 1;
    world_say(conn, PUBLISH(2, "a") PUBLISH(3, "b"));
    assert_int_equal(chat_wait_ms(world->hub), -1);
    publishes_done(world, 1);
    assert_int_equal(chat_wait_ms(world->hub), 0);
}

static void message_of_luchat_waits_as_a_whole(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world->options.limits.commands_in_flight = 1;
    world_say(conn, HELLO);
    world_say(conn, HELLO);
    EXPECT(world->calls, "publish lobby " HELLO);
    assert_true(conn->is_paused);
    publishes_done(world, 1);
    world_turn(world);
    EXPECT(world->calls, "publish lobby " HELLO);
    assert_false(conn->is_paused);
}

static void closed_session_is_not_heard_any_more(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.commands_in_flight = 1;
    world_say(conn, PUBLISH(2, "a") PUBLISH(3, "b"));
    chat_refuse(conn->session, CLOSE_POLICY, "because");
    publishes_done(world, 1);
    world_turn(world);
    world_wait(world, SECOND_MS);
    EXPECT(world->calls, "publish a 2");
    EXPECT(&conn->got, "close 1008 because");
}

static void session_that_ends_itself_in_a_frame_is_not_heard_any_more(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.commands_in_flight = 1;
    world_say(conn, PUBLISH(2, "a") "{\"id\":3,\"nonsense\":{}}" PUBLISH(4, "b"));
    publishes_done(world, 1);
    world_turn(world);
    EXPECT(world->calls, "publish a 2");
    EXPECT(&conn->got, DONE(2), "close 3501 unknown method");
}

/* What ends a session is no hit of a limit. */
static void frame_that_is_no_command_waits_for_nothing(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    int64_t hits = metrics.limit_hits[LIMIT_reply_bytes];
    world_say(conn, "[]");
    assert_true(conn->is_closed);
    assert_int_equal(metrics.limit_hits[LIMIT_reply_bytes], hits);
    world_turn(world);
}

static void who_goes_meanwhile_leaves_nothing_behind(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.commands_in_flight = 1;
    world_say(conn, PUBLISH(2, "a") PUBLISH(3, "b"));
    world_disconnect(world, conn);
    publishes_done(world, 1);
    world_turn(world);
    EXPECT(world->calls, "publish a 2");
}

static void more_than_two_messages_worth_is_not_kept(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.commands_in_flight = 1;
    world->options.max_message_bytes = TEXT_BYTES;
    world_say(conn, PUBLISH(2, "a"));
    for (int i = 0; i < 20 && !conn->is_closed; i++)
        world_say(conn, PUBLISH(3, "b"));
    EXPECT(&conn->got, "close 1008 too much at once");
}

/* ------------------------------------------------------------------------ its silence */

static void silence_is_excused_while_it_is_not_read(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world->options.limits.commands_in_flight = 1;
    world_say(conn, HELLO);
    world_say(conn, HELLO);
    world_wait(world, 2 * MINUTE_MS);
    EXPECT_NOTHING(&conn->got);
    publishes_done(world, 1);
    world_turn(world);
    world_wait(world, MINUTE_MS + SECOND_MS);
    EXPECT(&conn->got, "close 1001 idle timeout");
}

static void missing_pong_is_excused_while_it_is_not_read(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.commands_in_flight = 1;
    world_say(conn, PUBLISH(2, "a") PUBLISH(3, "b"));
    world_wait(world, WORLD_PING_MS + WORLD_PONG_MS + SECOND_MS);
    EXPECT(&conn->got, "{}");
    publishes_done(world, 1);
    world_turn(world);
    world_wait(world, WORLD_PONG_MS + SECOND_MS);
    EXPECT(&conn->got, DONE(2), "close 3012 no pong");
}

static void who_does_not_take_what_it_is_sent_is_not_excused(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world->options.limits.commands_in_flight = 1;
    world_say(conn, HELLO);
    world_say(conn, HELLO);
    conn->is_busy = true;
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    world_wait(world, MINUTE_MS + SECOND_MS);
    EXPECT(&conn->got, "close 1001 idle timeout");
}

/* ---------------------------------------------------------------------- a share of a turn */

static void long_frame_is_heard_in_several_turns(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    fake_write_us = WORK_US;
    world_say(conn, LEAVE(2) LEAVE(3) LEAVE(4) LEAVE(5));
    fake_write_us = 0;
    EXPECT(&conn->got, LEFT(2), LEFT(3), LEFT(4));
    assert_true(conn->is_paused);
    world_turn(world); /* the same one still */
    EXPECT_NOTHING(&conn->got);
    assert_int_equal(chat_wait_ms(world->hub), 0);
    world_turn(world);
    EXPECT(&conn->got, LEFT(5));
    assert_false(conn->is_paused);
}

static void others_are_heard_between(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    struct fake_conn *other = world_connect_sdk(world);
    fake_write_us = WORK_US;
    world_say(conn, LEAVE(2) LEAVE(3) LEAVE(4) LEAVE(5));
    world_say(other, LEAVE(6));
    fake_write_us = 0;
    EXPECT(&other->got, LEFT(6));
}

/* Many who send a lot: in one turn each is heard, none for long. */
static void crowd_is_heard_one_by_one(void **state)
{
    struct world *world = *state;
    enum { MANY = 30 };
    struct fake_conn *conns[MANY];
    for (int i = 0; i < MANY; i++)
        conns[i] = world_connect_sdk(world);
    world_turn(world);
    fake_write_us = WORK_US;
    for (int i = 0; i < MANY; i++)
        world_say(conns[i], LEAVE(2) LEAVE(3) LEAVE(4) LEAVE(5));
    fake_write_us = 0;
    EXPECT(&conns[0]->got, LEFT(2), LEFT(3), LEFT(4));
    EXPECT(&conns[MANY - 1]->got, LEFT(2));
    world_turn(world);
    world_turn(world);
    EXPECT(&conns[MANY - 1]->got, LEFT(3), LEFT(4), LEFT(5));
}

/* ------------------------------------------------------------------------------- rates */

static void ten_seconds_worth_of_commands_are_heard_at_once(void **state)
{
    struct world *world = *state;
    world->options.limits.commands_per_s = 1;
    struct fake_conn *conn = world_connect_sdk(world); /* which is one, too */
    for (int i = 0; i < 9; i++)
        world_say(conn, LEAVE(2));
    journal_clear(&conn->got);
    world_say(conn, LEAVE(3));
    EXPECT(&conn->got, TOO_MANY(3));
    world_wait(world, SECOND_MS);
    world_say(conn, LEAVE(4) LEAVE(5));
    EXPECT(&conn->got, LEFT(4), TOO_MANY(5));
}

static void refused_command_does_nothing(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.publishes_per_s = 1;
    int64_t hits = metrics.limit_hits[LIMIT_publishes_per_s];
    for (int i = 0; i < 10; i++)
        world_say(conn, PUBLISH(2, "a"));
    journal_clear(world->calls);
    world_say(conn, PUBLISH(3, "a"));
    EXPECT(&conn->got, TOO_MANY(3));
    EXPECT_NOTHING(world->calls);
    assert_int_equal(metrics.limit_hits[LIMIT_publishes_per_s], hits + 1);
}

static void luchat_is_told_429(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world->options.limits.publishes_per_s = 1;
    for (int i = 0; i < 10; i++)
        world_say(conn, HELLO);
    journal_clear(world->calls);
    world_say(conn, HELLO);
    EXPECT(&conn->got, NOT_SENT);
    EXPECT_NOTHING(world->calls);
}

static void pings_are_never_too_many(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world->options.limits.commands_per_s = 1;
    world->options.limits.publishes_per_s = 1;
    for (int i = 0; i < 100; i++)
        world_say(conn, "ping");
    for (size_t i = 0; i < conn->got.count; i++)
        assert_string_equal(conn->got.lines[i], "pong");
    assert_null(*session_usage(conn->session));
}

static void bytes_are_counted_beside_messages(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world->options.limits.publish_bytes_per_s = (int64_t)strlen(HELLO);
    for (int i = 0; i < 4; i++)
        world_say(conn, HELLO);
    EXPECT_NOTHING(&conn->got);
    world_say(conn, HELLO);
    EXPECT(&conn->got, NOT_SENT);
    world_wait(world, SECOND_MS);
    world_say(conn, HELLO);
    EXPECT_NOTHING(&conn->got);
}

/* Else it could never be sent. */
static void message_longer_than_the_bucket_is_sent_when_it_is_full(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world->options.limits.publish_bytes_per_s = 10;
    world_say(conn, HELLO);
    EXPECT(world->calls, "publish lobby " HELLO);
    world_say(conn, HELLO);
    EXPECT(&conn->got, NOT_SENT);
    world_wait(world, 4 * SECOND_MS);
    world_say(conn, HELLO);
    EXPECT(&conn->got, NOT_SENT);
    world_wait(world, 10 * SECOND_MS);
    world_say(conn, HELLO);
    EXPECT_NOTHING(&conn->got);
}

/* Answering costs, too. */
static void who_was_refused_for_long_is_heard_more_slowly(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.commands_per_s = 1;
    world_say(conn, LEAVE(2)); /* a usage with these limits */
    for (int i = 0; i < 110; i++)
        world_say(conn, LEAVE(2));
    journal_clear(&conn->got);
    assert_true(conn->is_paused);
    world_wait(world, SECOND_MS);
    world_turn(world);
    assert_in_range(conn->got.count, 1, 12);
}

/* ---------------------------------------------------------------------------- channels */

static void new_channels_are_counted_by_the_minute(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.new_channels_per_minute = 2;
    world_say(conn, PUBLISH(2, "a") PUBLISH(3, "b") PUBLISH(4, "c"));
    EXPECT(world->calls, "publish a 2", "publish b 3");
    EXPECT(&conn->got, TOO_MANY(4));
    world_wait(world, MINUTE_MS / 2);
    journal_clear(&conn->got);
    world_say(conn, PUBLISH(5, "c"));
    EXPECT(world->calls, "publish c 5");
}

static void channel_that_was_touched_is_not_new(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.new_channels_per_minute = 1;
    world_say(conn, PUBLISH(2, "a") PUBLISH(3, "a"));
    world_say(world_connect_sdk(world), PUBLISH(4, "a"));
    EXPECT(world->calls, "publish a 2", "publish a 3", "publish a 4");
    EXPECT_NOTHING(&conn->got);
}

static void asking_counts_like_publishing(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.new_channels_per_minute = 1;
    world_say(conn, PUBLISH(2, "b") HISTORY(3) PRESENCE(4));
    EXPECT(world->calls, "publish b 2");
    EXPECT(&conn->got, TOO_MANY(3), TOO_MANY(4));
}

static void subscriptions_have_a_limit_of_their_own(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.channels_per_connection = 1;
    world_say(conn, "{\"id\":2,\"subscribe\":{\"channel\":\"a\"}}");
    world_say(conn, "{\"id\":3,\"subscribe\":{\"channel\":\"b\"}}");
    EXPECT(&conn->got, TOO_MANY_CHANNELS);
}

/* Or names would be made by subscribing and leaving. */
static void subscribing_and_leaving_is_counted_too(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.new_channels_per_minute = 1;
    world->options.limits.channels_per_connection = 1;
    world_say(conn, "{\"id\":2,\"subscribe\":{\"channel\":\"a\"}}" LEAVE(
                        3) "{\"id\":4,\"subscribe\":{\"channel\":\"b\"}}"
                           "{\"id\":5,\"unsubscribe\":{\"channel\":\"b\"}}"
                           "{\"id\":6,\"subscribe\":{\"channel\":\"c\"}}");
    EXPECT(world->calls, "subscribe a", "subscribe b");
}

/* ------------------------------------------------------------------------------- names */

static void same_name_again_is_no_other_name(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world->options.limits.names_per_connection = 1;
    for (int i = 0; i < 3; i++) {
        world_say(conn, "{\"online\":{\"userid\":\"a\"}}");
        fake_broker_answer_status(world->broker, FAKE_JOIN, BROKER_UNAVAILABLE);
        journal_clear(world->calls);
        EXPECT(&conn->got, "{\"error\":{\"code\":503,\"message\":\"not online yet: this is "
                           "tried again until it "
                           "succeeds\"}}");
    }
}

static void name_is_taken_so_often_and_then_once_a_minute(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world->options.limits.names_per_connection = 2;
    world_say(conn, "{\"online\":{\"userid\":\"a\"}}");
    world_say(conn, "{\"online\":{\"userid\":\"b\"}}");
    EXPECT(world->calls, "join lobby a", "leave lobby a", "join lobby b");
    world_say(conn, "{\"online\":{\"userid\":\"c\"}}");
    EXPECT(&conn->got, "{\"error\":{\"code\":429,\"message\":\"too many names: keep one\"}}");
    EXPECT_NOTHING(world->calls);
    assert_string_equal(session_user(conn->session), "b");
    world_say(conn, "ping");
    world_wait(world, MINUTE_MS - CHAT_TICK_MS);
    world_say(conn, "{\"online\":{\"userid\":\"c\"}}");
    world_wait(world, 2 * CHAT_TICK_MS);
    world_say(conn, "{\"online\":{\"userid\":\"d\"}}");
    EXPECT(world->calls, "leave lobby b", "join lobby d");
}

/* ------------------------------------------------------------------------ long answers */

static void answer_history(struct world *world, size_t bytes)
{
    char *text = calloc(bytes + 1, 1);
    memset(text, '1', bytes);
    struct publication *publication =
        publication_create(1, slice_of(text), (struct slice){.length = 0});
    fake_broker_answer(world->broker, FAKE_HISTORY,
                       &(struct broker_reply){.status = BROKER_OK,
                                              .epoch = "e1",
                                              .offset = 1,
                                              .publications = &publication,
                                              .publication_count = 1});
    publication_unref(publication);
    free(text);
}

static void long_answers_are_asked_for_one_after_another(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.reply_bytes = 10000;
    world->hub->reply_usual = 4000;
    world_say(conn, HISTORY(2) HISTORY(3) HISTORY(4) HISTORY(5));
    assert_int_equal(fake_broker_waiting(world->broker, FAKE_HISTORY), 2);
    answer_history(world, 9000);
    answer_history(world, 9000);
    world_turn(world);
    assert_int_equal(fake_broker_waiting(world->broker, FAKE_HISTORY), 1);
    assert_true(conn->is_paused);
}

static void long_answers_to_all_are_asked_for_one_after_another(void **state)
{
    struct world *world = *state;
    enum { MANY = 20 };
    struct fake_conn *conns[MANY];
    world->options.limits.reply_bytes = 10000;
    world->hub->reply_usual = 9000;
    for (int i = 0; i < MANY; i++) {
        conns[i] = world_connect_sdk(world);
        world_say(conns[i], HISTORY(2));
    }
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(fake_broker_waiting(world->broker, FAKE_HISTORY), 1);
        answer_history(world, 9000);
        world_turn(world);
        assert_int_equal(conns[i]->got.count, 1);
    }
}

/* Its place in the line is nobody's, and nobody waits for it. */
static void who_goes_while_it_waits_to_ask_holds_up_nobody(void **state)
{
    struct world *world = *state;
    world->options.limits.reply_bytes = 10000;
    world->hub->reply_usual = 9000;
    world_say(world_connect_sdk(world), HISTORY(2));
    struct fake_conn *gone = world_connect_sdk(world);
    world_say(gone, HISTORY(2));
    struct fake_conn *last = world_connect_sdk(world);
    world_say(last, HISTORY(2));
    world_disconnect(world, gone);
    answer_history(world, 9000);
    world_turn(world);
    answer_history(world, 9000);
    assert_int_equal(last->got.count, 1);
}

static void short_answers_are_asked_for_together(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.reply_bytes = 1 << 20;
    for (int i = 0; i < 40; i++) {
        world_say(conn, HISTORY(2));
        answer_history(world, 10);
    }
    for (int i = 0; i < 50; i++)
        world_say(conn, HISTORY(2));
    assert_int_equal(fake_broker_waiting(world->broker, FAKE_HISTORY), 16);
}

static void long_answers_have_a_rate(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.reply_bytes = 10000;
    for (int i = 0; i < 4; i++) {
        world_say(conn, HISTORY(2));
        answer_history(world, 9900);
    }
    world_say(conn, HISTORY(3));
    EXPECT(world->calls, "history a 0 1000", "history a 0 1000", "history a 0 1000",
           "history a 0 1000");
    world_wait(world, SECOND_MS);
    world_turn(world);
    EXPECT(world->calls, "history a 0 1000");
}

static void long_answer_waits_while_the_connection_is_behind(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.reply_bytes = 10000;
    conn->is_busy = true;
    world_say(conn, LEAVE(2));
    world_say(conn, HISTORY(3));
    EXPECT_NOTHING(world->calls);
    conn->is_busy = false;
    chat_writable(conn->session);
    world_wait(world, CHAT_TICK_MS);
    world_turn(world);
    EXPECT(world->calls, "history a 0 1000");
}

/* Each may be as long as an answer may be. */
static void recoveries_are_heard_a_few_at_a_time(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world->options.limits.reply_bytes = 10000;
    world->hub->reply_usual = 5000;
    for (int i = 0; i < 4; i++) {
        char text[TEXT_BYTES];
        (void)snprintf(text, sizeof(text),
                       "{\"id\":%d,\"subscribe\":{\"channel\":\"%d\",\"recover\":true}}", i + 2,
                       i);
        world_say(conn, text);
    }
    EXPECT(world->calls, "subscribe 0", "subscribe 1");
    assert_true(conn->is_paused);
}

static void history_asks_for_no_more_than_a_reply_holds(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_set_namespaces(
        world, "{\"\":{\"reply_publications\":7}}",
        &(struct namespace_options){
            .policy = {.history_size = WORLD_HISTORY, .history_ttl_ms = WORLD_HISTORY_TTL_MS}});
    world_say(conn, HISTORY(2));
    EXPECT(world->calls, "history a 0 7");
}

/* -------------------------------------------------------------------------------- memory */

static void usage_is_given_back_when_nothing_is_used(void **state)
{
    struct world *world = *state;
    world->options.limits.commands_per_s = 10;
    struct fake_conn *conn = world_connect_sdk(world);
    assert_non_null(*session_usage(conn->session));
    world_wait(world, SECOND_MS);
    assert_null(*session_usage(conn->session));
}

static void usage_is_kept_while_it_says_something(void **state)
{
    struct world *world = *state;
    world->options.limits.new_channels_per_minute = 2;
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, PUBLISH(2, "a") PUBLISH(3, "b"));
    publishes_done(world, 2);
    for (int i = 0; i < 2; i++) {
        world_wait(world, WORLD_PING_MS + SECOND_MS);
        world_say(conn, "{}");
    }
    assert_non_null(*session_usage(conn->session));
    world_wait(world, WORLD_PONG_MS);
    assert_null(*session_usage(conn->session));
}

static void nothing_is_kept_of_who_is_gone(void **state)
{
    struct world *world = *state;
    world->options.limits.commands_per_s = 10;
    for (int i = 0; i < 100; i++) {
        struct fake_conn *conn = world_connect_sdk(world);
        world_say(conn, PUBLISH(2, "a"));
        publishes_done(world, 1);
        world_disconnect(world, conn);
    }
    world_wait(world, SECOND_MS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(rest_of_a_frame_waits_while_too_many_are_at_the_store),
        WORLD_TEST(what_waited_goes_on_in_its_order_when_answers_come),
        WORLD_TEST(who_waits_is_not_asked_for_another_turn),
        WORLD_TEST(message_of_luchat_waits_as_a_whole),
        WORLD_TEST(closed_session_is_not_heard_any_more),
        WORLD_TEST(session_that_ends_itself_in_a_frame_is_not_heard_any_more),
        WORLD_TEST(frame_that_is_no_command_waits_for_nothing),
        WORLD_TEST(who_goes_meanwhile_leaves_nothing_behind),
        WORLD_TEST(more_than_two_messages_worth_is_not_kept),
        WORLD_TEST(silence_is_excused_while_it_is_not_read),
        WORLD_TEST(missing_pong_is_excused_while_it_is_not_read),
        WORLD_TEST(who_does_not_take_what_it_is_sent_is_not_excused),
        WORLD_TEST(long_frame_is_heard_in_several_turns),
        WORLD_TEST(others_are_heard_between),
        WORLD_TEST(crowd_is_heard_one_by_one),
        WORLD_TEST(ten_seconds_worth_of_commands_are_heard_at_once),
        WORLD_TEST(refused_command_does_nothing),
        WORLD_TEST(luchat_is_told_429),
        WORLD_TEST(pings_are_never_too_many),
        WORLD_TEST(bytes_are_counted_beside_messages),
        WORLD_TEST(message_longer_than_the_bucket_is_sent_when_it_is_full),
        WORLD_TEST(who_was_refused_for_long_is_heard_more_slowly),
        WORLD_TEST(new_channels_are_counted_by_the_minute),
        WORLD_TEST(channel_that_was_touched_is_not_new),
        WORLD_TEST(asking_counts_like_publishing),
        WORLD_TEST(subscriptions_have_a_limit_of_their_own),
        WORLD_TEST(subscribing_and_leaving_is_counted_too),
        WORLD_TEST(same_name_again_is_no_other_name),
        WORLD_TEST(name_is_taken_so_often_and_then_once_a_minute),
        WORLD_TEST(long_answers_are_asked_for_one_after_another),
        WORLD_TEST(long_answers_to_all_are_asked_for_one_after_another),
        WORLD_TEST(who_goes_while_it_waits_to_ask_holds_up_nobody),
        WORLD_TEST(short_answers_are_asked_for_together),
        WORLD_TEST(long_answers_have_a_rate),
        WORLD_TEST(long_answer_waits_while_the_connection_is_behind),
        WORLD_TEST(recoveries_are_heard_a_few_at_a_time),
        WORLD_TEST(history_asks_for_no_more_than_a_reply_holds),
        WORLD_TEST(usage_is_given_back_when_nothing_is_used),
        WORLD_TEST(usage_is_kept_while_it_says_something),
        WORLD_TEST(nothing_is_kept_of_who_is_gone),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "intake");
}
