/*
 * Unit tests of json_check: JSON is told from what is none.
 */
#include "json_check.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

struct row {
    const char *name;
    const char *text;
    bool is_valid;
};

static const struct row rows[] = {
    {"object", "{\"a\":1,\"b\":[true,false,null]}", true},
    {"empty_object", "{}", true},
    {"empty_array_with_a_blank", "[ ]", true},
    {"text", "\"hello\"", true},
    {"number", "-12.5e+3", true},
    {"zero", "0", true},
    {"word", "null", true},
    {"blanks_around", " \t\r\n{ \"a\" : 1 , \"b\" : 2 } \n", true},
    {"escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", true},
    {"half_an_emoji_as_an_escape", "\"\\ud83d\"", true},
    {"large_integer", "123456789012345678901234567890", true},
    {"large_exponent", "1e400", true},
    {"utf8", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", true},
    {"same_key_twice", "{\"a\":1,\"a\":2}", true},
    {"nothing", "", false},
    {"blanks_alone", "  ", false},
    {"two_values", "1 2", false},
    {"word_of_no_json", "nul", false},
    {"word_with_a_tail", "nulls", false},
    {"plain_text", "hello", false},
    {"object_that_does_not_end", "{\"a\":1", false},
    {"array_that_does_not_end", "[1,2", false},
    {"text_that_does_not_end", "\"abc", false},
    {"comma_at_the_end_of_an_array", "[1,]", false},
    {"comma_at_the_end_of_an_object", "{\"a\":1,}", false},
    {"key_without_a_value", "{\"a\"}", false},
    {"key_without_quotes", "{a:1}", false},
    {"value_without_a_key", "{1}", false},
    {"brackets_that_do_not_match", "[1}", false},
    {"bracket_that_closes_nothing", "]", false},
    {"control_character_in_a_text", "\"a\nb\"", false},
    {"unknown_escape", "\"\\x41\"", false},
    {"short_escape", "\"\\u12\"", false},
    {"escape_at_the_end", "\"\\", false},
    {"leading_zero", "01", false},
    {"minus_alone", "-", false},
    {"point_without_digits", "1.", false},
    {"exponent_without_digits", "1e", false},
    {"plus_in_front", "+1", false},
    {"latin1", "\"\xe9\"", false},
    {"overlong", "\"\xc0\xaf\"", false},
    {"surrogate_in_utf8", "\"\xed\xa0\xbd\"", false},
    {"epoch_with_a_quote", "\"}]x\"}", false},
};

/* In a block of just that size: reading past the end is noticed. */
static bool check(const char *text, size_t length)
{
    char *block = malloc(length + 1);
    memcpy(block, text, length);
    char *exact = realloc(block, length > 0 ? length : 1);
    bool is_valid = json_is_valid(exact, length);
    free(exact);
    return is_valid;
}

static void text_is_judged(void **state)
{
    const struct row *row = *state;
    assert_int_equal(check(row->text, strlen(row->text)), row->is_valid);
}

static void zero_octet_is_no_json(void **state)
{
    (void)state;
    assert_false(check("\"a\0b\"", 5));
    assert_false(check("{}\0", 3));
    assert_false(check("\"\\\0\"", 4));
}

static void start_of_a_value_is_no_value(void **state)
{
    static const char whole[] = "{\"a\":[-1.5e3,\"\\u00e9\xc3\xa9\",{\"b\":true}]}";
    (void)state;
    for (size_t length = 0; length < sizeof(whole) - 1; length++)
        assert_false(check(whole, length));
    assert_true(check(whole, sizeof(whole) - 1));
}

static bool is_valid_nested(size_t depth)
{
    char *text = malloc(2 * depth);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    bool is_valid = json_is_valid(text, 2 * depth);
    free(text);
    return is_valid;
}

static void depth_is_limited(void **state)
{
    (void)state;
    assert_true(is_valid_nested(JSON_DEPTH_MAX));
    assert_false(is_valid_nested(JSON_DEPTH_MAX + 1));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_octet_is_no_json),
        cmocka_unit_test(start_of_a_value_is_no_value),
        cmocka_unit_test(depth_is_limited),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, rows, text_is_judged);
    return unit_run(&suite, "json_check");
}
