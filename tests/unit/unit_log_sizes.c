/*
 * Tests of a node that keeps another length of a channel's log than others do, as while options
 * are changed node by node: no log at all, or a shorter one.
 */
#include "channel.h"
#include "dialect_centrifuge.h"
#include "hub.h"
#include "metrics.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------- no log here */

/* A live connection to a channel of which no log is kept. */
static struct fake_conn *connect_without_log(struct world *world)
{
    world_set_history(world, 0);
    struct fake_conn *conn = world_connect(world, "lobby");
    world_subscribed(world);
    world_turn(world);
    journal_clear(world->calls);
    return conn;
}

static void where_no_log_is_kept_all_is_passed_on_as_it_comes(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = connect_without_log(world);
    world_publication(world, "e1", 7, "a");
    world_publication(world, "", 0, "b");
    world_publication(world, "e1", 9, "c");
    world_publication(world, "e2", 1, "d");
    world_turn(world);
    EXPECT(&conn->got, "a", "b", "c", "d");
    EXPECT_NOTHING(world->calls);
}

static void where_no_log_is_kept_newcomers_get_nothing_of_the_past(void **state)
{
    struct world *world = *state;
    connect_without_log(world);
    world_publication(world, "e1", 7, "a");
    world_publication(world, "e1", 8, "b");
    world_turn(world);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    EXPECT_NOTHING(&newcomer->got);
}

static void where_no_log_is_kept_nobody_is_recovered_or_ahead(void **state)
{
    struct world *world = *state;
    world_set_history(world, 0);
    struct fake_conn *conn =
        world_open(world, &dialect_centrifuge, &(struct chat_request){.channel = ""});
    world_say(conn, "{\"id\":1,\"connect\":{}}");
    world_say(conn, "{\"id\":2,\"subscribe\":{\"channel\":\"lobby\",\"recover\":true}}");
    world_say(conn, "{\"id\":3,\"subscribe\":{\"channel\":\"other\",\"recover\":true,"
                    "\"offset\":5,\"epoch\":\"\"}}");
    journal_clear(&conn->got);
    journal_clear(world->calls);
    const struct broker_events *events = fake_broker_events(world->broker);
    events->on_subscribed(events->context, "lobby");
    events->on_subscribed(events->context, "other");
    world_turn(world);
    EXPECT(&conn->got, "{\"id\":2,\"subscribe\":{}}", "{\"id\":3,\"subscribe\":{}}");
    assert_int_equal(fake_broker_waiting(world->broker, FAKE_HISTORY), 0);
}

/* -------------------------------------------------------------------- a shorter log here */

/* Answers a read with as much as was asked for, from first on, of a log that reaches to newest.
 */
static void answer_part(struct world *world, uint64_t first, uint64_t newest,
                        const char *const *texts)
{
    struct publication *publications[8];
    size_t count = 0;
    for (; texts[count]; count++)
        publications[count] = publication_create(first + count, slice_of(texts[count]),
                                                 (struct slice){.length = 0});
    fake_broker_answer(world->broker, FAKE_HISTORY,
                       &(struct broker_reply){.epoch = "e1",
                                              .offset = newest,
                                              .publications = publications,
                                              .publication_count = count});
    for (size_t i = 0; i < count; i++)
        publication_unref(publications[i]);
}

static void answer_that_ends_before_the_log_does_is_read_on_from(void **state)
{
    struct world *world = *state;
    world_set_history(world, 3);
    struct fake_conn *conn = world_connect_live(world);
    int64_t lost = metrics.gaps_lost_total;
    world_publication(world, "e1", 1, "1");
    world_publication(world, "e1", 8, "8");
    journal_clear(world->calls);
    answer_part(world, 2, 8, TEXTS("2", "3", "4"));
    EXPECT(world->calls, "history lobby 4 3");
    answer_part(world, 5, 9, TEXTS("5", "6", "7"));
    EXPECT(world->calls, "history lobby 7 3");
    answer_part(world, 8, 9, TEXTS("8", "9"));
    world_turn(world);
    EXPECT(&conn->got, "1", "2", "3", "4", "5", "6", "7", "8", "9");
    EXPECT_NOTHING(world->calls);
    assert_int_equal(metrics.gaps_lost_total, lost);
}

static void what_is_kept_has_no_gap_when_the_log_was_trimmed_meanwhile(void **state)
{
    struct world *world = *state;
    world_set_history(world, 3);
    world_connect_live(world);
    int64_t lost = metrics.gaps_lost_total;
    world_publication(world, "e1", 1, "1");
    world_publication(world, "e1", 8, "8");
    answer_part(world, 2, 8, TEXTS("2", "3", "4"));
    answer_part(world, 7, 9, TEXTS("7", "8", "9"));
    assert_int_equal(metrics.gaps_lost_total, lost + 1);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    EXPECT(&newcomer->got, "7", "8", "9");
}

static void more_bytes_than_can_be_held_are_read_from_the_log(void **state)
{
    enum { MEBIBYTE = 1 << 20, MESSAGES = 9 };
    struct world *world = *state;
    char *text = calloc(1, MEBIBYTE + 1);
    memset(text, 'x', MEBIBYTE);
    world_set_history(world, 3);
    world_connect(world, "lobby")->is_busy = true;
    world_subscribed(world);
    for (uint64_t offset = 1; offset <= MESSAGES; offset++)
        world_publication(world, "e1", offset, text);
    free(text);
    journal_clear(world->calls);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    EXPECT(world->calls, "history lobby 8 3");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(where_no_log_is_kept_all_is_passed_on_as_it_comes),
        WORLD_TEST(where_no_log_is_kept_newcomers_get_nothing_of_the_past),
        WORLD_TEST(where_no_log_is_kept_nobody_is_recovered_or_ahead),
        WORLD_TEST(answer_that_ends_before_the_log_does_is_read_on_from),
        WORLD_TEST(what_is_kept_has_no_gap_when_the_log_was_trimmed_meanwhile),
        WORLD_TEST(more_bytes_than_can_be_held_are_read_from_the_log),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "log_sizes");
}
