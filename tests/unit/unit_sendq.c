/*
 * Tests of sendq: order, the limit, and that references are given back.
 */
#include "sendq.h"

#include "batch.h"
#include "metrics.h"
#include "slice.h"
#include "unit.h"
#include "ws_framing.h"

#include <string.h>

enum { NO_LIMIT = 1 << 30, FRAME_HEADER_BYTES = 2 };

static struct sendq_list list;
static struct sendq *queue;
static int owner;

static int set_up(void **state)
{
    (void)state;
    queue = sendq_create(&list, &owner);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sendq_destroy(queue);
    return 0;
}

/* A batch of that many bytes, 2 to 127. */
static struct batch *batch_of(size_t bytes)
{
    static const char zeros[128];
    struct slice part = {zeros, bytes - FRAME_HEADER_BYTES};
    struct batch *batch = batch_create(&ws_framing);
    batch_append_text(batch, &part, 1);
    return batch;
}

static void push_new(size_t bytes)
{
    struct batch *batch = batch_of(bytes);
    assert_true(sendq_push(queue, batch, 0, NO_LIMIT));
    batch_unref(batch);
}

static void take_first(void)
{
    size_t length;
    (void)sendq_rest(queue, &length);
    sendq_take(queue, length);
}

/* Is it held by the test alone? Gives its reference up. */
static bool is_mine_alone(struct batch *batch)
{
    struct batch *renewed = batch_renew(batch);
    bool is_same = renewed == batch;
    batch_unref(renewed);
    return is_same;
}

static void new_queue_is_empty(void **state)
{
    (void)state;
    assert_null(sendq_first(queue));
    assert_int_equal(sendq_bytes(queue), 0);
}

static void batches_come_out_in_the_order_they_went_in(void **state)
{
    (void)state;
    for (size_t bytes = 10; bytes < 15; bytes++)
        push_new(bytes);
    for (size_t bytes = 10; bytes < 15; bytes++) {
        assert_int_equal(batch_length(sendq_first(queue)), bytes);
        take_first();
    }
}

static void first_is_not_taken_out_by_looking(void **state)
{
    (void)state;
    push_new(10);
    assert_ptr_equal(sendq_first(queue), sendq_first(queue));
    assert_int_equal(sendq_bytes(queue), 10);
}

static void bytes_are_summed(void **state)
{
    (void)state;
    push_new(10);
    push_new(20);
    assert_int_equal(sendq_bytes(queue), 30);
}

static void bytes_shrink_with_each_pop(void **state)
{
    (void)state;
    push_new(10);
    push_new(20);
    take_first();
    assert_int_equal(sendq_bytes(queue), 20);
}

static void first_is_taken_whatever_its_length(void **state)
{
    (void)state;
    struct batch *batch = batch_of(50);
    assert_true(sendq_push(queue, batch, 0, 1));
    batch_unref(batch);
}

static void first_does_not_count_against_the_limit(void **state)
{
    (void)state;
    struct batch *batch = batch_of(50);
    push_new(100);
    assert_true(sendq_push(queue, batch, 0, 50));
    assert_false(sendq_push(queue, batch, 0, 99));
    assert_true(sendq_push(queue, batch, 0, 100));
    batch_unref(batch);
}

static void second_counts_when_the_first_is_out(void **state)
{
    (void)state;
    struct batch *batch = batch_of(50);
    push_new(100);
    push_new(50);
    take_first();
    assert_false(sendq_push(queue, batch, 0, 99));
    assert_true(sendq_push(queue, batch, 0, 100));
    batch_unref(batch);
}

static void over_limit_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct batch *batch = batch_of(50);
    push_new(10);
    push_new(20);
    assert_false(sendq_push(queue, batch, 0, 69));
    assert_int_equal(sendq_bytes(queue), 30);
    assert_int_equal(batch_length(sendq_first(queue)), 10);
    assert_true(is_mine_alone(batch));
}

static void batch_goes_on_where_it_stopped(void **state)
{
    (void)state;
    size_t length;
    struct batch *batch = batch_of(50);
    assert_true(sendq_push(queue, batch, 20, NO_LIMIT));
    assert_int_equal(sendq_bytes(queue), 30);
    assert_ptr_equal(sendq_rest(queue, &length), batch_bytes(batch) + 20);
    assert_int_equal(length, 30);
    sendq_take(queue, 10);
    assert_ptr_equal(sendq_rest(queue, &length), batch_bytes(batch) + 30);
    assert_int_equal(length, 20);
    assert_int_equal(sendq_bytes(queue), 20);
    sendq_take(queue, 20);
    assert_null(sendq_first(queue));
    assert_int_equal(sendq_bytes(queue), 0);
    assert_true(is_mine_alone(batch));
}

