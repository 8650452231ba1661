/*
 * Tests of redis_envelope: what travels on pub/sub is understood, anything else refused.
 */
#include "redis_envelope.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define TEN      "0123456789"
#define TWENTY   TEN TEN
#define HUNDRED  TWENTY TWENTY TWENTY TWENTY TWENTY
#define USER_256 HUNDRED HUNDRED TWENTY TWENTY TEN "123456"

/* In a heap block of just that size: reading past the end is noticed. */
static bool parse(const char *text, size_t length, char **ret_block, struct envelope *envelope)
{
    *ret_block = malloc(length > 0 ? length : 1);
    memcpy(*ret_block, text, length);
    return envelope_parse(*ret_block, length, envelope);
}

static const struct good_row {
    const char *name;
    const char *text;
    enum envelope_kind kind;
    uint64_t number;
    const char *word;   /* epoch or user */
    const char *client; /* "": of a publication */
    const char *info;
    const char *payload;
} good_rows[] = {
    {"publication_is_understood", "p 7 0011223344556677 0\n{\"a\":1}", ENVELOPE_PUBLICATION, 7,
     "0011223344556677", "", "", "{\"a\":1}"},
    {"publication_with_info_is_understood", "p 7 e 7\n{\"b\":2}{\"a\":1}", ENVELOPE_PUBLICATION,
     7, "e", "", "{\"b\":2}", "{\"a\":1}"},
    {"publication_of_info_alone_is_understood", "p 7 e 7\n{\"b\":2}", ENVELOPE_PUBLICATION, 7,
     "e", "", "{\"b\":2}", ""},
    {"newlines_of_the_info_count", "p 7 e 3\n{\n}x", ENVELOPE_PUBLICATION, 7, "e", "", "{\n}",
     "x"},
    {"publication_without_a_log_is_understood", "p 0 - 0\nhello", ENVELOPE_PUBLICATION, 0, "-",
     "", "", "hello"},
    {"publication_without_a_body_is_understood", "p 1 e 0\n", ENVELOPE_PUBLICATION, 1, "e", "",
     "", ""},
    {"publication_without_an_epoch_is_understood", "p 1  0\nx", ENVELOPE_PUBLICATION, 1, "", "",
     "", "x"},
    {"newlines_of_the_body_stay", "p 1 e 0\na\nb\n", ENVELOPE_PUBLICATION, 1, "e", "", "",
     "a\nb\n"},
    {"largest_offset_is_understood", "p 9999999999999999999 e 0\nx", ENVELOPE_PUBLICATION,
     9999999999999999999u, "e", "", "", "x"},
    {"join_is_understood", "j 3 7\nalice\nc-1\n{\"userid\":\"alice\"}", ENVELOPE_JOIN, 3,
     "alice", "c-1", "{\"userid\":\"alice\"}", ""},
    {"leave_is_understood", "l 4 7\nalice\nc-1\n{}", ENVELOPE_LEAVE, 4, "alice", "c-1", "{}",
     ""},
    {"user_may_hold_blanks", "j 3 7\nalice in wonderland\nc-1\n{}", ENVELOPE_JOIN, 3,
     "alice in wonderland", "c-1", "{}", ""},
    {"user_may_be_empty", "j 3 7\n\nc-1\n{}", ENVELOPE_JOIN, 3, "", "c-1", "{}", ""},
    {"user_of_256_is_understood", "j 3 7\n" USER_256 "\nc-1\n{}", ENVELOPE_JOIN, 3, USER_256,
     "c-1", "{}", ""},
    {"client_of_256_is_understood", "j 3 7\nalice\n" USER_256 "\n{}", ENVELOPE_JOIN, 3, "alice",
     USER_256, "{}", ""},
};

static void assert_slice(struct slice slice, const char *expected)
{
    assert_int_equal(slice.length, strlen(expected));
    assert_memory_equal(slice.bytes, expected, slice.length);
}

static void envelope_is_understood(void **state)
{
    const struct good_row *row = *state;
    struct envelope envelope;
    char *block;
    assert_true(parse(row->text, strlen(row->text), &block, &envelope));
    assert_int_equal(envelope.kind, row->kind);
    assert_int_equal(envelope.number, row->number);
    assert_string_equal(row->kind == ENVELOPE_PUBLICATION ? envelope.epoch : envelope.user,
                        row->word);
    assert_slice(envelope.info, row->info);
    if (row->kind == ENVELOPE_PUBLICATION)
        assert_slice(envelope.payload, row->payload);
    else
        assert_string_equal(envelope.client, row->client);
    free(block);
}

