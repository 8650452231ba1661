/*
 * Tests of a big channel, which goes out in slices: whoever comes, leaves or is closed while
 * they do, everybody gets everything once and in order, and others are not held up.
 */
#include "channel.h"
#include "session.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WRITE_US = 100, /* so that a slice ends at the first look at the clock */
    SLICE = 16,
    CONNS = 40, /* three slices, the last one a small one */
};

/* Connections in the order in which they were admitted: the last one is served first. */
static struct fake_conn *conns[CONNS];

static int set_up(void **state)
{
    int result = world_set_up(state);
    for (size_t i = 0; i < CONNS; i++)
        conns[i] = world_connect_live(*state);
    fake_write_us = WRITE_US;
    return result;
}

static int tear_down(void **state)
{
    fake_write_us = 0;
    return world_tear_down(state);
}

static void publish(struct world *world, uint64_t number)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    world_publication(world, "e1", number, text);
}

static void turn_until_all_is_out(struct world *world)
{
    for (int turns = 0; chat_wait_ms(world->hub) == 0; turns++) {
        assert_true(turns < 1000);
        world_turn(world);
    }
}

static size_t count_served(size_t from, size_t to)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++)
        count += conns[i]->got.count > 0;
    return count;
}

/* The connection at the place is gone, and is not looked at any more. */
static void drop(struct world *world, size_t i)
{
    world_disconnect(world, conns[i]);
    conns[i] = NULL;
}

static void expect_all(const char *const *texts)
{
    for (size_t i = 0; i < CONNS; i++) {
        if (conns[i])
            journal_expect(&conns[i]->got, texts, __FILE__, __LINE__);
    }
}

/* -------------------------------------------------------------------------------- slices */

static void big_channel_goes_out_in_slices(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    assert_int_equal(count_served(0, CONNS), SLICE);
    world_turn(world);
    assert_int_equal(count_served(0, CONNS), 2 * SLICE);
    world_turn(world);
    assert_int_equal(count_served(0, CONNS), CONNS);
    expect_all(TEXTS("1"));
}

static void next_turn_does_not_wait_while_slices_are_left(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    assert_int_equal(chat_wait_ms(world->hub), 0);
    turn_until_all_is_out(world);
    assert_int_equal(chat_wait_ms(world->hub), -1);
}

static void fast_writes_need_no_slices(void **state)
{
    struct world *world = *state;
    fake_write_us = 1;
    publish(world, 1);
    world_turn(world);
    expect_all(TEXTS("1"));
}

static void next_batch_waits_until_the_former_is_out(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    publish(world, 2);
    publish(world, 3);
    turn_until_all_is_out(world);
    expect_all(TEXTS("1", "2", "3"));
}

static void what_comes_between_slices_leaves_by_one_write(void **state)
{
    struct world *world = *state;
    size_t before = conns[0]->write_count;
    publish(world, 1);
    world_turn(world);
    publish(world, 2);
    world_turn(world);
    publish(world, 3);
    turn_until_all_is_out(world);
    assert_int_equal(conns[0]->write_count - before, 2);
}

/* Nothing of it is sent where it comes in. */
static void too_much_to_wait_goes_out_in_slices_and_in_order(void **state)
{
    struct world *world = *state;
    char *text = calloc(1, 70001);
    memset(text, 'x', 70000);
    for (uint64_t offset = 1; offset <= 3; offset++)
        world_publication(world, "e1", offset, text);
    assert_int_equal(count_served(0, CONNS), 0);
    world_turn(world);
    assert_int_equal(count_served(0, CONNS), SLICE);
    turn_until_all_is_out(world);
    expect_all(TEXTS(text, text, text));
    free(text);
}

/* -------------------------------------------------------------------------------- others */

static void message_of_another_channel_waits_for_one_slice_only(void **state)
{
    struct world *world = *state;
    const struct broker_events *events = fake_broker_events(world->broker);
    struct fake_conn *other = world_connect(world, "other");
    events->on_subscribed(events->context, "other");
    fake_broker_answer_log(world->broker, "o1", 0, NO_TEXTS);
    turn_until_all_is_out(world);
    publish(world, 1);
    world_turn(world);
    struct publication *publication =
        publication_create(1, slice_of("hello"), (struct slice){.length = 0});
    events->on_publication(events->context, "other", "o1", publication);
    publication_unref(publication);
    world_turn(world);
    EXPECT(&other->got, "hello");
    assert_int_equal(count_served(0, CONNS), 2 * SLICE);
}

static void ping_between_slices_is_answered_at_once(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    world_say(conns[0], "ping");
    EXPECT(&conns[0]->got, "pong");
}

/* -------------------------------------------------------------------------------- leaving */

static void one_who_is_served_leaves(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    drop(world, CONNS - 2);
    turn_until_all_is_out(world);
    expect_all(TEXTS("1"));
}

static void one_who_is_not_served_yet_leaves(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    drop(world, 3);
    turn_until_all_is_out(world);
    expect_all(TEXTS("1"));
}

