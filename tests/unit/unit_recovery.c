/*
 * Tests of the Centrifuge dialect on the real chat layer: who comes back gets exactly what was
 * missed, or is told that it cannot be had; and who does not keep to the protocol is closed.
 */
#include "broker.h"
#include "dialect_centrifuge.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBSCRIBED(id, epoch, offset, rest)                                                    \
    "{\"id\":" #id                                                                             \
    ",\"subscribe\":{\"recoverable\":true,\"positioned\":true,\"epoch\":\"" epoch              \
    "\",\"offset\":" #offset ",\"was_recovering\":" rest "}}"
#define PUB(n)  "{\"data\":" #n ",\"offset\":" #n "}"
#define PUSH(n) "{\"push\":{\"channel\":\"lobby\",\"pub\":" PUB(n) "}}"
#define ERROR(id, code, message)                                                               \
    "{\"id\":" #id ",\"error\":{\"code\":" #code ",\"message\":\"" message "\"}}"
#define UNSUBSCRIBED                                                                           \
    "{\"push\":{\"channel\":\"lobby\",\"unsubscribe\":{\"code\":2500,"                         \
    "\"reason\":\"insufficient state\"}}}"
#define NOT_RECOVERED  "true,\"recovered\":false"
#define RECOVERED(...) "true,\"recovered\":true,\"publications\":[" __VA_ARGS__ "]"
#define FRESH          "false,\"recovered\":false"

#define SUBSCRIBE "{\"id\":2,\"subscribe\":{\"channel\":\"lobby\"}}"
#define RECOVER(epoch, offset)                                                                 \
    "{\"id\":2,\"subscribe\":{\"channel\":\"lobby\",\"recover\":true,\"epoch\":\"" epoch       \
    "\",\"offset\":" #offset "}}"

enum { TEXT_BYTES = 128, CHANNELS_MAX = 128 };

static struct fake_conn *open_connection(struct world *world)
{
    return world_open(world, &dialect_centrifuge, &(struct chat_request){.channel = ""});
}

/* A client that says so to a channel whose log is 1, 2, 3 of epoch "e1". */
static struct fake_conn *come_back(struct world *world, const char *subscribe)
{
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, subscribe);
    world_subscribed(world);
    journal_clear(world->calls);
    fake_broker_answer_log(world->broker, "e1", 3, TEXTS("1", "2", "3"));
    world_turn(world);
    return conn;
}

/* A client in the channel, with all of 1, 2, 3 behind it. */
static struct fake_conn *be_live(struct world *world)
{
    struct fake_conn *conn = come_back(world, SUBSCRIBE);
    journal_clear(&conn->got);
    journal_clear(world->calls);
    return conn;
}

/* ------------------------------------------------------------------- what was missed */

static void who_is_new_gets_its_position_and_nothing_of_the_past(void **state)
{
    struct fake_conn *conn = come_back(*state, SUBSCRIBE);
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 3, FRESH));
}

static void who_missed_some_gets_exactly_those(void **state)
{
    struct fake_conn *conn = come_back(*state, RECOVER("e1", 1));
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 1, RECOVERED(PUB(2) "," PUB(3))));
}

static void who_saw_nothing_yet_gets_the_whole_log(void **state)
{
    struct fake_conn *conn = come_back(*state, RECOVER("e1", 0));
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 0, RECOVERED(PUB(1) "," PUB(2) "," PUB(3))));
}

static void who_missed_nothing_gets_nothing_and_is_recovered(void **state)
{
    struct fake_conn *conn = come_back(*state, RECOVER("e1", 3));
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 3, RECOVERED("")));
}

static void who_knows_no_epoch_is_recovered_by_its_offset(void **state)
{
    struct fake_conn *conn = come_back(*state, RECOVER("", 2));
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 2, RECOVERED(PUB(3))));
}

static void who_comes_back_to_a_live_channel_is_served_without_the_store(void **state)
{
    struct world *world = *state;
    be_live(world);
    world_publication(world, "e1", 4, "4");
    world_turn(world);
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, RECOVER("e1", 2));
    world_turn(world);
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 2, RECOVERED(PUB(3) "," PUB(4))));
    EXPECT(world->calls, "join lobby ");
}

