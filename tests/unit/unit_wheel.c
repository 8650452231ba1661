/*
 * Tests of wheel: due on time, never early, whatever the callbacks do meanwhile.
 */
#include "wheel.h"

#include "unit.h"

#include <stdlib.h>

enum { TICK_MS = 100, REVOLUTION_MS = 1024 * TICK_MS, START_MS = 50000 };

/* A timer that counts, and may do something to another when it falls due. */
struct alarm {
    struct wheel_timer timer; /* first: on_due is given this */
    int due_count;
    int64_t due_at_ms;
    struct alarm *cancels;
    struct alarm *sets;
    int64_t sets_to_ms;
};

static struct wheel *wheel;
static int64_t now_ms;

static void on_due(struct wheel_timer *timer)
{
    struct alarm *alarm = (struct alarm *)timer;
    alarm->due_count++;
    alarm->due_at_ms = now_ms;
    if (alarm->cancels)
        wheel_cancel(&alarm->cancels->timer);
    if (alarm->sets)
        wheel_set(wheel, &alarm->sets->timer, alarm->sets_to_ms);
}

static int set_up(void **state)
{
    (void)state;
    now_ms = START_MS;
    wheel = wheel_create(now_ms, TICK_MS, on_due);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wheel_destroy(wheel);
    return 0;
}

static void advance_to(int64_t ms)
{
    now_ms = ms;
    wheel_advance(wheel, now_ms);
}

static void step_to(int64_t ms)
{
    while (now_ms < ms)
        advance_to(now_ms + 1);
}

static void timer_is_due_within_a_tick(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_set(wheel, &alarm.timer, START_MS + 250);
    step_to(START_MS + 1000);
    assert_in_range(alarm.due_at_ms, START_MS + 250, START_MS + 250 + TICK_MS);
}

static void timer_is_never_early(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_set(wheel, &alarm.timer, START_MS + 250);
    step_to(START_MS + 249);
    assert_int_equal(alarm.due_count, 0);
}

static void timer_is_due_once(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_set(wheel, &alarm.timer, START_MS + 250);
    step_to(START_MS + 2 * REVOLUTION_MS);
    assert_int_equal(alarm.due_count, 1);
}

static void timer_in_the_past_is_due_at_the_next_tick(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_set(wheel, &alarm.timer, START_MS - 5000);
    advance_to(START_MS + TICK_MS);
    assert_int_equal(alarm.due_count, 1);
}

static void due_timer_is_not_set_any_more(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_set(wheel, &alarm.timer, START_MS + 100);
    advance_to(START_MS + 200);
    assert_false(wheel_is_set(&alarm.timer));
}

static void waiting_timer_is_set(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_set(wheel, &alarm.timer, START_MS + 100);
    assert_true(wheel_is_set(&alarm.timer));
}

static void zeroed_timer_is_not_set(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    assert_false(wheel_is_set(&alarm.timer));
}

static void cancelled_timer_is_never_due(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_set(wheel, &alarm.timer, START_MS + 250);
    wheel_cancel(&alarm.timer);
    advance_to(START_MS + 2 * REVOLUTION_MS);
    assert_int_equal(alarm.due_count, 0);
}

static void cancelling_a_timer_that_is_not_set_does_nothing(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_cancel(&alarm.timer);
    assert_false(wheel_is_set(&alarm.timer));
}

static void cancelling_the_middle_one_of_a_slot_keeps_the_others(void **state)
{
    (void)state;
    struct alarm alarms[3] = {{.due_count = 0}};
    for (size_t i = 0; i < 3; i++)
        wheel_set(wheel, &alarms[i].timer, START_MS + 250);
    wheel_cancel(&alarms[1].timer);
    advance_to(START_MS + 300);
    assert_int_equal(alarms[0].due_count + alarms[2].due_count, 2);
}

static void moved_timer_is_due_at_its_new_time_only(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_set(wheel, &alarm.timer, START_MS + 250);
    wheel_set(wheel, &alarm.timer, START_MS + 900);
    step_to(START_MS + 2000);
    assert_int_equal(alarm.due_count, 1);
    assert_int_equal(alarm.due_at_ms, START_MS + 900);
}

