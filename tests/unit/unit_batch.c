/*
 * Tests of batch: frames in their shortest form, and who holds them.
 */
#include "batch.h"

#include "frames.h"
#include "slice.h"
#include "unit.h"
#include "ws_framing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct batch *batch;

static int set_up(void **state)
{
    (void)state;
    batch = batch_create(&ws_framing);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    batch_unref(batch);
    return 0;
}

static void append(const char *text)
{
    struct slice part = {text, strlen(text)};
    batch_append_text(batch, &part, 1);
}

static void assert_next_frame(size_t *at, const char *expected)
{
    struct frame frame;
    assert_true(frames_next(batch_bytes(batch), batch_length(batch), at, &frame));
    assert_int_equal(frame.length, strlen(expected));
    assert_memory_equal(frame.payload, expected, frame.length);
}

static const struct header_row {
    const char *name;
    size_t length;
    size_t header_bytes;
    unsigned char header[10];
} header_rows[] = {
    {"empty_payload_has_a_header_of_2", 0, 2, {0x81, 0}},
    {"payload_of_1_has_a_header_of_2", 1, 2, {0x81, 1}},
    {"payload_of_125_has_a_header_of_2", 125, 2, {0x81, 125}},
    {"payload_of_126_has_a_header_of_4", 126, 4, {0x81, 126, 0, 126}},
    {"payload_of_65535_has_a_header_of_4", 65535, 4, {0x81, 126, 0xff, 0xff}},
    {"payload_of_65536_has_a_header_of_10", 65536, 10, {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}},
};

static void payload_has_its_shortest_header(void **state)
{
    const struct header_row *row = *state;
    char *payload = malloc(row->length + 1);
    struct slice part = {payload, row->length};
    memset(payload, 'x', row->length + 1);
    (void)set_up(NULL);
    batch_append_text(batch, &part, 1);
    assert_int_equal(batch_length(batch), row->header_bytes + row->length);
    assert_memory_equal(batch_bytes(batch), row->header, row->header_bytes);
    assert_memory_equal(batch_bytes(batch) + row->header_bytes, payload, row->length);
    (void)tear_down(NULL);
    free(payload);
}

static void several_parts_make_one_frame(void **state)
{
    (void)state;
    const struct slice parts[] = {{"{\"a\":", 5}, {"", 0}, {"1", 1}, {"}", 1}};
    size_t at = 0;
    batch_append_text(batch, parts, UNIT_COUNT(parts));
    assert_next_frame(&at, "{\"a\":1}");
    assert_int_equal(at, batch_length(batch));
}

static void no_parts_make_an_empty_frame(void **state)
{
    (void)state;
    size_t at = 0;
    batch_append_text(batch, NULL, 0);
    assert_next_frame(&at, "");
}

static void frames_stand_in_the_order_they_were_appended(void **state)
{
    (void)state;
    size_t at = 0;
    append("one");
    append("two");
    append("three");
    assert_next_frame(&at, "one");
    assert_next_frame(&at, "two");
    assert_next_frame(&at, "three");
}

static void messages_are_counted(void **state)
{
    (void)state;
    append("one");
    append("two");
    assert_int_equal(batch_message_count(batch), 2);
}

static void bytes_survive_growth(void **state)
{
    (void)state;
    size_t at = 0;
    char text[32];
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(text, sizeof(text), "message %d", i);
        append(text);
    }
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(text, sizeof(text), "message %d", i);
        assert_next_frame(&at, text);
    }
}

static void new_batch_is_empty(void **state)
{
    (void)state;
    assert_int_equal(batch_length(batch), 0);
    assert_int_equal(batch_message_count(batch), 0);
}

static void renewed_batch_is_kept_by_its_sole_owner(void **state)
{
    (void)state;
    append("one");
    struct batch *before = batch;
    batch = batch_renew(batch);
    assert_ptr_equal(batch, before);
}

static void renewed_batch_is_empty(void **state)
{
    (void)state;
    append("one");
    batch = batch_renew(batch);
    assert_int_equal(batch_length(batch), 0);
    assert_int_equal(batch_message_count(batch), 0);
}

static void renewed_batch_can_be_written_again(void **state)
{
    (void)state;
    size_t at = 0;
    append("one");
    batch = batch_renew(batch);
    append("two");
    assert_next_frame(&at, "two");
}

static void renewal_leaves_a_shared_batch_to_the_others(void **state)
{
    (void)state;
    size_t at = 0;
    append("one");
    struct batch *shared = batch_ref(batch);
    struct batch *mine = batch_renew(batch);
    batch = shared; /* the one reference that is left */
    assert_ptr_not_equal(mine, shared);
    assert_next_frame(&at, "one");
    batch_unref(mine);
}