static void empty_log_recovers_who_saw_nothing(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, RECOVER("e1", 0));
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    world_turn(world);
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 0, RECOVERED("")));
}

/* ---------------------------------------------------------------- what cannot be had */

/* The history is for users with a token, and nobody here has one. */
static void hide_history(struct world *world)
{
    world_set_namespaces(
        world, "{\"\":{\"history\":\"authenticated\"}}",
        &(struct namespace_options){
            .policy = {.history_size = WORLD_HISTORY, .history_ttl_ms = WORLD_HISTORY_TTL_MS},
            .has_join_leave = true,
            .presence_limit = WORLD_USERS,
            .presence_names_limit = WORLD_USERS});
}

static void who_may_not_read_the_history_gets_nothing_of_it_by_recovery(void **state)
{
    struct world *world = *state;
    hide_history(world);
    struct fake_conn *conn = come_back(world, RECOVER("", 0));
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 3, NOT_RECOVERED));
}

static void who_may_not_read_the_history_cannot_say_that_it_was_there(void **state)
{
    struct world *world = *state;
    hide_history(world);
    struct fake_conn *conn = come_back(world, RECOVER("e1", 1));
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 3, NOT_RECOVERED));
}

static void who_may_not_read_the_history_is_told_that_nothing_was_missed(void **state)
{
    struct world *world = *state;
    hide_history(world);
    struct fake_conn *conn = come_back(world, RECOVER("e1", 3));
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 3, RECOVERED()));
}

static void another_epoch_is_not_recovered(void **state)
{
    struct fake_conn *conn = come_back(*state, RECOVER("e0", 2));
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 3, NOT_RECOVERED));
}

static void another_epoch_is_no_log_that_went_back(void **state)
{
    struct world *world = *state;
    come_back(world, RECOVER("e0", 9));
    EXPECT(world->calls, "join lobby ");
}

static struct fake_conn *come_back_to_trimmed(struct world *world, const char *subscribe)
{
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, subscribe);
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 7, TEXTS("5", "6", "7"));
    world_turn(world);
    return conn;
}

static void trimmed_log_is_not_recovered(void **state)
{
    struct fake_conn *conn = come_back_to_trimmed(*state, RECOVER("e1", 3));
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 7, NOT_RECOVERED));
}

static void log_trimmed_up_to_the_position_is_recovered(void **state)
{
    struct fake_conn *conn = come_back_to_trimmed(*state, RECOVER("e1", 4));
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 4, RECOVERED(PUB(5) "," PUB(6) "," PUB(7))));
}

static void log_that_is_gone_is_not_recovered(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, RECOVER("e1", 3));
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 7, NO_TEXTS);
    world_turn(world);
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 7, NOT_RECOVERED));
}

/* Is it true? The store is asked before the client is let in. */
static void who_is_ahead_waits_until_the_log_is_read(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = come_back(world, RECOVER("e1", 9));
    EXPECT_NOTHING(&conn->got);
    EXPECT(world->calls, "new_epoch lobby e1 9", "history lobby 3 50");
}

static void who_is_ahead_of_a_node_that_is_behind_is_recovered(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = come_back(world, RECOVER("e1", 5));
    fake_broker_answer_log(world->broker, "e1", 6, TEXTS("4", "5", "6"));
    world_turn(world);
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 5, RECOVERED(PUB(6))));
}

static void who_claims_to_be_ahead_and_is_not_is_not_recovered(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = come_back(world, RECOVER("e1", 9));
    fake_broker_answer_log(world->broker, "e1", 3, NO_TEXTS);
    world_turn(world);
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 3, NOT_RECOVERED));
    assert_int_equal(fake_broker_waiting(world->broker, FAKE_HISTORY), 0);
}

static void who_is_ahead_of_a_log_that_lost_its_end_gets_its_new_epoch(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = come_back(world, RECOVER("e1", 9));
    fake_broker_answer_renamed(world->broker, "e2", 3, NO_TEXTS, "e1 3 ");
    fake_broker_answer_renamed(world->broker, "e2", 3, NO_TEXTS, "e1 3 ");
    world_turn(world);
    EXPECT(&conn->got, SUBSCRIBED(2, "e2", 3, NOT_RECOVERED));
}

