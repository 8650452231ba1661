/*
 * Tests of a channel's life: it opens for its first arrival, lets newcomers in without a
 * message lost or doubled, gives each turn's news to all, and closes after the last.
 */
#include "metrics.h"
#include "names.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------------- opening */

static void first_arrival_subscribes_the_channel(void **state)
{
    struct world *world = *state;
    world_connect(world, "lobby");
    EXPECT(world->calls, "subscribe lobby");
}

static void second_arrival_does_not_subscribe_again(void **state)
{
    struct world *world = *state;
    world_connect(world, "lobby");
    world_connect(world, "lobby");
    EXPECT(world->calls, "subscribe lobby");
}

static void channels_are_subscribed_one_by_one(void **state)
{
    struct world *world = *state;
    world_connect(world, "lobby");
    world_connect(world, "chat:42");
    EXPECT(world->calls, "subscribe lobby", "subscribe chat:42");
}

static void log_is_read_when_the_channel_is_subscribed(void **state)
{
    struct world *world = *state;
    world_connect(world, "lobby");
    journal_clear(world->calls);
    world_subscribed(world);
    EXPECT(world->calls, "history lobby 0 50 reverse");
}

static void newcomer_gets_history_oldest_first(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 3, TEXTS("a", "b", "c"));
    world_turn(world);
    EXPECT(&conn->got, "a", "b", "c");
}

static void history_leaves_by_one_write(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 3, TEXTS("a", "b", "c"));
    world_turn(world);
    assert_int_equal(conn->write_count, 1);
}

static void nothing_is_sent_before_the_log_is_read(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    world_publication(world, "e1", 4, "d");
    world_turn(world);
    EXPECT_NOTHING(&conn->got);
}

static void newcomer_is_not_read_from_before_it_is_admitted(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    world_turn(world);
    assert_true(conn->is_paused);
}

static void newcomer_is_read_from_when_it_is_admitted(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    world_turn(world);
    assert_false(conn->is_paused);
}

static void publication_before_the_subscription_is_left_to_the_log(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_publication(world, "e1", 1, "a");
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 1, TEXTS("a"));
    world_turn(world);
    EXPECT(&conn->got, "a");
}

static void publication_while_the_log_is_read_is_not_lost(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    world_publication(world, "e1", 4, "d");
    fake_broker_answer_log(world->broker, "e1", 3, TEXTS("a", "b", "c"));
    world_turn(world);
    EXPECT(&conn->got, "a", "b", "c", "d");
}

static void publication_while_the_log_is_read_is_not_doubled(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    world_publication(world, "e1", 3, "c");
    fake_broker_answer_log(world->broker, "e1", 3, TEXTS("a", "b", "c"));
    world_turn(world);
    EXPECT(&conn->got, "a", "b", "c");
}

static void newcomer_gets_all_that_was_held_however_short_the_history(void **state)
{
    struct world *world = *state;
    world_set_history(world, 2);
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    world_publication(world, "e1", 3, "c");
    world_publication(world, "e1", 4, "d");
    world_publication(world, "e1", 5, "e");
    fake_broker_answer_log(world->broker, "e1", 2, TEXTS("a", "b"));
    world_turn(world);
    EXPECT(&conn->got, "a", "b", "c", "d", "e");
}

static void channel_without_a_log_is_live_once_subscribed(void **state)
{
    struct world *world = *state;
    world_set_history(world, 0);
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    world_turn(world);
    world_publication(world, "-", 0, "a");
    world_turn(world);
    EXPECT(&conn->got, "a");
    EXPECT(world->calls, "subscribe lobby");
}

static void equal_publications_without_a_log_are_all_sent(void **state)
{
    struct world *world = *state;
    world_set_history(world, 0);
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    world_turn(world);
    world_publication(world, "-", 0, "a");
    world_publication(world, "-", 0, "a");
    world_turn(world);
    EXPECT(&conn->got, "a", "a");
}

