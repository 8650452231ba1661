/*
 * Tests of text: UTF-8, control characters, numbers, JSON strings.
 */
#include "text.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------------------- UTF-8 */

static const struct utf8_row {
    const char *name;
    const char *bytes;
    bool is_utf8;
} utf8_rows[] = {
    {"utf8_nothing_is_good", "", true},
    {"utf8_ascii_is_good", "hello ~\x7f", true},
    {"utf8_control_characters_are_good", "\x01\t\n\x1f", true},
    {"utf8_first_of_two_octets_is_good", "\xc2\x80", true},
    {"utf8_last_of_two_octets_is_good", "\xdf\xbf", true},
    {"utf8_first_of_three_octets_is_good", "\xe0\xa0\x80", true},
    {"utf8_last_before_the_surrogates_is_good", "\xed\x9f\xbf", true},
    {"utf8_first_after_the_surrogates_is_good", "\xee\x80\x80", true},
    {"utf8_noncharacter_u_ffff_is_good", "\xef\xbf\xbf", true},
    {"utf8_first_of_four_octets_is_good", "\xf0\x90\x80\x80", true},
    {"utf8_u_10ffff_is_good", "\xf4\x8f\xbf\xbf", true},
    {"utf8_mixture_is_good", "a\xc3\xa9z\xe2\x82\xac \xf0\x9f\x98\x80!", true},
    {"utf8_continuation_alone_is_bad", "\x80", false},
    {"utf8_last_continuation_alone_is_bad", "a\xbf", false},
    {"utf8_overlong_slash_in_two_is_bad", "\xc0\xaf", false},
    {"utf8_overlong_u_7f_in_two_is_bad", "\xc1\xbf", false},
    {"utf8_overlong_in_three_is_bad", "\xe0\x9f\xbf", false},
    {"utf8_overlong_in_four_is_bad", "\xf0\x8f\xbf\xbf", false},
    {"utf8_first_surrogate_is_bad", "\xed\xa0\x80", false},
    {"utf8_last_surrogate_is_bad", "\xed\xbf\xbf", false},
    {"utf8_surrogate_pair_is_bad", "\xed\xa0\xbd\xed\xb8\x80", false},
    {"utf8_u_110000_is_bad", "\xf4\x90\x80\x80", false},
    {"utf8_first_octet_f5_is_bad", "\xf5\x80\x80\x80", false},
    {"utf8_five_octets_are_bad", "\xf8\x88\x80\x80\x80", false},
    {"utf8_six_octets_are_bad", "\xfc\x84\x80\x80\x80\x80", false},
    {"utf8_octet_fe_is_bad", "\xfe", false},
    {"utf8_octet_ff_is_bad", "\xff", false},
    {"utf8_two_octets_cut_are_bad", "a\xc3", false},
    {"utf8_three_octets_cut_after_one_are_bad", "\xe2", false},
    {"utf8_three_octets_cut_after_two_are_bad", "\xe2\x82", false},
    {"utf8_four_octets_cut_after_three_are_bad", "\xf0\x9f\x98", false},
    {"utf8_second_octet_missing_is_bad", "\xc3(", false},
    {"utf8_third_octet_missing_is_bad", "\xe2\x82(", false},
    {"utf8_fourth_octet_missing_is_bad", "\xf0\x9f\x98(", false},
    {"utf8_bad_octet_after_many_good_is_bad", "hello, hello, hello, hello \xff", false},
    {"utf8_latin_1_is_bad", "caf\xe9", false},
};

/* In a heap block of just that size: reading past the end is noticed. */
static void utf8_is_judged(void **state)
{
    const struct utf8_row *row = *state;
    size_t length = strlen(row->bytes);
    char *exact = malloc(length > 0 ? length : 1);
    memcpy(exact, row->bytes, length);
    bool is_utf8 = text_is_utf8(exact, length);
    free(exact);
    assert_int_equal(is_utf8, row->is_utf8);
}

static void utf8_zero_octet_is_good(void **state)
{
    (void)state;
    assert_true(text_is_utf8("a\0b", 3));
}

/* Every code point there is, encoded by the book. */
static void utf8_every_code_point_is_judged(void **state)
{
    (void)state;
    for (uint32_t point = 0x800; point <= 0x1fffff; point++) {
        unsigned char octets[4];
        size_t length = point < 0x10000 ? 3 : 4;
        for (size_t i = 0; i < length; i++)
            octets[i] = (unsigned char)(0x80 | (point >> (6 * (length - 1 - i)) & 0x3f));
        octets[0] = (unsigned char)(length == 3 ? 0xe0 | point >> 12 : 0xf0 | point >> 18);
        bool is_good = point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
        if (text_is_utf8(octets, length) != is_good)
            fail_msg("U+%04X", point);
    }
}

/* ------------------------------------------------------------------- control characters */