static void who_had_seen_no_more_than_the_log_kept_is_recovered(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, RECOVER("e1", 3));
    world_subscribed(world);
    fake_broker_answer_renamed(world->broker, "e3", 4, TEXTS("1", "2", "3", "4"), "e1 9 e2 3 ");
    world_turn(world);
    EXPECT(&conn->got, SUBSCRIBED(2, "e3", 3, RECOVERED(PUB(4))));
}

/* Any client can say that it is ahead: the epoch is no secret. */
static void who_claims_to_be_ahead_does_not_repeat_the_log_to_others(void **state)
{
    struct world *world = *state;
    struct fake_conn *sdk = be_live(world);
    struct fake_conn *luchat = world_connect(world, "lobby");
    world_turn(world);
    EXPECT(&luchat->got, "1", "2", "3");
    journal_clear(&sdk->got);
    world_say(world_connect_sdk(world), RECOVER("e1", 9));
    world_turn(world);
    fake_broker_answer_log(world->broker, "e1", 3, NO_TEXTS);
    world_turn(world);
    EXPECT_NOTHING(&luchat->got);
    EXPECT_NOTHING(&sdk->got);
}

static void log_that_went_back_sends_all_back_to_subscribe_again(void **state)
{
    struct world *world = *state;
    struct fake_conn *old_hand = be_live(world);
    journal_clear(&old_hand->got);
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 2, NO_TEXTS);
    EXPECT_NOTHING(&old_hand->got);
    fake_broker_answer_renamed(world->broker, "e2", 3, TEXTS("9"), "e1 2 ");
    EXPECT(&old_hand->got,
           "{\"push\":{\"channel\":\"lobby\",\"pub\":{\"data\":9,\"offset\":3}}}",
           UNSUBSCRIBED);
}

/* --------------------------------------------------- between what was missed and live */

static void nothing_is_doubled_between_recovered_and_live(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, RECOVER("e1", 1));
    world_subscribed(world);
    world_publication(world, "e1", 3, "3"); /* held, and in the log as well */
    world_publication(world, "e1", 4, "4"); /* held only */
    fake_broker_answer_log(world->broker, "e1", 3, TEXTS("1", "2", "3"));
    world_turn(world);
    world_publication(world, "e1", 5, "5");
    world_turn(world);
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 1, RECOVERED(PUB(2) "," PUB(3))), PUSH(4), PUSH(5));
}

static void publication_of_the_same_turn_comes_in_the_reply_alone(void **state)
{
    struct world *world = *state;
    struct fake_conn *old_hand = be_live(world);
    struct fake_conn *conn = world_connect_sdk(world);
    world_publication(world, "e1", 4, "4");
    world_say(conn, RECOVER("e1", 2));
    world_publication(world, "e1", 5, "5");
    world_turn(world);
    world_publication(world, "e1", 5, "5"); /* comes twice */
    world_turn(world);
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 2, RECOVERED(PUB(3) "," PUB(4) "," PUB(5))));
    EXPECT(&old_hand->got, PUSH(4), PUSH(5));
}

static void who_is_new_begins_where_its_position_says(void **state)
{
    struct world *world = *state;
    be_live(world);
    struct fake_conn *conn = world_connect_sdk(world);
    world_publication(world, "e1", 4, "4");
    world_say(conn, SUBSCRIBE);
    world_turn(world);
    world_publication(world, "e1", 5, "5");
    world_turn(world);
    EXPECT(&conn->got, SUBSCRIBED(2, "e1", 4, FRESH), PUSH(5));
}

/* ---------------------------------------------------------------------------- gaps */

static void gap_that_the_log_covers_is_pushed_in_order(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = be_live(world);
    world_publication(world, "e1", 6, "6");
    fake_broker_answer_log(world->broker, "e1", 6, TEXTS("4", "5", "6"));
    world_turn(world);
    EXPECT(&conn->got, PUSH(4), PUSH(5), PUSH(6));
}

static void gap_that_the_log_no_longer_covers_ends_the_subscription(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = be_live(world);
    world_publication(world, "e1", 9, "9");
    fake_broker_answer_log(world->broker, "e1", 9, TEXTS("8", "9"));
    world_turn(world);
    EXPECT(&conn->got, UNSUBSCRIBED);
    EXPECT(world->calls, "history lobby 3 50", "leave lobby ", "unsubscribe lobby");
}

