/*
 * Tests of a channel's place in its log: nothing lost, nothing twice, all in order, whatever
 * gaps there are and whatever the store says.
 */
#include "dialect_luchat.h"
#include "metrics.h"
#include "world.h"

/* -------------------------------------------------------------------------------- gaps */

static void gap_is_read_after_our_offset(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e1", 3, "c");
    EXPECT(world->calls, "history lobby 1 50");
}

static void nothing_after_a_gap_is_sent_before_the_log_is_read(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_publication(world, "e1", 2, "b");
    world_turn(world);
    EXPECT_NOTHING(&conn->got);
}

static void gap_is_filled_in_order(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e1", 4, "d");
    world_publication(world, "e1", 5, "e");
    fake_broker_answer_log(world->broker, "e1", 4, TEXTS("b", "c", "d"));
    world_turn(world);
    EXPECT(&conn->got, "a", "b", "c", "d", "e");
}

static void second_gap_while_reading_is_read_afterwards(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_publication(world, "e1", 2, "b");
    world_publication(world, "e1", 4, "d");
    journal_clear(world->calls);
    fake_broker_answer_log(world->broker, "e1", 2, TEXTS("a", "b"));
    EXPECT(world->calls, "history lobby 2 50");
    fake_broker_answer_log(world->broker, "e1", 4, TEXTS("c", "d"));
    world_turn(world);
    EXPECT(&conn->got, "a", "b", "c", "d");
}

static void miss_three_of_five(struct world *world)
{
    world_publication(world, "e1", 5, "e");
    fake_broker_answer_log(world->broker, "e1", 5, TEXTS("d", "e"));
    world_turn(world);
}

static void gap_that_the_log_no_longer_covers_is_counted(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    int64_t before = metrics.gaps_lost_total;
    miss_three_of_five(world);
    assert_int_equal(metrics.gaps_lost_total - before, 1);
}

/* It comes back for the history. */
static void luchat_client_that_missed_messages_is_closed(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    miss_three_of_five(world);
    assert_true(conn->is_closed);
    EXPECT(&conn->got, "close 1013 messages were missed");
}

/* It lays the history over what it has. */
static void luchat_client_that_knows_hello_is_given_the_history_again(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn =
        world_open(world, &dialect_luchat,
                   &(struct chat_request){.channel = "lobby", .wants_hello = true});
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    world_turn(world);
    journal_clear(&conn->got);
    miss_three_of_five(world);
    assert_false(conn->is_closed);
    EXPECT(&conn->got,
           "{\"hello\":{\"node\":\"node-1\",\"channel\":\"lobby\",\"user\":null,\"history\":2,"
           "\"history_size\":50,"
           "\"missed\":true,\"files\":null}}",
           "d", "e");
    journal_clear(&conn->got);
    world_publication(world, "e1", 6, "f");
    world_turn(world);
    EXPECT(&conn->got, "f");
}

static void gap_whose_log_is_gone_altogether_is_counted(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    int64_t before = metrics.gaps_lost_total;
    world_publication(world, "e1", 5, "e");
    fake_broker_answer_log(world->broker, "e1", 5, NO_TEXTS);
    assert_int_equal(metrics.gaps_lost_total - before, 1);
}

static void more_than_can_be_held_is_read_from_the_log(void **state)
{
    struct world *world = *state;
    enum { HELD = 8192 };
    world_set_history(world, 10);
    world_connect(world, "lobby");
    world_subscribed(world);
    for (uint64_t offset = 1; offset <= HELD + 1; offset++)
        world_publication(world, "e1", offset, "x");
    journal_clear(world->calls);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    EXPECT(world->calls, "history lobby 8192 10");
}

/* -------------------------------------------------------------------------- new epochs */

static void publication_of_another_epoch_leads_to_a_read(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e2", 1, "x");
    EXPECT(world->calls, "history lobby 1 50");
}

static void new_epoch_is_read_from_its_beginning(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e2", 2, "y");
    journal_clear(world->calls);
    fake_broker_answer_log(world->broker, "e2", 2, TEXTS("y"));
    EXPECT(world->calls, "history lobby 0 50 reverse");
}