static void timer_is_moved_to_an_earlier_time(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_set(wheel, &alarm.timer, START_MS + 900);
    wheel_set(wheel, &alarm.timer, START_MS + 200);
    advance_to(START_MS + 200);
    assert_int_equal(alarm.due_count, 1);
}

/* Whichever of the two is met first cancels the other. */
static void timer_cancelled_by_another_of_its_slot_is_not_due(void **state)
{
    (void)state;
    struct alarm first = {.due_count = 0};
    struct alarm second = {.cancels = &first};
    first.cancels = &second;
    wheel_set(wheel, &first.timer, START_MS + 250);
    wheel_set(wheel, &second.timer, START_MS + 250);
    advance_to(START_MS + 300);
    assert_int_equal(first.due_count + second.due_count, 1);
}

static void timer_set_inside_its_own_callback_is_due_again(void **state)
{
    (void)state;
    struct alarm alarm = {.sets_to_ms = START_MS + 700};
    alarm.sets = &alarm;
    wheel_set(wheel, &alarm.timer, START_MS + 200);
    step_to(START_MS + 700);
    alarm.sets = NULL;
    assert_int_equal(alarm.due_count, 2);
}

static void timer_set_for_now_inside_a_callback_waits_for_the_next_tick(void **state)
{
    (void)state;
    struct alarm other = {.due_count = 0};
    struct alarm alarm = {.sets = &other, .sets_to_ms = START_MS + 200};
    wheel_set(wheel, &alarm.timer, START_MS + 200);
    advance_to(START_MS + 200);
    assert_int_equal(other.due_count, 0);
    advance_to(START_MS + 300);
    assert_int_equal(other.due_count, 1);
}

static void timer_set_a_revolution_ahead_inside_a_callback_waits_its_turn(void **state)
{
    (void)state;
    struct alarm other = {.due_count = 0};
    struct alarm alarm = {.sets = &other, .sets_to_ms = START_MS + 200 + REVOLUTION_MS};
    wheel_set(wheel, &alarm.timer, START_MS + 200);
    step_to(START_MS + 200 + REVOLUTION_MS - 1);
    assert_int_equal(other.due_count, 0);
    step_to(START_MS + 200 + REVOLUTION_MS);
    assert_int_equal(other.due_count, 1);
}

static void timer_moved_away_by_another_of_its_slot_waits(void **state)
{
    (void)state;
    struct alarm alarms[2] = {{.due_count = 0}};
    for (size_t i = 0; i < 2; i++) {
        alarms[i].sets = &alarms[1 - i];
        alarms[i].sets_to_ms = START_MS + 5000;
        wheel_set(wheel, &alarms[i].timer, START_MS + 250);
    }
    advance_to(START_MS + 300);
    assert_int_equal(alarms[0].due_count + alarms[1].due_count, 1);
}

static void timer_of_several_revolutions_is_due_in_the_right_one(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_set(wheel, &alarm.timer, START_MS + 3 * REVOLUTION_MS + 500);
    step_to(START_MS + 4 * REVOLUTION_MS);
    assert_int_equal(alarm.due_at_ms, START_MS + 3 * REVOLUTION_MS + 500);
}

static void long_pause_meets_every_timer_that_fell_due(void **state)
{
    (void)state;
    struct alarm alarms[2000] = {{.due_count = 0}};
    int due = 0;
    for (int i = 0; i < 2000; i++)
        wheel_set(wheel, &alarms[i].timer, START_MS + 100 + 777 * (int64_t)i);
    advance_to(START_MS + 20 * (int64_t)REVOLUTION_MS);
    for (int i = 0; i < 2000; i++)
        due += alarms[i].due_count;
    assert_int_equal(due, 2000);
}

static void long_pause_leaves_what_is_still_to_come(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_set(wheel, &alarm.timer, START_MS + 20 * (int64_t)REVOLUTION_MS + 100);
    advance_to(START_MS + 20 * (int64_t)REVOLUTION_MS);
    assert_int_equal(alarm.due_count, 0);
    advance_to(START_MS + 20 * (int64_t)REVOLUTION_MS + 100);
    assert_int_equal(alarm.due_count, 1);
}

