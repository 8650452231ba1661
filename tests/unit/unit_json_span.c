/*
 * Tests of json_span: a value is found where it stands, and answered as it is written.
 */
#include "json_span.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* In a heap block of just that size: reading past the end is noticed. */
static char *block_of(const char *text)
{
    size_t length = strlen(text);
    char *block = malloc(length > 0 ? length : 1);
    memcpy(block, text, length);
    return block;
}

static void assert_span(struct json_span span, const char *expected)
{
    assert_int_equal(span.length, strlen(expected));
    assert_memory_equal(span.start, expected, span.length);
}

/* ------------------------------------------------------------------------------- members */

static const struct member_row {
    const char *name;
    const char *text;
    const char *key;
    const char *value; /* NULL: there is none */
} member_rows[] = {
    {"number_is_found", "{\"a\":1}", "a", "1"},
    {"negative_number_is_found", "{\"a\":-1.5e+3,\"b\":2}", "a", "-1.5e+3"},
    {"string_is_found_with_its_quotes", "{\"a\":\"x\"}", "a", "\"x\""},
    {"empty_string_is_found", "{\"a\":\"\"}", "a", "\"\""},
    {"word_is_found", "{\"a\":true,\"b\":null}", "b", "null"},
    {"object_is_found_whole", "{\"a\":{\"b\":{\"c\":[1,{}]}},\"d\":1}", "a",
     "{\"b\":{\"c\":[1,{}]}}"},
    {"list_is_found_whole", "{\"a\":[1,[2,\"]\"],{}]}", "a", "[1,[2,\"]\"],{}]"},
    {"second_member_is_found", "{\"a\":1,\"b\":2}", "b", "2"},
    {"member_after_a_nested_one_of_its_name_is_found", "{\"x\":{\"a\":1},\"a\":2}", "a", "2"},
    {"nested_member_is_not_found", "{\"x\":{\"a\":1}}", "a", NULL},
    {"name_in_a_string_is_not_found", "{\"x\":\"{\\\"a\\\":1}\"}", "a", NULL},
    {"bracket_in_a_string_ends_nothing", "{\"a\":{\"x\":\"}\"},\"b\":2}", "b", "2"},
    {"escaped_quote_ends_no_string", "{\"a\":\"x\\\"y\",\"b\":2}", "a", "\"x\\\"y\""},
    {"escaped_backslash_ends_a_string", "{\"a\":\"x\\\\\",\"b\":2}", "b", "2"},
    {"comma_in_a_string_ends_nothing", "{\"a\":\"x,y\",\"b\":2}", "a", "\"x,y\""},
    {"blanks_around_are_left_out", " { \"a\" : \t1\r\n , \"b\" :\n2 } ", "a", "1"},
    {"blanks_inside_are_kept", "{\"a\": { \"x\" :\n 1 } }", "a", "{ \"x\" :\n 1 }"},
    {"blank_after_a_number_is_left_out", "{\"a\":1 }", "a", "1"},
    {"last_of_two_is_found", "{\"a\":1,\"a\":2}", "a", "2"},
    {"longer_name_is_another_one", "{\"ab\":1}", "a", NULL},
    {"shorter_name_is_another_one", "{\"a\":1}", "ab", NULL},
    {"empty_name_is_a_name", "{\"\":1}", "", "1"},
    {"empty_object_has_none", "{}", "a", NULL},
    {"empty_object_with_a_blank_has_none", "{ }", "a", NULL},
    {"name_written_with_escapes_is_not_found", "{\"\\u0061\":1}", "a", NULL},
    {"list_has_no_members", "[\"a\"]", "a", NULL},
    {"list_of_more_has_no_members", "[\"a\",1]", "a", NULL},
    {"string_has_no_members", "\"a\"", "a", NULL},
    {"number_has_no_members", "1", "a", NULL},
    {"octets_beyond_ascii_are_kept", "{\"a\":\"\xc3\xa9\",\"\xc3\xa9\":2}", "\xc3\xa9", "2"},
};

static void member_is_found_where_it_stands(void **state)
{
    const struct member_row *row = *state;
    struct json_span span = {NULL, 0};
    char *text = block_of(row->text);
    assert_int_equal(json_span_member(text, strlen(row->text), row->key, &span),
                     row->value != NULL);
    if (row->value)
        assert_span(span, row->value);
    else
        assert_null(span.start); /* untouched */
    free(text);
}

/* ------------------------------------------------------------------------------- elements */

enum { VALUES_MAX = 4 };

static const struct list_row {
    const char *name;
    const char *text;
    const char *values[VALUES_MAX + 1];
} list_rows[] = {
    {"empty_list_has_no_values", "[]", {NULL}},
    {"empty_list_with_a_blank_has_no_values", " [ ] ", {NULL}},
    {"one_value_is_answered", "[1]", {"1", NULL}},
    {"values_are_answered_in_order", "[1,\"a\",true]", {"1", "\"a\"", "true", NULL}},
    {"blanks_between_values_are_left_out", "[ 1 ,\n2\t, 3 ]", {"1", "2", "3", NULL}},
    {"nested_list_is_one_value", "[[1,2],[]]", {"[1,2]", "[]", NULL}},
    {"object_is_one_value", "[{\"a\":[1]}, {}]", {"{\"a\":[1]}", "{}", NULL}},
    {"object_is_no_list", "{\"a\":1}", {NULL}},
    {"bracket_in_a_string_is_no_end", "[\"]\",\",\"]", {"\"]\"", "\",\"", NULL}},
};

static void values_are_answered_one_by_one(void **state)
{
    const struct list_row *row = *state;
    char *text = block_of(row->text);
    struct json_span span;
    size_t cursor = 0;
    size_t count = 0;
    while (json_span_next(text, strlen(row->text), &cursor, &span)) {
        assert_non_null(row->values[count]);
        assert_span(span, row->values[count++]);
    }
    assert_null(row->values[count]);
    free(text);
}

int main(void)
{
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, member_rows, member_is_found_where_it_stands);
    UNIT_ADD_ROWS(&suite, list_rows, values_are_answered_one_by_one);
    return unit_run(&suite, "json_span");
}