static void last_one_who_is_not_served_yet_leaves(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    drop(world, CONNS - SLICE - 1);
    turn_until_all_is_out(world);
    expect_all(TEXTS("1"));
}

static void many_leave_on_both_sides(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    for (size_t i = 0; i < CONNS; i += 3)
        drop(world, i);
    publish(world, 2);
    world_turn(world);
    for (size_t i = 1; i < CONNS; i += 3)
        drop(world, i);
    turn_until_all_is_out(world);
    expect_all(TEXTS("1", "2"));
}

static void all_who_are_not_served_yet_leave(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    for (size_t i = 0; i < CONNS - SLICE; i++)
        drop(world, i);
    publish(world, 2);
    turn_until_all_is_out(world);
    expect_all(TEXTS("1", "2"));
}

/* The list is then one of unserved ones alone. */
static void one_leaves_after_all_who_were_served(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    for (size_t i = CONNS - SLICE; i < CONNS; i++)
        drop(world, i);
    drop(world, 3);
    drop(world, CONNS - SLICE - 1); /* who took the place just left */
    turn_until_all_is_out(world);
    expect_all(TEXTS("1"));
}

static void channel_that_everybody_leaves_between_slices_is_closed(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    publish(world, 2);
    journal_clear(world->calls);
    for (size_t i = 0; i < CONNS; i++)
        drop(world, i);
    turn_until_all_is_out(world);
    EXPECT(world->calls, "unsubscribe lobby");
    assert_null(channel_find(world->hub, "lobby"));
}

static void one_who_is_closed_by_its_slice_takes_nobody_with_it(void **state)
{
    struct world *world = *state;
    world->options.max_backlog_bytes = 0;
    for (size_t i = 0; i < CONNS; i += 5)
        conns[i]->is_busy = true;
    publish(world, 1);
    turn_until_all_is_out(world);
    publish(world, 2);
    turn_until_all_is_out(world);
    for (size_t i = 0; i < CONNS; i++) {
        if (i % 5 == 0)
            EXPECT(&conns[i]->got, "close 1013 too far behind");
        else
            EXPECT(&conns[i]->got, "1", "2");
    }
}

static void one_who_is_behind_gets_all_in_order_later(void **state)
{
    struct world *world = *state;
    conns[5]->is_busy = true;
    publish(world, 1);
    world_turn(world);
    publish(world, 2);
    turn_until_all_is_out(world);
    conns[5]->is_busy = false;
    publish(world, 3);
    turn_until_all_is_out(world);
    chat_writable(conns[5]->session);
    expect_all(TEXTS("1", "2", "3"));
}

/* --------------------------------------------------------------------------------- coming */

static void newcomer_between_slices_gets_each_once(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    publish(world, 2);
    turn_until_all_is_out(world);
    publish(world, 3);
    turn_until_all_is_out(world);
    EXPECT(&newcomer->got, "1", "2", "3");
    expect_all(TEXTS("1", "2", "3"));
}

static void newcomer_is_let_in_while_the_next_batch_goes_out(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    publish(world, 2);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    world_turn(world); /* the first is out, the second has begun */
    assert_int_equal(newcomer->got.count, 2);
    assert_int_equal(conns[0]->got.count, 1);
    turn_until_all_is_out(world);
    EXPECT(&newcomer->got, "1", "2");
    expect_all(TEXTS("1", "2"));
}

static void newcomer_gets_in_however_much_is_published(void **state)
{
    struct world *world = *state;
    uint64_t number = 0;
    publish(world, ++number);
    world_turn(world);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    for (int turns = 0; newcomer->got.count == 0; turns++) {
        assert_true(turns < 4);
        publish(world, ++number);
        world_turn(world);
    }
}

static void newcomer_who_leaves_between_slices_takes_nobody_with_it(void **state)
{
    struct world *world = *state;
    publish(world, 1);
    world_turn(world);
    publish(world, 2);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    world_turn(world);
    world_disconnect(world, newcomer);
    turn_until_all_is_out(world);
    expect_all(TEXTS("1", "2"));
}

/* --------------------------------------------------------------------------------- delay */

static void delayed_message_leaves_when_its_time_has_come(void **state)
{
    struct world *world = *state;
    world->options.flush_delay_ms = 50;
    publish(world, 1);
    assert_int_equal(chat_wait_ms(world->hub), 50);
    fake_clock_advance(30);
    publish(world, 2);
    world_turn(world);
    assert_int_equal(count_served(0, CONNS), 0);
    assert_int_equal(chat_wait_ms(world->hub), 20);
    fake_clock_advance(20);
    turn_until_all_is_out(world);
    expect_all(TEXTS("1", "2"));
}

static void delay_is_not_between_slices(void **state)
{
    struct world *world = *state;
    world->options.flush_delay_ms = 50;
    publish(world, 1);
    fake_clock_advance(50);
    world_turn(world);
    assert_int_equal(count_served(0, CONNS), SLICE);
    assert_int_equal(chat_wait_ms(world->hub), 0);
    turn_until_all_is_out(world);
    expect_all(TEXTS("1"));
}