/* -------------------------------------------------------------------------------- live */

static void publication_reaches_everybody(void **state)
{
    struct world *world = *state;
    struct fake_conn *first = world_connect_live(world);
    struct fake_conn *second = world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    EXPECT(&first->got, "a");
    EXPECT(&second->got, "a");
}

static void publications_of_a_turn_leave_by_one_write(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    size_t before = conn->write_count;
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e1", 2, "b");
    world_publication(world, "e1", 3, "c");
    world_turn(world);
    EXPECT(&conn->got, "a", "b", "c");
    assert_int_equal(conn->write_count - before, 1);
}

static void publications_wait_for_the_end_of_the_turn(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    EXPECT_NOTHING(&conn->got);
}

static void full_batch_goes_out_by_itself_in_the_turn(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    size_t before = conn->write_count;
    char *text = calloc(1, 70001);
    memset(text, 'x', 70000);
    world_publication(world, "e1", 1, text);
    world_publication(world, "e1", 2, text);
    world_publication(world, "e1", 3, text);
    free(text);
    assert_int_equal(conn->write_count - before, 0);
    world_turn(world);
    assert_int_equal(conn->write_count - before, 2);
}

static void turn_without_news_writes_nothing(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    size_t before = conn->write_count;
    world_turn(world);
    assert_int_equal(conn->write_count, before);
}

static void duplicate_is_dropped(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    EXPECT(&conn->got, "a");
}

static void publication_stays_in_its_channel(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    struct fake_conn *elsewhere = world_connect(world, "elsewhere");
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    EXPECT_NOTHING(&elsewhere->got);
}

static void publication_of_an_unknown_channel_is_ignored(void **state)
{
    struct world *world = *state;
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    EXPECT_NOTHING(world->calls);
}

/* --------------------------------------------------------------------------- newcomers */

static void newcomer_gets_history_without_a_question_to_the_store(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    EXPECT(&newcomer->got, "a");
    EXPECT_NOTHING(world->calls);
}

static void newcomer_before_a_publication_of_the_turn_gets_it_once(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    world_turn(world);
    EXPECT(&newcomer->got, "a");
}

static void newcomer_after_a_publication_of_the_turn_gets_it_once(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    world_turn(world);
    EXPECT(&newcomer->got, "a");
}

static void newcomer_of_one_turn_gets_the_next_turns_publication_once(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    world_publication(world, "e1", 2, "b");
    world_turn(world);
    EXPECT(&newcomer->got, "a", "b");
}

static void old_hand_does_not_get_the_newcomers_history(void **state)
{
    struct world *world = *state;
    struct fake_conn *old_hand = world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    journal_clear(&old_hand->got);
    world_connect(world, "lobby");
    world_turn(world);
    EXPECT_NOTHING(&old_hand->got);
}

static void only_the_newest_are_kept_for_newcomers(void **state)
{
    struct world *world = *state;
    world_set_history(world, 2);
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e1", 2, "b");
    world_publication(world, "e1", 3, "c");
    world_turn(world);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    EXPECT(&newcomer->got, "b", "c");
}

static void newcomer_while_a_gap_is_read_waits_and_gets_all_once(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 2, "b");
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    EXPECT_NOTHING(&newcomer->got);
    fake_broker_answer_log(world->broker, "e1", 2, TEXTS("a", "b"));
    world_turn(world);
    EXPECT(&newcomer->got, "a", "b");
}

/* Newcomers say who they are as soon as they are heard: the store hears of them in order. */
static void arrivals_are_admitted_in_the_order_they_came(void **state)
{
    struct world *world = *state;
    struct fake_conn *first = world_connect(world, "lobby");
    struct fake_conn *second = world_connect(world, "lobby");
    struct fake_conn *third = world_connect(world, "lobby");
    world_say(first, "{\"online\":{\"userid\":\"1\"}}");
    world_say(second, "{\"online\":{\"userid\":\"2\"}}");
    world_say(third, "{\"online\":{\"userid\":\"3\"}}");
    world_subscribed(world);
    journal_clear(world->calls);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    world_turn(world);
    EXPECT(world->calls, "join lobby 1", "join lobby 2", "join lobby 3");
}