static const struct control_row {
    const char *name;
    const char *text;
    bool has_control;
} control_rows[] = {
    {"control_nothing_has_none", "", false},
    {"control_text_has_none", "hello world ~", false},
    {"control_utf8_has_none", "caf\xc3\xa9", false},
    {"control_newline_is_one", "a\nb", true},
    {"control_tab_is_one", "\t", true},
    {"control_u_1f_is_one", "a\x1f", true},
    {"control_delete_is_one", "a\x7f", true},
};

static void control_characters_are_found(void **state)
{
    const struct control_row *row = *state;
    assert_int_equal(text_has_control(row->text, strlen(row->text)), row->has_control);
}

static void control_zero_octet_is_one(void **state)
{
    (void)state;
    assert_true(text_has_control("a\0b", 3));
}

/* ------------------------------------------------------------------------------ numbers */

static const struct int_row {
    const char *name;
    const char *text;
    int64_t min;
    int64_t max;
    bool is_int;
    int64_t number;
} int_rows[] = {
    {"int_zero", "0", 0, 10, true, 0},
    {"int_smallest_allowed", "-5", -5, 10, true, -5},
    {"int_largest_allowed", "10", -5, 10, true, 10},
    {"int_leading_zeros_are_decimal", "010", 0, 10, true, 10},
    {"int_largest_there_is", "9223372036854775807", 0, INT64_MAX, true, INT64_MAX},
    {"int_smallest_there_is", "-9223372036854775808", INT64_MIN, 0, true, INT64_MIN},
    {"int_below_the_smallest_is_none", "-6", -5, 10, false, 0},
    {"int_above_the_largest_is_none", "11", -5, 10, false, 0},
    {"int_too_long_is_none", "9223372036854775808", 0, INT64_MAX, false, 0},
    {"int_far_too_long_is_none", "99999999999999999999999", 0, INT64_MAX, false, 0},
    {"int_nothing_is_none", "", 0, 10, false, 0},
    {"int_minus_alone_is_none", "-", -5, 10, false, 0},
    {"int_two_minuses_are_none", "--5", -5, 10, false, 0},
    {"int_plus_is_none", "+5", 0, 10, false, 0},
    {"int_leading_blank_is_none", " 5", 0, 10, false, 0},
    {"int_blank_after_minus_is_none", "- 5", -5, 10, false, 0},
    {"int_trailing_blank_is_none", "5 ", 0, 10, false, 0},
    {"int_trailing_letter_is_none", "5s", 0, 10, false, 0},
    {"int_fraction_is_none", "5.0", 0, 10, false, 0},
    {"int_hexadecimal_is_none", "0x5", 0, 10, false, 0},
    {"int_word_is_none", "five", 0, 10, false, 0},
};

static void int_is_read(void **state)
{
    const struct int_row *row = *state;
    int64_t number = -77;
    assert_int_equal(text_to_int(row->text, row->min, row->max, &number), row->is_int);
    assert_int_equal(number, row->is_int ? row->number : -77); /* untouched on failure */
}

/* --------------------------------------------------------------------------------- JSON */

static const struct json_row {
    const char *name;
    const char *text;
    const char *json;
} json_rows[] = {
    {"json_nothing_is_two_quotes", "", "\"\""},
    {"json_text_stays", "hello /", "\"hello /\""},
    {"json_quote_is_escaped", "say \"a\"", "\"say \\\"a\\\"\""},
    {"json_backslash_is_escaped", "a\\b", "\"a\\\\b\""},
    {"json_newline_is_escaped", "a\nb", "\"a\\u000ab\""},
    {"json_all_controls_fit", "\x01\x02\x03\x04\x1f",
     "\"\\u0001\\u0002\\u0003\\u0004\\u001f\""},
    {"json_utf8_stays", "caf\xc3\xa9", "\"caf\xc3\xa9\""},
};

static void json_string_is_written(void **state)
{
    const struct json_row *row = *state;
    char *json = text_to_json(row->text);
    assert_string_equal(json, row->json);
    free(json);
}

static void numbers_are_printed_as_printf_does(void **state)
{
    static const int64_t numbers[] = {0, 7, -7, 10, 1234567890123, -1, INT64_MAX, INT64_MIN};
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(numbers); i++) {
        char printed[TEXT_INT_BYTES];
        char expected[TEXT_INT_BYTES];
        int length = snprintf(expected, sizeof(expected), "%lld", (long long)numbers[i]);
        assert_int_equal(text_print_int(printed, numbers[i]), length);
        assert_string_equal(printed, expected);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_zero_octet_is_good),
        cmocka_unit_test(utf8_every_code_point_is_judged),
        cmocka_unit_test(control_zero_octet_is_one),
        cmocka_unit_test(numbers_are_printed_as_printf_does),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, utf8_rows, utf8_is_judged);
    UNIT_ADD_ROWS(&suite, control_rows, control_characters_are_found);
    UNIT_ADD_ROWS(&suite, int_rows, int_is_read);
    UNIT_ADD_ROWS(&suite, json_rows, json_string_is_written);
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "text");
}
