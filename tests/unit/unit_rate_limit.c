/*
 * Tests of rate_limit: so many at once and so many a minute, each for itself.
 */
#include "rate_limit.h"

#include "fake_clock.h"
#include "unit.h"

enum { PER_MINUTE = 4, MINUTE_MS = 60000 };

static struct rate_limit *limit;

static int set_up(void **state)
{
    (void)state;
    limit = rate_limit_create(PER_MINUTE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rate_limit_destroy(limit);
    return 0;
}

static bool take(char who, int64_t *ret_wait_ms)
{
    return rate_limit_take(limit, &who, 1, ret_wait_ms);
}

/* How many can be taken now. */
static int count_takes(char who)
{
    int64_t wait_ms;
    int count = 0;
    while (count < 100 && take(who, &wait_ms))
        count++;
    return count;
}

static void so_many_are_let_through_at_once(void **state)
{
    (void)state;
    assert_int_equal(count_takes('a'), PER_MINUTE);
}

static void after_a_part_of_a_minute_there_is_a_part(void **state)
{
    (void)state;
    count_takes('a');
    fake_clock_advance(MINUTE_MS / PER_MINUTE);
    assert_int_equal(count_takes('a'), 1);
}

static void rest_does_not_add_up_beyond_a_minute(void **state)
{
    (void)state;
    count_takes('a');
    fake_clock_advance(10 * MINUTE_MS);
    assert_int_equal(count_takes('a'), PER_MINUTE);
}

static void who_is_refused_is_told_when_again(void **state)
{
    int64_t wait_ms = 0;
    (void)state;
    count_takes('a');
    fake_clock_advance(1000);
    assert_false(take('a', &wait_ms));
    assert_int_equal(wait_ms, MINUTE_MS / PER_MINUTE - 1000);
    fake_clock_advance(wait_ms - 1);
    assert_false(take('a', &wait_ms));
    fake_clock_advance(1);
    assert_true(take('a', &wait_ms));
}

static void being_refused_costs_nothing(void **state)
{
    int64_t wait_ms;
    (void)state;
    count_takes('a');
    for (int i = 0; i < 100; i++)
        assert_false(take('a', &wait_ms));
    fake_clock_advance(MINUTE_MS);
    assert_int_equal(count_takes('a'), PER_MINUTE);
}

/* Two of a few may fall into one place by chance, all of them will not. */
static void each_counts_for_itself(void **state)
{
    int full = 0;
    (void)state;
    count_takes('a');
    for (char who = 'b'; who <= 'z'; who++)
        full += count_takes(who) == PER_MINUTE;
    assert_in_range(full, 20, 25);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(so_many_are_let_through_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(after_a_part_of_a_minute_there_is_a_part, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(rest_does_not_add_up_beyond_a_minute, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_is_refused_is_told_when_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(being_refused_costs_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_counts_for_itself, set_up, tear_down),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "rate_limit");
}