static void what_came_before_the_gap_is_sent_before_the_end(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = be_live(world);
    world_publication(world, "e1", 4, "4");
    world_publication(world, "e1", 9, "9");
    fake_broker_answer_log(world->broker, "e1", 9, TEXTS("8", "9"));
    world_turn(world);
    EXPECT(&conn->got, PUSH(4), UNSUBSCRIBED);
}

static void who_subscribes_again_after_a_gap_is_told_what_is_lost(void **state)
{
    struct world *world = *state;
    be_live(world);
    struct fake_conn *other = world_connect_sdk(world);
    world_publication(world, "e1", 9, "9");
    world_say(other, "{\"id\":2,\"presence\":{\"channel\":\"lobby\"}}");
    fake_broker_answer_log(world->broker, "e1", 9, TEXTS("8", "9"));
    journal_clear(&other->got);
    world_say(other, RECOVER("e1", 3));
    world_turn(world);
    EXPECT(&other->got, SUBSCRIBED(2, "e1", 9, NOT_RECOVERED));
}

static void log_of_another_epoch_ends_the_subscription(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = be_live(world);
    world_publication(world, "e2", 1, "1");
    fake_broker_answer_log(world->broker, "e2", 1, NO_TEXTS);
    fake_broker_answer_log(world->broker, "e2", 1, TEXTS("1"));
    EXPECT(&conn->got, PUSH(1), UNSUBSCRIBED);
}

/* ----------------------------------------------------------------------- deadlines */

static void client_is_pinged(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_wait(world, WORLD_PING_MS - CHAT_TICK_MS);
    EXPECT_NOTHING(&conn->got);
    world_wait(world, 2 * CHAT_TICK_MS);
    EXPECT(&conn->got, "{}");
}

static void client_that_answers_is_pinged_again_and_again(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    for (int i = 0; i < 5; i++) {
        world_wait(world, WORLD_PING_MS + 2 * CHAT_TICK_MS);
        EXPECT(&conn->got, "{}");
        world_say(conn, "{}");
    }
}

static void client_that_does_not_answer_is_closed(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_wait(world, WORLD_PING_MS + CHAT_TICK_MS);
    world_wait(world, WORLD_PONG_MS - 2 * CHAT_TICK_MS);
    EXPECT(&conn->got, "{}");
    world_wait(world, 3 * CHAT_TICK_MS);
    EXPECT(&conn->got, "close 3012 no pong");
}

static void other_commands_are_no_pong(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_wait(world, WORLD_PING_MS + CHAT_TICK_MS);
    world_say(conn, "{\"id\":2,\"unsubscribe\":{\"channel\":\"lobby\"}}");
    journal_clear(&conn->got);
    world_wait(world, WORLD_PONG_MS + CHAT_TICK_MS);
    EXPECT(&conn->got, "close 3012 no pong");
}

static void pong_without_a_ping_is_refused(void **state)
{
    struct fake_conn *conn = world_connect_sdk(*state);
    world_say(conn, "{}");
    EXPECT(&conn->got, "close 3501 a pong without a ping");
}

static void connection_that_says_nothing_is_stale(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = open_connection(world);
    world_wait(world, WORLD_CONNECT_MS - CHAT_TICK_MS);
    EXPECT_NOTHING(&conn->got);
    world_wait(world, 2 * CHAT_TICK_MS);
    EXPECT(&conn->got, "close 3502 stale");
}

static void channel_that_cannot_be_opened_is_a_temporary_error(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, SUBSCRIBE);
    world_wait(world, world->options.open_timeout_ms + CHAT_TICK_MS);
    EXPECT(&conn->got,
           "{\"id\":2,\"error\":{\"code\":100,\"message\":\"internal server error\","
           "\"temporary\":true}}");
}

/* ------------------------------------------------------------------------ commands */