static const struct bad_row {
    const char *name;
    const char *text;
} bad_rows[] = {
    {"nothing_is_refused", ""},
    {"kind_alone_is_refused", "p"},
    {"kind_and_blank_alone_are_refused", "p "},
    {"unknown_kind_is_refused", "x 1 e 0\nx"},
    {"capital_kind_is_refused", "P 1 e 0\nx"},
    {"other_text_is_refused", "hello"},
    {"missing_blank_is_refused", "p1 e 0\nx"},
    {"missing_offset_is_refused", "p  e 0\nx"},
    {"negative_offset_is_refused", "p -1 e 0\nx"},
    {"offset_of_20_digits_is_refused", "p 10000000000000000000 e 0\nx"},
    {"offset_of_40_digits_is_refused", "p " TWENTY TWENTY " e 0\nx"},
    {"offset_alone_is_refused", "p 1"},
    {"publication_without_epoch_is_refused", "p 1\nx"},
    {"epoch_without_an_end_is_refused", "p 1 e"},
    {"epoch_of_17_is_refused", "p 1 00112233445566778 0\nx"},
    {"publication_without_a_length_is_refused", "p 1 e\nx"},
    {"publication_with_a_blank_for_a_length_is_refused", "p 1 e \nx"},
    {"length_without_an_end_is_refused", "p 1 e 0"},
    {"length_beyond_the_text_is_refused", "p 1 e 2\nx"},
    {"length_of_19_digits_is_refused", "p 1 e 9999999999999999999\nx"},
    {"negative_length_is_refused", "p 1 e -1\nx"},
    {"join_without_client_is_refused", "j 1 7\nalice\n{}"},
    {"client_of_257_is_refused", "j 1 7\nalice\n" USER_256 "7\n{}"},
    {"join_without_user_is_refused", "j 1 7\n"},
    {"join_with_text_after_its_version_is_refused", "j 1 x\nalice\nc-1\n{}"},
    {"user_without_an_end_is_refused", "j 1 7\nalice"},
    {"user_of_257_is_refused", "j 1 7\n" USER_256 "7\nc-1\n{}"},
};

static void other_text_is_refused(void **state)
{
    const struct bad_row *row = *state;
    struct envelope envelope;
    char *block;
    assert_false(parse(row->text, strlen(row->text), &block, &envelope));
    free(block);
}

static void zero_octets_of_the_body_stay(void **state)
{
    (void)state;
    struct envelope envelope;
    assert_true(envelope_parse("p 1 e 0\na\0b", 11, &envelope));
    assert_int_equal(envelope.payload.length, 3);
    assert_memory_equal(envelope.payload.bytes, "a\0b", 3);
}

static const struct sound_row {
    const char *name;
    const char *text;
    bool is_sound;
} sound_rows[] = {
    {"publication_is_sound", "p 7 0011aaFF 7\n{\"b\":2}{\"a\":1}", true},
    {"publication_without_a_log_is_sound", "p 0 - 0\n[1]", true},
    {"join_is_sound", "j 3 7\nann\xc3\xa9\nc-1\n{}", true},
    {"change_without_names_is_sound", "s 3 7\n", true},
    {"removal_is_sound", "r 3\n", true},
    {"payload_that_is_no_json_is_not", "p 7 e 0\nhello", false},
    {"payload_that_is_no_utf8_is_not", "p 7 e 0\n\"\xe9\"", false},
    {"empty_payload_is_not", "p 7 e 0\n", false},
    {"info_that_is_no_json_is_not", "p 7 e 1\nx{}", false},
    {"epoch_with_a_quote_is_not", "p 7 \"}]x 0\n{}", false},
    {"missing_epoch_is_not", "p 7  0\n{}", false},
    {"offset_that_fits_no_number_is_not", "p 9999999999999999999 e 0\n{}", false},
    {"user_that_is_no_utf8_is_not", "j 3 7\n\xff\nc-1\n{}", false},
    {"user_with_a_tab_is_not", "j 3 7\na\tb\nc-1\n{}", false},
    {"client_that_is_no_utf8_is_not", "l 3 7\nann\nc\xff\n{}", false},
    {"member_whose_info_is_no_json_is_not", "j 3 7\nann\nc-1\n}", false},
};

static void content_is_judged(void **state)
{
    const struct sound_row *row = *state;
    struct envelope envelope;
    char *block;
    assert_true(parse(row->text, strlen(row->text), &block, &envelope));
    assert_int_equal(envelope_is_sound(&envelope), row->is_sound);
    free(block);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_octets_of_the_body_stay),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, good_rows, envelope_is_understood);
    UNIT_ADD_ROWS(&suite, bad_rows, other_text_is_refused);
    UNIT_ADD_ROWS(&suite, sound_rows, content_is_judged);
    return unit_run(&suite, "redis_envelope");
}