/* --------------------------------------------------------------------- not to be opened */

static void arrivals_are_sent_away_when_the_channel_cannot_be_opened(void **state)
{
    struct world *world = *state;
    struct fake_conn *first = world_connect(world, "lobby");
    struct fake_conn *second = world_connect(world, "lobby");
    world_wait(world, world->options.open_timeout_ms + CHAT_TICK_MS);
    EXPECT(&first->got, "close 1013 channel cannot be opened now");
    EXPECT(&second->got, "close 1013 channel cannot be opened now");
}

static void arrivals_wait_until_the_time_to_open_is_over(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_wait(world, world->options.open_timeout_ms - CHAT_TICK_MS);
    EXPECT_NOTHING(&conn->got);
}

static void arrivals_are_sent_away_when_the_log_cannot_be_read(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    world_wait(world, world->options.open_timeout_ms + CHAT_TICK_MS);
    EXPECT(&conn->got, "close 1013 channel cannot be opened now");
}

static void those_who_are_in_stay_when_the_log_cannot_be_read_again(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_subscribed(world);
    world_wait(world, world->options.open_timeout_ms + CHAT_TICK_MS);
    EXPECT_NOTHING(&conn->got);
}

static void sent_away_arrival_can_take_its_close_frame(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_wait(world, world->options.open_timeout_ms + CHAT_TICK_MS);
    assert_false(conn->is_paused);
}

/* ------------------------------------------------------------------------------ closing */

static void empty_channel_is_unsubscribed_at_the_end_of_the_turn(void **state)
{
    struct world *world = *state;
    world_disconnect(world, world_connect_live(world));
    EXPECT_NOTHING(world->calls);
    world_turn(world);
    EXPECT(world->calls, "unsubscribe lobby");
}

static void channel_somebody_came_back_to_stays_subscribed(void **state)
{
    struct world *world = *state;
    world_disconnect(world, world_connect_live(world));
    struct fake_conn *conn = world_connect(world, "lobby");
    world_turn(world);
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    EXPECT_NOTHING(world->calls);
    EXPECT(&conn->got, "a");
}

static void channel_with_one_of_two_left_stays_subscribed(void **state)
{
    struct world *world = *state;
    struct fake_conn *first = world_connect_live(world);
    world_connect_live(world);
    world_disconnect(world, first);
    world_turn(world);
    EXPECT_NOTHING(world->calls);
}

static void channel_that_was_never_opened_is_unsubscribed_too(void **state)
{
    struct world *world = *state;
    world_disconnect(world, world_connect(world, "lobby"));
    world_turn(world);
    EXPECT(world->calls, "subscribe lobby", "unsubscribe lobby");
}

static void channels_are_counted(void **state)
{
    struct world *world = *state;
    int64_t before = metrics.channels;
    struct fake_conn *conn = world_connect_live(world);
    assert_int_equal(metrics.channels - before, 1);
    world_disconnect(world, conn);
    world_turn(world);
    assert_int_equal(metrics.channels, before);
}

/* -------------------------------------------------------------------------------- names */

#define TEN "0123456789"

static const struct name_row {
    const char *name;
    const char *channel;
    bool is_good;
} name_rows[] = {
    {"name_lobby_is_good", "lobby", true},
    {"name_with_a_namespace_is_good", "chat:42", true},
    {"name_in_utf8_is_good", "caf\xc3\xa9", true},
    {"name_of_1_is_good", "x", true},
    {"name_of_128_is_good", TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "12345678", true},
    {"name_of_129_is_bad", TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "123456789", false},
    {"name_of_nothing_is_bad", "", false},
    {"name_with_a_blank_is_bad", "a b", false},
    {"name_with_an_opening_brace_is_bad", "a{b", false},
    {"name_with_a_closing_brace_is_bad", "a}b", false},
    {"name_with_a_newline_is_bad", "a\nb", false},
    {"name_with_a_delete_is_bad", "a\x7f", false},
    {"name_that_is_not_utf8_is_bad", "caf\xe9", false},
};