static const struct close_row {
    const char *name;
    const char *text;
    const char *closed;
} before_connect_rows[] = {
    {"subscribe_before_connect_is_refused", SUBSCRIBE, "close 3501 bad request"},
    {"publish_before_connect_is_refused",
     "{\"id\":1,\"publish\":{\"channel\":\"lobby\",\"data\":1}}", "close 3501 bad request"},
    {"send_before_connect_is_refused", "{\"send\":{\"data\":1}}", "close 3501 bad request"},
    {"unknown_command_before_connect_is_refused", "{\"id\":1,\"dance\":{}}",
     "close 3501 bad request"},
    {"pong_before_connect_is_refused", "{}", "close 3501 a pong without a ping"},
    {"connect_without_id_is_refused", "{\"connect\":{}}", "close 3501 bad request"},
    {"broken_frame_is_refused", "{\"id\":1,\"connect\":", "close 3501 bad request"},
};

static void is_closed_before_connect(void **state)
{
    const struct close_row *row = *state;
    void *world;
    (void)world_set_up(&world);
    struct fake_conn *conn = open_connection(world);
    world_say(conn, row->text);
    world_say(conn, "{\"id\":9,\"connect\":{}}"); /* heard no more */
    EXPECT(&conn->got, row->closed);
    EXPECT_NOTHING(((struct world *)world)->calls);
    (void)world_tear_down(&world);
}

static const struct answer_row {
    const char *name;
    const char *text;
    const char *answer;
} answer_rows[] = {
    {"second_connect_is_refused", "{\"id\":2,\"connect\":{}}", "close 3501 connected already"},
    {"command_without_id_is_refused", "{\"subscribe\":{\"channel\":\"lobby\"}}",
     "close 3501 bad request"},
    {"send_has_nobody_to_take_it", "{\"send\":{\"data\":1}}",
     "close 3508 send is not available"},
    {"unknown_command_is_refused", "{\"id\":2,\"dance\":{}}", "close 3501 unknown method"},
    {"channel_without_a_name_is_refused", "{\"id\":2,\"subscribe\":{}}",
     ERROR(2, 107, "bad request")},
    {"channel_with_a_blank_is_refused", "{\"id\":2,\"subscribe\":{\"channel\":\"a b\"}}",
     ERROR(2, 107, "bad request")},
    {"channel_with_a_zero_octet_is_refused",
     "{\"id\":2,\"subscribe\":{\"channel\":\"lobby\\u0000x\"}}", ERROR(2, 107, "bad request")},
    {"channel_of_others_is_refused", "{\"id\":2,\"subscribe\":{\"channel\":\"inbox#42\"}}",
     ERROR(2, 103, "permission denied")},
    {"publish_to_a_channel_of_others_is_refused",
     "{\"id\":2,\"publish\":{\"channel\":\"inbox#42\",\"data\":1}}",
     ERROR(2, 103, "permission denied")},
    {"publish_without_data_is_refused", "{\"id\":2,\"publish\":{\"channel\":\"lobby\"}}",
     ERROR(2, 107, "bad request")},
    {"unknown_rpc_is_told", "{\"id\":2,\"rpc\":{\"method\":\"dance\",\"data\":{}}}",
     ERROR(2, 104, "method not found")},
    {"unsubscription_of_who_is_not_in_is_granted",
     "{\"id\":2,\"unsubscribe\":{\"channel\":\"lobby\"}}", "{\"id\":2,\"unsubscribe\":{}}"},
};

static void is_answered_so(void **state)
{
    const struct answer_row *row = *state;
    void *world;
    (void)world_set_up(&world);
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, row->text);
    EXPECT(&conn->got, row->answer);
    EXPECT_NOTHING(((struct world *)world)->calls);
    (void)world_tear_down(&world);
}

/* The subscription that is given up before it is there is answered all the same. */
static void commands_of_one_frame_are_all_heard(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = open_connection(world);
    world_say(conn, "{\"id\":1,\"connect\":{}}\n" SUBSCRIBE
                    "\n{\"id\":3,\"unsubscribe\":{\"channel\":\"lobby\"}}");
    EXPECT(world->calls, "subscribe lobby");
    free(conn->got.lines[0]); /* the answer to connect names the connection */
    conn->got.lines[0] = strdup("connected");
    EXPECT(&conn->got, "connected", ERROR(2, 107, "bad request"),
           "{\"id\":3,\"unsubscribe\":{}}");
}