static void time_that_stands_still_changes_nothing(void **state)
{
    (void)state;
    struct alarm alarm = {.due_count = 0};
    wheel_set(wheel, &alarm.timer, START_MS + 1);
    advance_to(START_MS);
    advance_to(START_MS);
    assert_int_equal(alarm.due_count, 0);
}

/* Numbers that are the same at each run. */
static uint32_t random_below(uint32_t *seed, uint32_t limit)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % limit;
}

/* The model: an alarm is due at the first look at or after the tick that its time rounds up
 * to, and not before the tick after the one in which it was set. */
static int64_t expected_ms(int64_t due_ms)
{
    int64_t tick = (due_ms + TICK_MS - 1) / TICK_MS;
    int64_t next = now_ms / TICK_MS + 1;
    return (tick > next ? tick : next) * TICK_MS;
}

static void check_against_model(struct alarm *alarms, int64_t *model_ms, size_t count,
                                const int *due_before)
{
    for (size_t i = 0; i < count; i++) {
        bool is_due = model_ms[i] > 0 && model_ms[i] <= now_ms;
        assert_int_equal(alarms[i].due_count - due_before[i], is_due);
        if (is_due)
            model_ms[i] = 0;
        assert_int_equal(wheel_is_set(&alarms[i].timer), model_ms[i] > 0);
    }
}

static void thousands_of_random_timers_do_as_a_simple_model(void **state)
{
    (void)state;
    enum { COUNT = 3000, ROUNDS = 300 };
    static struct alarm alarms[COUNT];
    static int64_t model_ms[COUNT]; /* 0: not set */
    static int due_before[COUNT];
    uint32_t seed = 7;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < 500; i++) {
            size_t number = random_below(&seed, COUNT);
            if (random_below(&seed, 4) == 0) {
                wheel_cancel(&alarms[number].timer);
                model_ms[number] = 0;
                continue;
            }
            int64_t due_ms = now_ms - 1000 + random_below(&seed, 3 * REVOLUTION_MS);
            wheel_set(wheel, &alarms[number].timer, due_ms);
            model_ms[number] = expected_ms(due_ms);
        }
        for (size_t i = 0; i < COUNT; i++)
            due_before[i] = alarms[i].due_count;
        bool is_pause = random_below(&seed, 20) == 0;
        advance_to(now_ms + random_below(&seed, is_pause ? 2 * REVOLUTION_MS : 700));
        check_against_model(alarms, model_ms, COUNT, due_before);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(timer_is_due_within_a_tick),
        TEST(timer_is_never_early),
        TEST(timer_is_due_once),
        TEST(timer_in_the_past_is_due_at_the_next_tick),
        TEST(due_timer_is_not_set_any_more),
        TEST(waiting_timer_is_set),
        TEST(zeroed_timer_is_not_set),
        TEST(cancelled_timer_is_never_due),
        TEST(cancelling_a_timer_that_is_not_set_does_nothing),
        TEST(cancelling_the_middle_one_of_a_slot_keeps_the_others),
        TEST(moved_timer_is_due_at_its_new_time_only),
        TEST(timer_is_moved_to_an_earlier_time),
        TEST(timer_cancelled_by_another_of_its_slot_is_not_due),
        TEST(timer_set_inside_its_own_callback_is_due_again),
        TEST(timer_set_for_now_inside_a_callback_waits_for_the_next_tick),
        TEST(timer_set_a_revolution_ahead_inside_a_callback_waits_its_turn),
        TEST(timer_moved_away_by_another_of_its_slot_waits),
        TEST(timer_of_several_revolutions_is_due_in_the_right_one),
        TEST(long_pause_meets_every_timer_that_fell_due),
        TEST(long_pause_leaves_what_is_still_to_come),
        TEST(time_that_stands_still_changes_nothing),
        TEST(thousands_of_random_timers_do_as_a_simple_model),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "wheel");
}