static void new_epoch_is_sent_whole_and_once(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e2", 2, "y");
    fake_broker_answer_log(world->broker, "e2", 2, TEXTS("y"));
    world_publication(world, "e2", 3, "z");
    fake_broker_answer_log(world->broker, "e2", 2, TEXTS("x", "y"));
    world_turn(world);
    EXPECT(&conn->got, "a", "x", "y", "z");
}

static void newcomer_gets_nothing_of_the_old_epoch(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e2", 1, "x");
    fake_broker_answer_log(world->broker, "e2", 1, NO_TEXTS);
    fake_broker_answer_log(world->broker, "e2", 1, TEXTS("x"));
    world_turn(world);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    EXPECT(&newcomer->got, "x");
}

static void late_publication_of_the_old_epoch_is_not_sent(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_publication(world, "e2", 1, "x");
    world_publication(world, "e1", 1, "a");
    fake_broker_answer_log(world->broker, "e2", 1, NO_TEXTS);
    fake_broker_answer_log(world->broker, "e2", 1, TEXTS("x"));
    world_turn(world);
    EXPECT(&conn->got, "x");
}

/* Answers each read as long as there is one, with a log that does not change. */
static void answer_reads(struct world *world, const char *epoch, uint64_t newest)
{
    enum { READS_MAX = 10 };
    for (int i = 0; i < READS_MAX && fake_broker_waiting(world->broker, FAKE_HISTORY) > 0; i++)
        fake_broker_answer_log(world->broker, epoch, newest, NO_TEXTS);
}

static void publication_of_a_log_that_is_gone_is_not_asked_for_for_ever(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 2, "b"); /* held: a gap */
    answer_reads(world, "e2", 1);           /* meanwhile the store began anew */
    assert_int_equal(fake_broker_waiting(world->broker, FAKE_HISTORY), 0);
}

static void publication_that_the_log_has_lost_is_not_asked_for_for_ever(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e1", 9, "i"); /* held: a gap */
    answer_reads(world, "e1", 5);           /* the store has lost its newest writes */
    assert_int_equal(fake_broker_waiting(world->broker, FAKE_HISTORY), 0);
}

static void log_that_was_never_begun_begins_with_offset_1(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    journal_clear(world->calls);
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    EXPECT(&conn->got, "a");
    EXPECT_NOTHING(world->calls);
}

static void log_that_began_behind_our_back_is_sent_whole(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    world_publication(world, "e1", 2, "b");
    fake_broker_answer_log(world->broker, "e1", 2, TEXTS("a", "b"));
    world_turn(world);
    EXPECT(&conn->got, "a", "b");
}

static void log_that_expired_begins_anew(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e2", 0, NO_TEXTS);
    fake_broker_answer_log(world->broker, "e2", 0, NO_TEXTS);
    world_publication(world, "e2", 1, "x");
    world_turn(world);
    EXPECT(&conn->got, "a", "x");
}

/* A store that lost its newest writes, and kept the epoch. */
static void go_back(struct world *world)
{
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e1", 2, "b");
    world_subscribed(world);
    journal_clear(world->calls);
    fake_broker_answer_log(world->broker, "e1", 1, NO_TEXTS);
}

static void log_that_went_back_gets_a_new_epoch_and_is_read_again(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    go_back(world);
    EXPECT(world->calls, "new_epoch lobby e1 2 certain", "history lobby 1 50");
}

static void log_that_went_back_goes_on_from_where_it_is(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    go_back(world);
    fake_broker_answer_renamed(world->broker, "e2", 1, NO_TEXTS, "e1 1 ");
    world_publication(world, "e2", 2, "c");
    world_turn(world);
    EXPECT(&conn->got, "a", "b", "c");
}