static void second_subscription_to_a_channel_is_refused(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = be_live(world);
    world_say(conn, "{\"id\":3,\"subscribe\":{\"channel\":\"lobby\"}}");
    EXPECT(&conn->got, ERROR(3, 105, "already subscribed"));
}

static void too_many_channels_are_refused(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    char text[TEXT_BYTES];
    for (int i = 0; i < CHANNELS_MAX; i++) {
        (void)snprintf(text, sizeof(text), "{\"id\":%d,\"subscribe\":{\"channel\":\"c%d\"}}",
                       i + 2, i);
        world_say(conn, text);
    }
    EXPECT_NOTHING(&conn->got);
    journal_clear(world->calls);
    world_say(conn, "{\"id\":500,\"subscribe\":{\"channel\":\"one-more\"}}");
    EXPECT(&conn->got, ERROR(500, 106, "limit exceeded"));
    EXPECT_NOTHING(world->calls);
}

static void place_given_up_can_be_taken_again(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = be_live(world);
    world_say(conn, "{\"id\":3,\"unsubscribe\":{\"channel\":\"lobby\"}}");
    world_say(conn, RECOVER("e1", 2));
    world_turn(world);
    EXPECT(&conn->got, "{\"id\":3,\"unsubscribe\":{}}",
           SUBSCRIBED(2, "e1", 2, RECOVERED(PUB(3))));
}

static void nothing_is_pushed_after_an_unsubscription(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = be_live(world);
    world_say(conn, "{\"id\":3,\"unsubscribe\":{\"channel\":\"lobby\"}}");
    world_publication(world, "e1", 4, "4");
    world_turn(world);
    EXPECT(&conn->got, "{\"id\":3,\"unsubscribe\":{}}");
}

static void publication_keeps_its_bytes_and_is_answered(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, "{\"id\":2,\"publish\":{\"channel\":\"lobby\",\"data\":{ \"a\" : 1.0 }}}");
    EXPECT(world->calls, "publish lobby { \"a\" : 1.0 }");
    EXPECT_NOTHING(&conn->got);
    fake_broker_answer(world->broker, FAKE_PUBLISH,
                       &(struct broker_reply){.epoch = "e1", .offset = 1});
    EXPECT(&conn->got, "{\"id\":2,\"publish\":{}}");
}

static void publication_with_a_key_is_acknowledged_by_its_place(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, "{\"id\":2,\"rpc\":{\"method\":\"publish\",\"data\":{\"channel\":\"lobby\","
                    "\"data\":1,\"key\":\"k\"}}}");
    EXPECT(world->calls, "publish lobby 1 once sdk 0  k");
    fake_broker_answer(
        world->broker, FAKE_PUBLISH,
        &(struct broker_reply){.epoch = "e1", .offset = 7, .is_duplicate = true});
    EXPECT(&conn->got, "{\"id\":2,\"rpc\":{\"data\":{\"offset\":7,\"epoch\":\"e1\","
                       "\"deduplicated\":true}}}");
}

static void key_that_was_used_for_other_data_is_an_error(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, "{\"id\":2,\"rpc\":{\"method\":\"publish\",\"data\":{\"channel\":\"lobby\","
                    "\"data\":1,\"idempotency_key\":\"k\"}}}");
    EXPECT(world->calls, "publish lobby 1 once sdk 0  k");
    fake_broker_answer(world->broker, FAKE_PUBLISH,
                       &(struct broker_reply){.epoch = "e1", .offset = 7, .is_conflict = true});
    EXPECT(&conn->got, "{\"id\":2,\"error\":{\"code\":409,\"message\":"
                       "\"key was used for other data\"}}");
}

static void member_that_the_publish_does_not_know_is_named(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, "{\"id\":2,\"rpc\":{\"method\":\"publish\",\"data\":{\"channel\":\"lobby\","
                    "\"data\":1,\"Key\\\"\":\"k\"}}}");
    EXPECT_NOTHING(world->calls);
    EXPECT(&conn->got, "{\"id\":2,\"error\":{\"code\":107,\"message\":"
                       "\"bad request: unknown member \\\"Key\\\"\\\"\"}}");
}