static void channel_name_is_judged(void **state)
{
    const struct name_row *row = *state;
    assert_int_equal(names_is_channel(row->channel), row->is_good);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(first_arrival_subscribes_the_channel),
        WORLD_TEST(second_arrival_does_not_subscribe_again),
        WORLD_TEST(channels_are_subscribed_one_by_one),
        WORLD_TEST(log_is_read_when_the_channel_is_subscribed),
        WORLD_TEST(newcomer_gets_history_oldest_first),
        WORLD_TEST(history_leaves_by_one_write),
        WORLD_TEST(nothing_is_sent_before_the_log_is_read),
        WORLD_TEST(newcomer_is_not_read_from_before_it_is_admitted),
        WORLD_TEST(newcomer_is_read_from_when_it_is_admitted),
        WORLD_TEST(publication_before_the_subscription_is_left_to_the_log),
        WORLD_TEST(publication_while_the_log_is_read_is_not_lost),
        WORLD_TEST(publication_while_the_log_is_read_is_not_doubled),
        WORLD_TEST(newcomer_gets_all_that_was_held_however_short_the_history),
        WORLD_TEST(channel_without_a_log_is_live_once_subscribed),
        WORLD_TEST(equal_publications_without_a_log_are_all_sent),
        WORLD_TEST(publication_reaches_everybody),
        WORLD_TEST(publications_of_a_turn_leave_by_one_write),
        WORLD_TEST(publications_wait_for_the_end_of_the_turn),
        WORLD_TEST(full_batch_goes_out_by_itself_in_the_turn),
        WORLD_TEST(turn_without_news_writes_nothing),
        WORLD_TEST(duplicate_is_dropped),
        WORLD_TEST(publication_stays_in_its_channel),
        WORLD_TEST(publication_of_an_unknown_channel_is_ignored),
        WORLD_TEST(newcomer_gets_history_without_a_question_to_the_store),
        WORLD_TEST(newcomer_before_a_publication_of_the_turn_gets_it_once),
        WORLD_TEST(newcomer_after_a_publication_of_the_turn_gets_it_once),
        WORLD_TEST(newcomer_of_one_turn_gets_the_next_turns_publication_once),
        WORLD_TEST(old_hand_does_not_get_the_newcomers_history),
        WORLD_TEST(only_the_newest_are_kept_for_newcomers),
        WORLD_TEST(newcomer_while_a_gap_is_read_waits_and_gets_all_once),
        WORLD_TEST(arrivals_are_admitted_in_the_order_they_came),
        WORLD_TEST(arrivals_are_sent_away_when_the_channel_cannot_be_opened),
        WORLD_TEST(arrivals_wait_until_the_time_to_open_is_over),
        WORLD_TEST(arrivals_are_sent_away_when_the_log_cannot_be_read),
        WORLD_TEST(those_who_are_in_stay_when_the_log_cannot_be_read_again),
        WORLD_TEST(sent_away_arrival_can_take_its_close_frame),
        WORLD_TEST(empty_channel_is_unsubscribed_at_the_end_of_the_turn),
        WORLD_TEST(channel_somebody_came_back_to_stays_subscribed),
        WORLD_TEST(channel_with_one_of_two_left_stays_subscribed),
        WORLD_TEST(channel_that_was_never_opened_is_unsubscribed_too),
        WORLD_TEST(channels_are_counted),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, name_rows, channel_name_is_judged);
    return unit_run(&suite, "channel");
}
