/*
 * Unit tests of the log: lines are whole whatever is in them, and nobody waits for a reader.
 */
#include "log.h"

#include "log_sink.h"
#include "metrics.h"
#include "unit.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE_BYTES = 1 << 16 };

static int reader;
static int shared; /* the end of the pipe that whoever started us writes to, too */
static char page[PAGE_BYTES + 1];

/* Standard error is a pipe while the log's first line is written, when it opens it anew. */
static int set_up(void **state)
{
    int ends[2];
    (void)state;
    int stderr_before = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    reader = ends[0];
    shared = ends[1];
    assert_int_equal(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
    assert_true(dup2(shared, STDERR_FILENO) >= 0);
    log_event(started, kv_int("i", 0));
    (void)dup2(stderr_before, STDERR_FILENO);
    close(stderr_before);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(shared);
    close(reader);
    return 0;
}

/* All that was logged since the last time. */
static const char *read_all(void)
{
    size_t length = 0;
    ssize_t got;
    while (length < PAGE_BYTES && (got = read(reader, page + length, PAGE_BYTES - length)) > 0)
        length += (size_t)got;
    page[length] = '\0';
    return page;
}

/* The line's value of "text" as JSON has it; fails where the line is no JSON. *new* */
static char *logged_as_json(const char *text)
{
    json_error_t problem;
    (void)read_all();
    log_configure(LOG_INFO, LOG_JSON);
    log_event(ready, kv_str("text", text), kv_int("after", 1));
    log_configure(LOG_INFO, LOG_LOGFMT);
    json_t *line = json_loads(read_all(), 0, &problem);
    if (!line)
        fail_msg("%s: %s", problem.text, page);
    char *value = strdup(json_string_value(json_object_get(line, "text")));
    assert_int_equal(json_integer_value(json_object_get(line, "after")), 1);
    json_decref(line);
    return value;
}

static void expect_json(const char *text, const char *expected)
{
    char *value = logged_as_json(text);
    assert_string_equal(value, expected);
    free(value);
}

static void value_is_cut_at_a_character(void **state)
{
    (void)state;
    char text[600];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'a', shift);
        for (size_t i = shift; i + 4 < sizeof(text); i += 4)
            memcpy(text + i, "\xf0\x9f\x98\x80", 5);
        char *value = logged_as_json(text);
        assert_true(strlen(value) <= 512 && strlen(value) > 500);
        assert_memory_equal(value, text, strlen(value));
        free(value);
    }
}

static void what_is_no_utf8_is_said_to_be_none(void **state)
{
    (void)state;
    expect_json("a\xff"
                "b\xc3",
                "a\xef\xbf\xbd"
                "b\xef\xbf\xbd");
}

static void control_characters_are_escaped(void **state)
{
    (void)state;
    expect_json("\x01\n\"\\\x7f\xc2\x9b", "\x01\n\"\\\x7f\xc2\x9b");
    assert_non_null(strstr(page, "\\u007f\\u009b"));
}

static void long_line_is_cut_and_closed(void **state)
{
    (void)state;
    static char text[513];
    json_error_t problem;
    (void)read_all();
    log_configure(LOG_INFO, LOG_JSON);
    for (size_t length = 400; length <= 512; length++) {
        memset(text, '"', length); /* twice as long in JSON */
        text[length] = '\0';
        log_event(draining, kv_str("a", text), kv_str("b", text), kv_str("c", text),
                  kv_str("d", text), kv_str("e", text), kv_str("f", text), kv_int("g", 1));
        json_t *line = json_loads(read_all(), 0, &problem);
        if (!line)
            fail_msg("%zu: %s: %s", length, problem.text, page);
        assert_true(strlen(page) <= LOG_LINE_BYTES_MAX);
        json_decref(line);
    }
    log_configure(LOG_INFO, LOG_LOGFMT);
}

static void reader_that_stands_still_loses_lines_and_is_told(void **state)
{
    (void)state;
    (void)read_all();
    metrics.log_lines_lost_total = 0;
    for (int i = 0; i < 10000; i++) /* more than any pipe holds */
        log_event(redis_up, kv_int("i", i));
    int64_t lost = metrics.log_lines_lost_total;
    assert_true(lost > 0 && lost < 10000);
    while (*read_all())
        assert_true(page[strlen(page) - 1] == '\n');
    log_event(stopped, kv_int("i", 0));
    char said[64];
    (void)snprintf(said, sizeof(said), "event=log_lines_lost lines=%d\n", (int)lost);
    assert_non_null(strstr(read_all(), said));
    assert_non_null(strstr(page, "event=stopped"));
    assert_int_equal(metrics.log_lines_lost_total, lost);
}

static void open_file_of_others_stays_as_it_is(void **state)
{
    (void)state;
    log_event(started, kv_int("i", 0));
    assert_int_equal(fcntl(shared, F_GETFL) & O_NONBLOCK, 0);
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(value_is_cut_at_a_character),
        TEST(what_is_no_utf8_is_said_to_be_none),
        TEST(control_characters_are_escaped),
        TEST(long_line_is_cut_and_closed),
        TEST(reader_that_stands_still_loses_lines_and_is_told),
        TEST(open_file_of_others_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
