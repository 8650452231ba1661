/*
 * Unit tests of what workers show each other.
 */
#include "worker_page.h"

#include "fake_clock.h"
#include "metrics.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 3 };

/* Another life of the worker: what it counted itself is gone with the process. */
static void live_as(size_t number)
{
    memset(&metrics, 0, sizeof(metrics));
    workers_become(number);
}

static int set_up(void **state)
{
    (void)state;
    assert_true(workers_share(COUNT));
    live_as(1);
    return 0;
}

static enum worker_state state_of(size_t number)
{
    struct worker_view view;
    workers_view(number, &view);
    return view.state;
}

static void expect_in_page(const char *line)
{
    size_t length;
    char *page = workers_print_metrics(&length);
    assert_int_equal(strlen(page), length);
    if (!strstr(page, line))
        fail_msg("\"%s\" is not in\n%s", line, page);
    free(page);
}

static void worker_is_down_before_it_starts(void **state)
{
    (void)state;
    assert_int_equal(state_of(2), WORKER_DOWN);
}

static void worker_is_what_it_showed_last(void **state)
{
    (void)state;
    workers_show(WORKER_READY, "");
    assert_int_equal(state_of(1), WORKER_READY);
    workers_show(WORKER_DRAINING, "draining");
    assert_int_equal(state_of(1), WORKER_DRAINING);
}

static void reason_is_told_while_it_is_not_ready(void **state)
{
    (void)state;
    struct worker_view view;
    workers_show(WORKER_NOT_READY, "no Redis");
    workers_view(1, &view);
    assert_string_equal(view.reason, "no Redis");
}

static void long_reason_is_cut(void **state)
{
    (void)state;
    struct worker_view view;
    char reason[2 * WORKER_REASON_BYTES];
    memset(reason, 'x', sizeof(reason));
    reason[sizeof(reason) - 1] = '\0';
    workers_show(WORKER_NOT_READY, reason);
    workers_view(1, &view);
    assert_int_equal(strlen(view.reason), WORKER_REASON_BYTES - 1);
}

static void worker_that_turns_no_more_is_silent(void **state)
{
    (void)state;
    workers_show(WORKER_READY, "");
    live_as(2);
    fake_clock_advance(WORKER_SILENT_MS);
    assert_int_equal(state_of(1), WORKER_READY);
    fake_clock_advance(1);
    assert_int_equal(state_of(1), WORKER_SILENT);
}

static void worker_does_not_find_itself_silent(void **state)
{
    (void)state;
    workers_show(WORKER_READY, "");
    fake_clock_advance(2 * WORKER_SILENT_MS);
    assert_int_equal(state_of(1), WORKER_READY);
}

static void counters_and_gauges_are_summed(void **state)
{
    (void)state;
    metrics.connections = 3;
    metrics.deliveries_total = 10;
    workers_show(WORKER_READY, "");
    live_as(2);
    metrics.connections = 4;
    metrics.deliveries_total = 20;
    expect_in_page("\nparley_connections 7\n");
    expect_in_page("\nparley_deliveries_total 30\n");
    expect_in_page("\nparley_worker_connections{worker=\"1\"} 3\n");
    expect_in_page("\nparley_worker_connections{worker=\"2\"} 4\n");
    assert_int_equal(workers_connections(), 7);
}

static void link_is_up_where_all_say_so(void **state)
{
    (void)state;
    for (size_t number = 1; number <= COUNT; number++) {
        live_as(number);
        metrics.redis_up_commands = 1;
        metrics.redis_up_subscriber = number != 2;
        workers_show(WORKER_READY, "");
    }
    expect_in_page("\nparley_redis_up{link=\"commands\"} 1\n");
    expect_in_page("\nparley_redis_up{link=\"subscriber\"} 0\n");
}

