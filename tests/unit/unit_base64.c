/*
 * Tests of base64: octets from text, in both alphabets, and texts that are none.
 */
#include "base64.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const struct row {
    const char *name;
    enum base64_kind kind;
    const char *text;
    const char *octets; /* NULL: it is none */
} rows[] = {
    {"nothing_is_nothing", BASE64_STANDARD, "", ""},
    {"one_octet_is_padded_twice", BASE64_STANDARD, "Zg==", "f"},
    {"two_octets_are_padded_once", BASE64_STANDARD, "Zm8=", "fo"},
    {"three_octets_are_not_padded", BASE64_STANDARD, "Zm9v", "foo"},
    {"standard_has_plus_and_slash", BASE64_STANDARD, "+/+/", "\xfb\xff\xbf"},
    {"standard_has_no_minus", BASE64_STANDARD, "-_-_", NULL},
    {"missing_padding_is_refused", BASE64_STANDARD, "Zg", NULL},
    {"too_much_padding_is_refused", BASE64_STANDARD, "Z===", NULL},
    {"padding_alone_is_refused", BASE64_STANDARD, "====", NULL},
    {"padding_in_the_middle_is_refused", BASE64_STANDARD, "Zg==Zm9v", NULL},
    {"blank_is_refused", BASE64_STANDARD, "Zm 9v", NULL},
    {"bits_left_over_are_refused", BASE64_STANDARD, "Zh==", NULL},
    {"url_needs_no_padding", BASE64_URL, "Zg", "f"},
    {"url_takes_no_padding", BASE64_URL, "Zg==", NULL},
    {"url_has_minus_and_underline", BASE64_URL, "-_-_", "\xfb\xff\xbf"},
    {"url_has_no_plus", BASE64_URL, "+/+/", NULL},
    {"one_letter_is_no_octet", BASE64_URL, "Z", NULL},
};

static void text_is_decoded_or_refused(void **state)
{
    const struct row *row = *state;
    unsigned char *bytes = NULL;
    size_t length = 0;
    bool is_decoded = base64_decode(row->kind, row->text, strlen(row->text), &bytes, &length);
    assert_int_equal(is_decoded, row->octets != NULL);
    if (row->octets) {
        assert_int_equal(length, strlen(row->octets));
        assert_memory_equal(bytes, row->octets, length);
    }
    free(bytes);
}

int main(void)
{
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, rows, text_is_decoded_or_refused);
    return unit_run(&suite, "base64");
}