static void batch_in_several_queues_counts_once(void **state)
{
    (void)state;
    int64_t before = metrics.backlog_bytes;
    struct sendq *other = sendq_create(&list, &owner);
    struct batch *batch = batch_of(50);
    assert_true(sendq_push(queue, batch, 20, NO_LIMIT));
    assert_true(sendq_push(other, batch, 0, NO_LIMIT));
    assert_int_equal(metrics.backlog_bytes - before, 50);
    take_first();
    assert_int_equal(metrics.backlog_bytes - before, 50);
    sendq_destroy(other);
    assert_int_equal(metrics.backlog_bytes, before);
    batch_unref(batch);
}

static void longest_is_found(void **state)
{
    (void)state;
    int other_owner;
    struct sendq *other = sendq_create(&list, &other_owner);
    push_new(10);
    assert_ptr_equal(sendq_owner(sendq_longest(&list)), &owner);
    struct batch *batch = batch_of(11);
    assert_true(sendq_push(other, batch, 0, NO_LIMIT));
    assert_ptr_equal(sendq_owner(sendq_longest(&list)), &other_owner);
    push_new(10);
    assert_ptr_equal(sendq_owner(sendq_longest(&list)), &owner);
    batch_unref(batch);
    sendq_destroy(other);
}

static void oldest_of_several_that_are_as_long_is_found(void **state)
{
    (void)state;
    int other_owner;
    struct sendq *other = sendq_create(&list, &other_owner);
    assert_ptr_equal(sendq_longest(&list), queue);
    sendq_destroy(other);
}

static void there_is_no_longest_of_none(void **state)
{
    (void)state;
    assert_null(sendq_longest(&(struct sendq_list){NULL}));
}

static void queue_holds_a_reference_of_its_own(void **state)
{
    (void)state;
    struct batch *batch = batch_of(10);
    assert_true(sendq_push(queue, batch, 0, NO_LIMIT));
    assert_false(is_mine_alone(batch));
}

static void popped_reference_is_given_back(void **state)
{
    (void)state;
    struct batch *batch = batch_of(10);
    assert_true(sendq_push(queue, batch, 0, NO_LIMIT));
    take_first();
    assert_true(is_mine_alone(batch));
}

static void destroyed_queue_gives_its_references_back(void **state)
{
    (void)state;
    struct sendq *other = sendq_create(&list, &owner);
    struct batch *batch = batch_of(10);
    assert_true(sendq_push(other, batch, 0, NO_LIMIT));
    sendq_destroy(other);
    assert_true(is_mine_alone(batch));
}

static void same_batch_may_wait_twice(void **state)
{
    (void)state;
    struct batch *batch = batch_of(10);
    assert_true(sendq_push(queue, batch, 0, NO_LIMIT));
    assert_true(sendq_push(queue, batch, 0, NO_LIMIT));
    take_first();
    take_first();
    assert_true(is_mine_alone(batch));
}

/* The ring is full with its first element in the middle when it grows. */
static void order_survives_growth_of_a_ring_that_is_wound(void **state)
{
    (void)state;
    size_t next_in = 2;
    size_t next_out = 2;
    while (next_in < 7)
        push_new(next_in++);
    while (next_out < 7) {
        take_first();
        next_out++;
    }
    while (next_in < 120)
        push_new(next_in++);
    for (; next_out < 120; next_out++) {
        assert_int_equal(batch_length(sendq_first(queue)), next_out);
        take_first();
    }
}

static void nothing_is_destroyed_without_complaint(void **state)
{
    (void)state;
    sendq_destroy(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(new_queue_is_empty),
        TEST(batches_come_out_in_the_order_they_went_in),
        TEST(first_is_not_taken_out_by_looking),
        TEST(bytes_are_summed),
        TEST(bytes_shrink_with_each_pop),
        TEST(first_is_taken_whatever_its_length),
        TEST(first_does_not_count_against_the_limit),
        TEST(second_counts_when_the_first_is_out),
        TEST(over_limit_is_refused_and_changes_nothing),
        TEST(batch_goes_on_where_it_stopped),
        TEST(batch_in_several_queues_counts_once),
        TEST(longest_is_found),
        TEST(oldest_of_several_that_are_as_long_is_found),
        TEST(there_is_no_longest_of_none),
        TEST(queue_holds_a_reference_of_its_own),
        TEST(popped_reference_is_given_back),
        TEST(destroyed_queue_gives_its_references_back),
        TEST(same_batch_may_wait_twice),
        TEST(order_survives_growth_of_a_ring_that_is_wound),
        TEST(nothing_is_destroyed_without_complaint),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "sendq");
}
