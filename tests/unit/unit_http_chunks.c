/*
 * Tests of http_chunks: bodies in chunks, in pieces of any length.
 */
#include "http_chunks.h"

#include "mem.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const struct row {
    const char *name;
    const char *text;
    const char *data; /* NULL: it is refused */
    size_t taken;     /* octets of the text */
} rows[] = {
    {"one_chunk", "5\r\nhello\r\n0\r\n\r\n", "hello", 15},
    {"several_chunks", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello", 20},
    {"no_data", "0\r\n\r\n", "", 5},
    {"size_in_capitals", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", 20},
    {"size_with_zeros_before_it", "0002\r\nhi\r\n000\r\n\r\n", "hi", 17},
    {"extensions_are_passed_over", "2;a=b\r\nhi\r\n0;c\r\n\r\n", "hi", 18},
    {"trailers_are_passed_over", "2\r\nhi\r\n0\r\nA: b\r\nC: d\r\n\r\n", "hi", 24},
    {"what_comes_behind_is_left", "2\r\nhi\r\n0\r\n\r\nGET /", "hi", 12},
    {"no_size_is_refused", "\r\nhi\r\n", NULL, 0},
    {"letter_that_is_no_digit_is_refused", "g\r\n", NULL, 0},
    {"minus_is_refused", "-1\r\n", NULL, 0},
    {"line_feed_alone_is_refused", "2\nhi\r\n0\r\n\r\n", NULL, 0},
    {"longer_data_than_said_is_refused", "2\r\nhiho\r\n0\r\n\r\n", NULL, 0},
    {"size_beyond_reason_is_refused", "fffffffffffffffff\r\n", NULL, 0},
};

/* All in pieces of so many octets. */
static void read_in_pieces(const struct row *row, size_t piece)
{
    struct http_chunks chunks = {0};
    char data[64] = "";
    size_t length = 0;
    size_t taken = 0;
    size_t whole = strlen(row->text);
    bool is_refused = false;
    while (taken < whole && !chunks.is_over && !is_refused) {
        char part[64];
        size_t carried = 0;
        size_t count = whole - taken < piece ? whole - taken : piece;
        memcpy(part, row->text + taken, count);
        int64_t some = http_chunks_take(&chunks, part, count, &carried);
        is_refused = some < 0;
        if (is_refused)
            break;
        memcpy(data + length, part, carried);
        length += carried;
        taken += (size_t)some;
    }
    assert_int_equal(is_refused, row->data == NULL);
    if (is_refused)
        return;
    assert_true(chunks.is_over);
    assert_int_equal(taken, row->taken);
    data[length] = '\0';
    assert_string_equal(data, row->data);
}

static void is_read_in_pieces_of_any_length(void **state)
{
    for (size_t piece = 1; piece <= 32; piece++)
        read_in_pieces(*state, piece);
}

static void trailers_have_an_end(void **state)
{
    struct http_chunks chunks = {0};
    char *text = mem_alloc(10000);
    size_t carried;
    (void)state;
    memset(text, 'x', 10000);
    memcpy(text, "0\r\n", 3);
    assert_int_equal(http_chunks_take(&chunks, text, 10000, &carried), -1);
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(trailers_have_an_end)};
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, rows, is_read_in_pieces_of_any_length);
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "http_chunks");
}