static void answer_to_who_is_gone_is_ignored(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_sdk(world);
    world_say(conn, "{\"id\":2,\"publish\":{\"channel\":\"lobby\",\"data\":1}}");
    world_disconnect(world, conn);
    fake_broker_answer_status(world->broker, FAKE_PUBLISH, BROKER_UNKNOWN);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(who_is_new_gets_its_position_and_nothing_of_the_past),
        WORLD_TEST(who_missed_some_gets_exactly_those),
        WORLD_TEST(who_saw_nothing_yet_gets_the_whole_log),
        WORLD_TEST(who_missed_nothing_gets_nothing_and_is_recovered),
        WORLD_TEST(who_knows_no_epoch_is_recovered_by_its_offset),
        WORLD_TEST(who_comes_back_to_a_live_channel_is_served_without_the_store),
        WORLD_TEST(empty_log_recovers_who_saw_nothing),
        WORLD_TEST(who_may_not_read_the_history_gets_nothing_of_it_by_recovery),
        WORLD_TEST(who_may_not_read_the_history_cannot_say_that_it_was_there),
        WORLD_TEST(who_may_not_read_the_history_is_told_that_nothing_was_missed),
        WORLD_TEST(another_epoch_is_not_recovered),
        WORLD_TEST(another_epoch_is_no_log_that_went_back),
        WORLD_TEST(trimmed_log_is_not_recovered),
        WORLD_TEST(log_trimmed_up_to_the_position_is_recovered),
        WORLD_TEST(log_that_is_gone_is_not_recovered),
        WORLD_TEST(who_is_ahead_waits_until_the_log_is_read),
        WORLD_TEST(who_is_ahead_of_a_node_that_is_behind_is_recovered),
        WORLD_TEST(who_claims_to_be_ahead_and_is_not_is_not_recovered),
        WORLD_TEST(who_is_ahead_of_a_log_that_lost_its_end_gets_its_new_epoch),
        WORLD_TEST(who_had_seen_no_more_than_the_log_kept_is_recovered),
        WORLD_TEST(who_claims_to_be_ahead_does_not_repeat_the_log_to_others),
        WORLD_TEST(log_that_went_back_sends_all_back_to_subscribe_again),
        WORLD_TEST(nothing_is_doubled_between_recovered_and_live),
        WORLD_TEST(publication_of_the_same_turn_comes_in_the_reply_alone),
        WORLD_TEST(who_is_new_begins_where_its_position_says),
        WORLD_TEST(gap_that_the_log_covers_is_pushed_in_order),
        WORLD_TEST(gap_that_the_log_no_longer_covers_ends_the_subscription),
        WORLD_TEST(what_came_before_the_gap_is_sent_before_the_end),
        WORLD_TEST(who_subscribes_again_after_a_gap_is_told_what_is_lost),
        WORLD_TEST(log_of_another_epoch_ends_the_subscription),
        WORLD_TEST(client_is_pinged),
        WORLD_TEST(client_that_answers_is_pinged_again_and_again),
        WORLD_TEST(client_that_does_not_answer_is_closed),
        WORLD_TEST(other_commands_are_no_pong),
        WORLD_TEST(pong_without_a_ping_is_refused),
        WORLD_TEST(connection_that_says_nothing_is_stale),
        WORLD_TEST(channel_that_cannot_be_opened_is_a_temporary_error),
        WORLD_TEST(commands_of_one_frame_are_all_heard),
        WORLD_TEST(second_subscription_to_a_channel_is_refused),
        WORLD_TEST(too_many_channels_are_refused),
        WORLD_TEST(place_given_up_can_be_taken_again),
        WORLD_TEST(nothing_is_pushed_after_an_unsubscription),
        WORLD_TEST(publication_keeps_its_bytes_and_is_answered),
        WORLD_TEST(publication_with_a_key_is_acknowledged_by_its_place),
        WORLD_TEST(key_that_was_used_for_other_data_is_an_error),
        WORLD_TEST(member_that_the_publish_does_not_know_is_named),
        WORLD_TEST(answer_to_who_is_gone_is_ignored),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, before_connect_rows, is_closed_before_connect);
    UNIT_ADD_ROWS(&suite, answer_rows, is_answered_so);
    return unit_run(&suite, "recovery");
}