static void delay_begins_anew_with_the_next_message(void **state)
{
    struct world *world = *state;
    world->options.flush_delay_ms = 50;
    publish(world, 1);
    fake_clock_advance(50);
    turn_until_all_is_out(world);
    publish(world, 2);
    assert_int_equal(chat_wait_ms(world->hub), 50);
}

/* ---------------------------------------------------------------------------- all of it */

enum { STEPS = 4000, PEOPLE_MAX = 120 };

struct crowd {
    struct world *world;
    struct fake_conn *people[PEOPLE_MAX];
    size_t count;
    uint64_t published;
    unsigned seed;
};

static unsigned roll(struct crowd *crowd, unsigned sides)
{
    crowd->seed = crowd->seed * 1103515245U + 12345U;
    return crowd->seed / 65536U % sides;
}

static void expect_unbroken(const struct fake_conn *conn)
{
    for (size_t i = 1; i < conn->got.count; i++) {
        unsigned long long before = strtoull(conn->got.lines[i - 1], NULL, 10);
        unsigned long long here = strtoull(conn->got.lines[i], NULL, 10);
        if (here != before + 1)
            fail_msg("%llu is followed by %llu", before, here);
    }
}

static void leave_crowd(struct crowd *crowd, size_t i)
{
    struct fake_conn *conn = crowd->people[i];
    expect_unbroken(conn);
    crowd->people[i] = crowd->people[--crowd->count];
    world_disconnect(crowd->world, conn);
}

static void one_step(struct crowd *crowd)
{
    unsigned what = roll(crowd, 10);
    if (what < 3 && crowd->count < PEOPLE_MAX)
        crowd->people[crowd->count++] = world_connect(crowd->world, "lobby");
    else if (what < 5 && crowd->count > 1)
        leave_crowd(crowd, roll(crowd, (unsigned)crowd->count));
    else if (what < 7)
        publish(crowd->world, ++crowd->published);
    else
        world_turn(crowd->world);
}

static void expect_up_to_date(const struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->count; i++) {
        const struct journal *got = &crowd->people[i]->got;
        expect_unbroken(crowd->people[i]);
        assert_true(got->count > 0);
        assert_int_equal(strtoull(got->lines[got->count - 1], NULL, 10), crowd->published);
    }
}

/* The reader's own model: numbers without a hole from the first one that is heard. */
static void crowd_that_comes_and_goes_hears_everything_once(void **state)
{
    struct crowd crowd = {.world = *state, .seed = 7};
    for (size_t i = 0; i < CONNS; i++)
        crowd.people[crowd.count++] = conns[i];
    for (int step = 0; step < STEPS; step++)
        one_step(&crowd);
    publish(crowd.world, ++crowd.published);
    turn_until_all_is_out(crowd.world);
    expect_up_to_date(&crowd);
}

int main(void)
{
#define FANOUT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        FANOUT_TEST(big_channel_goes_out_in_slices),
        FANOUT_TEST(next_turn_does_not_wait_while_slices_are_left),
        FANOUT_TEST(fast_writes_need_no_slices),
        FANOUT_TEST(next_batch_waits_until_the_former_is_out),
        FANOUT_TEST(what_comes_between_slices_leaves_by_one_write),
        FANOUT_TEST(too_much_to_wait_goes_out_in_slices_and_in_order),
        FANOUT_TEST(message_of_another_channel_waits_for_one_slice_only),
        FANOUT_TEST(ping_between_slices_is_answered_at_once),
        FANOUT_TEST(one_who_is_served_leaves),
        FANOUT_TEST(one_who_is_not_served_yet_leaves),
        FANOUT_TEST(last_one_who_is_not_served_yet_leaves),
        FANOUT_TEST(many_leave_on_both_sides),
        FANOUT_TEST(all_who_are_not_served_yet_leave),
        FANOUT_TEST(one_leaves_after_all_who_were_served),
        FANOUT_TEST(channel_that_everybody_leaves_between_slices_is_closed),
        FANOUT_TEST(one_who_is_closed_by_its_slice_takes_nobody_with_it),
        FANOUT_TEST(one_who_is_behind_gets_all_in_order_later),
        FANOUT_TEST(newcomer_between_slices_gets_each_once),
        FANOUT_TEST(newcomer_is_let_in_while_the_next_batch_goes_out),
        FANOUT_TEST(newcomer_gets_in_however_much_is_published),
        FANOUT_TEST(newcomer_who_leaves_between_slices_takes_nobody_with_it),
        FANOUT_TEST(delayed_message_leaves_when_its_time_has_come),
        FANOUT_TEST(delay_is_not_between_slices),
        FANOUT_TEST(delay_begins_anew_with_the_next_message),
        FANOUT_TEST(crowd_that_comes_and_goes_hears_everything_once),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "fanout");
}
