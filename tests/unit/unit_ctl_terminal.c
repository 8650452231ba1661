/*
 * Tests of ctl_terminal: nothing reaches a terminal that it would obey.
 */
#include "ctl_terminal.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const struct row {
    const char *name;
    const char *bytes;
    size_t length;
    const char *shown;
} rows[] = {
    {"plain_text_is_itself", "ann \\ \"b\" 'c'", 13, "ann \\ \"b\" 'c'"},
    {"letters_beyond_ascii_are_themselves", "\xc3\xa4\xe6\x97\xa5", 5, "\xc3\xa4\xe6\x97\xa5"},
    {"combining_marks_are_themselves", "e\xcc\x81", 3, "e\xcc\x81"},
    {"escape_is_shown", "\x1b[2J", 4, "\\x1b[2J"},
    {"newline_is_shown", "a\nb", 3, "a\\x0ab"},
    {"delete_is_shown", "\x7f", 1, "\\x7f"},
    {"zero_octet_is_shown", "a\0b", 3, "a\\x00b"},
    {"eight_bit_control_is_shown", "\xc2\x9b", 2, "\\u{9b}"},
    {"turn_of_direction_is_shown", "\xe2\x80\xae", 3, "\\u{202e}"},
    {"zero_width_space_is_shown", "\xe2\x80\x8b", 3, "\\u{200b}"},
    {"tags_are_shown", "\xf3\xa0\x81\x81", 4, "\\u{e0041}"},
    {"octets_that_are_no_character_are_shown", "\xff\xc3", 2, "\\xff\\xc3"},
    {"overlong_form_is_shown", "\xc0\x9b", 2, "\\xc0\\x9b"},
    {"surrogate_is_shown", "\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},
    {"character_cut_at_the_end_is_shown", "a\xe6\x97", 3, "a\\xe6\\x97"},
    {"nothing_is_nothing", "", 0, ""},
};

static void row_is_shown(void **state)
{
    const struct row *row = *state;
    char *shown = terminal_text(row->bytes, row->length);
    assert_string_equal(shown, row->shown);
    free(shown);
}

static void width_counts_columns(void **state)
{
    (void)state;
    assert_int_equal(terminal_width("ann"), 3);
    assert_int_equal(terminal_width("\xe6\x97\xa5"), 2); /* a wide one */
    assert_int_equal(terminal_width("e\xcc\x81"), 1);    /* a mark on it */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(width_counts_columns),
    };
    struct unit_suite suite = {.count = 0};
    terminal_init();
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, rows, row_is_shown);
    return unit_run(&suite, "ctl_terminal");
}