static void renewal_gives_up_the_reference_to_a_shared_batch(void **state)
{
    (void)state;
    struct batch *shared = batch_ref(batch);
    batch_unref(batch_renew(batch));
    batch = batch_renew(shared); /* kept: nobody else holds it any more */
    assert_ptr_equal(batch, shared);
}

static void large_batch_gives_its_memory_back_when_renewed(void **state)
{
    (void)state;
    char *payload = calloc(1, 100000);
    struct slice part = {payload, 100000};
    batch_append_text(batch, &part, 1);
    batch = batch_renew(batch);
    assert_null(batch_bytes(batch));
    free(payload);
}

/* Texts of all lengths in which headers differ, and longer than a frame may be. */
static void ends_of_frames_are_found(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 125, 126, 65535, 65536, 3 * WS_FRAME_BYTES_MAX};
    size_t ends[UNIT_COUNT(lengths)];
    char *payload = calloc(1, 3 * WS_FRAME_BYTES_MAX);
    for (size_t i = 0; i < UNIT_COUNT(lengths); i++) {
        struct slice part = {payload, lengths[i]};
        batch_append_text(batch, &part, 1);
        ends[i] = batch_length(batch);
    }
    free(payload);
    assert_int_equal(ws_framing_frame_end(batch_bytes(batch), batch_length(batch), 0), 0);
    for (size_t i = 0, begin = 0; i + 1 < UNIT_COUNT(lengths); begin = ends[i++]) {
        size_t length = batch_length(batch);
        assert_int_equal(ws_framing_frame_end(batch_bytes(batch), length, begin + 1), ends[i]);
        assert_int_equal(ws_framing_frame_end(batch_bytes(batch), length, ends[i]), ends[i]);
    }
}

static void long_text_goes_out_in_fragments(void **state)
{
    (void)state;
    enum { LENGTH = 2 * WS_FRAME_BYTES_MAX + 5, HEADER = 10 };
    char *payload = malloc(LENGTH);
    memset(payload, 'a', WS_FRAME_BYTES_MAX);
    memset(payload + WS_FRAME_BYTES_MAX, 'b', WS_FRAME_BYTES_MAX);
    memcpy(payload + LENGTH - 5, "ccccc", 5);
    const struct slice parts[] = {{payload, 7}, {payload + 7, LENGTH - 7}};
    batch_append_text(batch, parts, 2);
    free(payload);
    const unsigned char *bytes = batch_bytes(batch);
    const unsigned char *second = bytes + HEADER + WS_FRAME_BYTES_MAX;
    const unsigned char *third = second + HEADER + WS_FRAME_BYTES_MAX;
    assert_int_equal(batch_message_count(batch), 1);
    assert_int_equal(bytes[0], 0x01);
    assert_int_equal(bytes[HEADER + WS_FRAME_BYTES_MAX - 1], 'a');
    assert_int_equal(second[0], 0x00);
    assert_int_equal(second[HEADER], 'b');
    assert_int_equal(third[0], 0x80);
    assert_int_equal(third[1], 5);
    assert_memory_equal(third + 2, "ccccc", 5);
    assert_ptr_equal(third + 7, bytes + batch_length(batch));
}

static void batch_lives_until_its_last_reference_is_given_back(void **state)
{
    (void)state;
    size_t at = 0;
    append("one");
    (void)batch_ref(batch);
    batch_unref(batch);
    assert_next_frame(&at, "one"); /* the sanitizer would object */
}

static void nothing_is_unreferenced_without_complaint(void **state)
{
    (void)state;
    batch_unref(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(several_parts_make_one_frame),
        TEST(no_parts_make_an_empty_frame),
        TEST(frames_stand_in_the_order_they_were_appended),
        TEST(messages_are_counted),
        TEST(bytes_survive_growth),
        TEST(new_batch_is_empty),
        TEST(renewed_batch_is_kept_by_its_sole_owner),
        TEST(renewed_batch_is_empty),
        TEST(renewed_batch_can_be_written_again),
        TEST(renewal_leaves_a_shared_batch_to_the_others),
        TEST(renewal_gives_up_the_reference_to_a_shared_batch),
        TEST(large_batch_gives_its_memory_back_when_renewed),
        TEST(ends_of_frames_are_found),
        TEST(long_text_goes_out_in_fragments),
        TEST(batch_lives_until_its_last_reference_is_given_back),
        TEST(nothing_is_unreferenced_without_complaint),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, header_rows, payload_has_its_shortest_header);
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "batch");
}
