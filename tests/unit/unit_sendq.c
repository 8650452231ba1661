/*
 * Tests of sendq: order, the limit, and that references are given back.
 */
#include "sendq.h"

#include "batch.h"
#include "slice.h"
#include "unit.h"

#include <string.h>

enum { NO_LIMIT = 1 << 30, FRAME_HEADER_BYTES = 2 };

static struct sendq *queue;

static int set_up(void **state)
{
    (void)state;
    queue = sendq_create();
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
    struct batch *batch = batch_create();
    batch_append_text(batch, &part, 1);
    return batch;
}

static void push_new(size_t bytes)
{
    struct batch *batch = batch_of(bytes);
    assert_true(sendq_push(queue, batch, NO_LIMIT));
    batch_unref(batch);
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
        sendq_pop(queue);
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
    sendq_pop(queue);
    assert_int_equal(sendq_bytes(queue), 20);
}

static void exactly_the_limit_is_taken(void **state)
{
    (void)state;
    struct batch *batch = batch_of(50);
    assert_true(sendq_push(queue, batch, 50));
    batch_unref(batch);
}

static void over_limit_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct batch *batch = batch_of(50);
    push_new(10);
    assert_false(sendq_push(queue, batch, 59));
    assert_int_equal(sendq_bytes(queue), 10);
    assert_int_equal(batch_length(sendq_first(queue)), 10);
    assert_true(is_mine_alone(batch));
}

static void there_is_room_again_after_a_pop(void **state)
{
    (void)state;
    struct batch *batch = batch_of(50);
    push_new(50);
    sendq_pop(queue);
    assert_true(sendq_push(queue, batch, 50));
    batch_unref(batch);
}

static void queue_holds_a_reference_of_its_own(void **state)
{
    (void)state;
    struct batch *batch = batch_of(10);
    assert_true(sendq_push(queue, batch, NO_LIMIT));
    assert_false(is_mine_alone(batch));
}

static void popped_reference_is_given_back(void **state)
{
    (void)state;
    struct batch *batch = batch_of(10);
    assert_true(sendq_push(queue, batch, NO_LIMIT));
    sendq_pop(queue);
    assert_true(is_mine_alone(batch));
}

static void destroyed_queue_gives_its_references_back(void **state)
{
    (void)state;
    struct sendq *other = sendq_create();
    struct batch *batch = batch_of(10);
    assert_true(sendq_push(other, batch, NO_LIMIT));
    sendq_destroy(other);
    assert_true(is_mine_alone(batch));
}

static void same_batch_may_wait_twice(void **state)
{
    (void)state;
    struct batch *batch = batch_of(10);
    assert_true(sendq_push(queue, batch, NO_LIMIT));
    assert_true(sendq_push(queue, batch, NO_LIMIT));
    sendq_pop(queue);
    sendq_pop(queue);
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
        sendq_pop(queue);
        next_out++;
    }
    while (next_in < 120)
        push_new(next_in++);
    for (; next_out < 120; next_out++) {
        assert_int_equal(batch_length(sendq_first(queue)), next_out);
        sendq_pop(queue);
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
        TEST(exactly_the_limit_is_taken),
        TEST(over_limit_is_refused_and_changes_nothing),
        TEST(there_is_room_again_after_a_pop),
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