/* Another node has noticed, and asked for the new epoch. */
static void log_that_another_node_renamed_is_not_repeated(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    for (uint64_t offset = 1; offset <= 3; offset++)
        world_publication(world, "e1", offset, (const char *[]){"a", "b", "c"}[offset - 1]);
    world_publication(world, "e2", 3, "d");
    journal_clear(world->calls);
    fake_broker_answer_renamed(world->broker, "e2", 3, NO_TEXTS, "e1 2 ");
    EXPECT(world->calls, "history lobby 2 50");
    fake_broker_answer_renamed(world->broker, "e2", 3, TEXTS("d"), "e1 2 ");
    world_turn(world);
    EXPECT(&conn->got, "a", "b", "c", "d");
}

static void what_is_new_in_a_renamed_log_is_sent(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e2", 3, "c");
    fake_broker_answer_renamed(world->broker, "e2", 3, TEXTS("b", "c"), "e1 2 ");
    fake_broker_answer_renamed(world->broker, "e2", 3, TEXTS("b", "c"), "e1 2 ");
    world_turn(world);
    EXPECT(&conn->got, "a", "b", "c");
}

static void log_renamed_twice_is_another(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_publication(world, "e3", 2, "b");
    fake_broker_answer_renamed(world->broker, "e3", 2, TEXTS("b"), "e2 1 ");
    fake_broker_answer_renamed(world->broker, "e3", 2, TEXTS("x", "b"), "e2 1 ");
    world_turn(world);
    EXPECT(&conn->got, "a", "x", "b");
}

/* A store that answers reads and takes no writes: its memory or its disk is full. */
static void log_that_went_back_and_stays_so_is_not_asked_for_for_ever(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    go_back(world);
    answer_reads(world, "e1", 1);
    assert_int_equal(fake_broker_waiting(world->broker, FAKE_HISTORY), 0);
}

/* ------------------------------------------------------------------- reads of the log */

static void log_is_read_after_our_offset_when_subscribed_again(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_subscribed(world);
    EXPECT(world->calls, "history lobby 1 50");
}

static void what_was_missed_while_unsubscribed_is_sent_once(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 3, TEXTS("b", "c"));
    world_publication(world, "e1", 3, "c");
    world_turn(world);
    EXPECT(&conn->got, "a", "b", "c");
}

/* Counted, the first answer would make the channel live, and the second one set it back. */
static void only_the_last_of_two_reads_counts(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_subscribed(world);
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 1, TEXTS("a"));
    world_publication(world, "e1", 2, "b");
    fake_broker_answer_log(world->broker, "e1", 1, TEXTS("a"));
    world_turn(world);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    EXPECT(&conn->got, "a", "b");
    EXPECT(&newcomer->got, "a", "b");
}

static void failed_read_waits_for_the_next_subscription(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    fake_broker_answer_status(world->broker, FAKE_HISTORY, BROKER_UNAVAILABLE);
    world_publication(world, "e1", 2, "b");
    world_turn(world);
    EXPECT_NOTHING(&conn->got);
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 1, TEXTS("a"));
    world_turn(world);
    EXPECT(&conn->got, "a", "b");
}

static void refused_read_is_asked_again_a_little_later(void **state)
{
    struct world *world = *state;
    world_connect(world, "lobby");
    world_subscribed(world);
    fake_broker_answer_status(world->broker, FAKE_HISTORY, BROKER_REFUSED);
    journal_clear(world->calls);
    world_wait(world, CHAT_TICK_MS);
    EXPECT_NOTHING(world->calls);
    world_wait(world, 2 * CHAT_TICK_MS);
    EXPECT(world->calls, "history lobby 0 50 reverse");
}

static void refused_reads_pause_longer_and_longer(void **state)
{
    enum { MINUTE_MS = 60000 };
    struct world *world = *state;
    size_t reads = 0;
    world_connect(world, "lobby");
    world_subscribed(world);
    journal_clear(world->calls);
    for (int ms = 0; ms < MINUTE_MS; ms += CHAT_TICK_MS) {
        if (fake_broker_waiting(world->broker, FAKE_HISTORY) > 0) {
            fake_broker_answer_status(world->broker, FAKE_HISTORY, BROKER_REFUSED);
            reads++;
        }
        world_wait(world, CHAT_TICK_MS);
    }
    assert_in_range(reads, 10, 20);
}