static void dead_worker_has_no_connections_but_has_counted(void **state)
{
    (void)state;
    metrics.connections = 3;
    metrics.deliveries_total = 10;
    workers_show(WORKER_READY, "");
    workers_mark_down(1, 1);
    live_as(2);
    assert_int_equal(state_of(1), WORKER_DOWN);
    expect_in_page("\nparley_connections 0\n");
    expect_in_page("\nparley_deliveries_total 10\n");
    expect_in_page("\nparley_worker_up{worker=\"1\"} 0\n");
}

static void successor_counts_on(void **state)
{
    (void)state;
    metrics.deliveries_total = 10;
    workers_show(WORKER_READY, "");
    workers_mark_down(1, 1);
    live_as(1);
    metrics.deliveries_total++;
    expect_in_page("\nparley_deliveries_total 11\n");
    expect_in_page("\nparley_worker_restarts_total{worker=\"1\"} 1\n");
}

static void successor_knows_whom_it_follows(void **state)
{
    (void)state;
    live_as(2);
    uint64_t first = workers_life();
    assert_int_not_equal(first, 0);
    assert_int_equal(workers_life_before(), 0);
    live_as(2);
    assert_int_equal(workers_life_before(), first);
    assert_int_not_equal(workers_life(), first);
}

static int64_t deaths_of(size_t number)
{
    struct worker_view view;
    workers_view(number, &view);
    return view.deaths;
}

static void deaths_are_told_until_a_life_was_long(void **state)
{
    (void)state;
    workers_mark_down(2, 4);
    assert_int_equal(deaths_of(2), 4);
    live_as(2);
    workers_show(WORKER_READY, "");
    fake_clock_advance(WORKER_PROVEN_MS - 1);
    assert_int_equal(deaths_of(2), 4);
    fake_clock_advance(1);
    assert_int_equal(deaths_of(2), 0);
}

static void that_a_worker_was_ready_is_not_forgotten(void **state)
{
    (void)state;
    assert_false(workers_was_ready(2));
    live_as(2);
    assert_false(workers_was_ready(2));
    workers_show(WORKER_READY, "");
    workers_mark_down(2, 1);
    assert_true(workers_was_ready(2));
}

/* Prometheus's own check of a page wants both lines before each family, once. */
static void every_metric_has_its_head_once(void **state)
{
    (void)state;
    size_t length;
    char *rest;
    char *page = workers_print_metrics(&length);
    char *copy = strdup(page);
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char head[128];
        if (line[0] == '#')
            continue;
        (void)snprintf(head, sizeof(head), "# TYPE %.*s ", (int)strcspn(line, "{ "), line);
        const char *found = strstr(page, head);
        if (!found || strstr(found + 1, head))
            fail_msg("\"%s\" does not stand there once, before %s", head, line);
    }
    free(copy);
    free(page);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(worker_is_down_before_it_starts, set_up),
        cmocka_unit_test_setup(worker_is_what_it_showed_last, set_up),
        cmocka_unit_test_setup(reason_is_told_while_it_is_not_ready, set_up),
        cmocka_unit_test_setup(long_reason_is_cut, set_up),
        cmocka_unit_test_setup(worker_that_turns_no_more_is_silent, set_up),
        cmocka_unit_test_setup(worker_does_not_find_itself_silent, set_up),
        cmocka_unit_test_setup(counters_and_gauges_are_summed, set_up),
        cmocka_unit_test_setup(link_is_up_where_all_say_so, set_up),
        cmocka_unit_test_setup(dead_worker_has_no_connections_but_has_counted, set_up),
        cmocka_unit_test_setup(successor_counts_on, set_up),
        cmocka_unit_test_setup(successor_knows_whom_it_follows, set_up),
        cmocka_unit_test_setup(deaths_are_told_until_a_life_was_long, set_up),
        cmocka_unit_test_setup(that_a_worker_was_ready_is_not_forgotten, set_up),
        cmocka_unit_test_setup(every_metric_has_its_head_once, set_up),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "worker_page");
}