/* They would be told that they are subscribed, and hear nothing. */
static void newcomers_wait_while_the_store_is_away(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    fake_broker_set_ready(world->broker, false);
    struct fake_conn *conn = world_connect(world, "lobby");
    world_turn(world);
    EXPECT_NOTHING(&conn->got);
    fake_broker_set_ready(world->broker, true);
    world_wait(world, CHAT_TICK_MS);
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    EXPECT(&conn->got, "a");
}

static void refused_read_is_not_asked_twice_at_a_time(void **state)
{
    struct world *world = *state;
    world_connect(world, "lobby");
    world_subscribed(world);
    fake_broker_answer_status(world->broker, FAKE_HISTORY, BROKER_REFUSED);
    journal_clear(world->calls);
    world_wait(world, 5 * CHAT_TICK_MS);
    EXPECT(world->calls, "history lobby 0 50 reverse");
}

static void answer_for_a_channel_that_is_gone_is_ignored(void **state)
{
    struct world *world = *state;
    world_disconnect(world, world_connect(world, "lobby"));
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    world_disconnect(world, conn);
    world_turn(world); /* the channel goes */
    struct fake_conn *other = world_connect(world, "lobby");
    fake_broker_answer_log(world->broker, "e1", 1, TEXTS("a"));
    world_turn(world);
    EXPECT_NOTHING(&other->got);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(gap_is_read_after_our_offset),
        WORLD_TEST(nothing_after_a_gap_is_sent_before_the_log_is_read),
        WORLD_TEST(gap_is_filled_in_order),
        WORLD_TEST(second_gap_while_reading_is_read_afterwards),
        WORLD_TEST(gap_that_the_log_no_longer_covers_is_counted),
        WORLD_TEST(luchat_client_that_missed_messages_is_closed),
        WORLD_TEST(luchat_client_that_knows_hello_is_given_the_history_again),
        WORLD_TEST(gap_whose_log_is_gone_altogether_is_counted),
        WORLD_TEST(more_than_can_be_held_is_read_from_the_log),
        WORLD_TEST(publication_of_another_epoch_leads_to_a_read),
        WORLD_TEST(new_epoch_is_read_from_its_beginning),
        WORLD_TEST(new_epoch_is_sent_whole_and_once),
        WORLD_TEST(newcomer_gets_nothing_of_the_old_epoch),
        WORLD_TEST(late_publication_of_the_old_epoch_is_not_sent),
        WORLD_TEST(publication_of_a_log_that_is_gone_is_not_asked_for_for_ever),
        WORLD_TEST(publication_that_the_log_has_lost_is_not_asked_for_for_ever),
        WORLD_TEST(log_that_was_never_begun_begins_with_offset_1),
        WORLD_TEST(log_that_began_behind_our_back_is_sent_whole),
        WORLD_TEST(log_that_expired_begins_anew),
        WORLD_TEST(log_that_went_back_gets_a_new_epoch_and_is_read_again),
        WORLD_TEST(log_that_went_back_goes_on_from_where_it_is),
        WORLD_TEST(log_that_another_node_renamed_is_not_repeated),
        WORLD_TEST(what_is_new_in_a_renamed_log_is_sent),
        WORLD_TEST(log_renamed_twice_is_another),
        WORLD_TEST(log_that_went_back_and_stays_so_is_not_asked_for_for_ever),
        WORLD_TEST(log_is_read_after_our_offset_when_subscribed_again),
        WORLD_TEST(what_was_missed_while_unsubscribed_is_sent_once),
        WORLD_TEST(only_the_last_of_two_reads_counts),
        WORLD_TEST(failed_read_waits_for_the_next_subscription),
        WORLD_TEST(refused_read_is_asked_again_a_little_later),
        WORLD_TEST(refused_reads_pause_longer_and_longer),
        WORLD_TEST(newcomers_wait_while_the_store_is_away),
        WORLD_TEST(refused_read_is_not_asked_twice_at_a_time),
        WORLD_TEST(answer_for_a_channel_that_is_gone_is_ignored),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "channel_log");
}
