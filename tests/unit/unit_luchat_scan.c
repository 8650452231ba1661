/*
 * Tests of the short way for usual messages: it takes them, and never one that the JSON parser
 * would see otherwise.
 */
#include "luchat_codec.h"
#include "luchat_fields.h"
#include "unit.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool take(const char *text, size_t length, struct luchat_command *command)
{
    *command = (struct luchat_command){.kind = LUCHAT_INVALID};
    return luchat_decode_plain(text, length, command);
}

struct taken_row {
    const char *name;
    const char *text;
    const char *user;
};

static const struct taken_row taken_rows[] = {
    {"message_is_taken", "{\"message\":{\"userid\":\"ann\",\"message\":\"hi\"}}", "ann"},
    {"message_of_the_seed_is_taken",
     "{\"message\":{\"userid\":\"1\",\"userphone\":\"555\",\"message\":\"hi\",\"time\":\"12:"
     "00\","
     "\"filelink\":null}}",
     "1"},
    {"number_as_user_is_taken", "{\"message\":{\"userid\":42,\"message\":\"hi\"}}", "42"},
    {"zero_is_taken", "{\"message\":{\"userid\":0,\"message\":\"hi\"}}", "0"},
    {"number_as_time_is_taken", "{\"message\":{\"userid\":\"a\",\"message\":\"\",\"time\":17}}",
     "a"},
    {"file_alone_is_taken", "{\"message\":{\"userid\":\"a\",\"filelink\":\"f\"}}", "a"},
    {"blanks_are_skipped",
     " {\t\"message\" :\n{ \"userid\"\r: \"a\" , \"message\" : \"b c\" } } ", "a"},
    {"other_alphabets_are_taken",
     "{\"message\":{\"userid\":\"\xc3\xa9\",\"message\":\"\xf0\x9f\x98\x80\"}}", "\xc3\xa9"},
};

static void is_taken(void **state)
{
    const struct taken_row *row = *state;
    struct luchat_command command;
    assert_true(take(row->text, strlen(row->text), &command));
    assert_int_equal(command.kind, LUCHAT_MESSAGE);
    assert_string_equal(command.user, row->user);
}

struct left_row {
    const char *name;
    const char *text;
};

#define INNER(inside) "{\"message\":{\"userid\":\"a\",\"message\":\"b\"" inside "}}"

static const struct left_row left_rows[] = {
    {"nothing_is_left", ""},
    {"online_is_left", "{\"online\":{\"userid\":\"a\"}}"},
    {"empty_object_is_left", "{\"message\":{}}"},
    {"escape_is_left", "{\"message\":{\"userid\":\"a\",\"message\":\"b\\n\"}}"},
    {"escape_in_a_key_is_left", "{\"message\":{\"user\\u0069d\":\"a\",\"message\":\"b\"}}"},
    {"control_character_is_left", "{\"message\":{\"userid\":\"a\",\"message\":\"b\n\"}}"},
    {"delete_in_a_user_is_left", "{\"message\":{\"userid\":\"a\x7f\",\"message\":\"b\"}}"},
    {"empty_user_is_left", "{\"message\":{\"userid\":\"\",\"message\":\"b\"}}"},
    {"missing_user_is_left", "{\"message\":{\"message\":\"b\"}}"},
    {"message_without_a_text_is_left", "{\"message\":{\"userid\":\"a\",\"message\":null}}"},
    {"number_as_message_is_left", "{\"message\":{\"userid\":\"a\",\"message\":1}}"},
    {"null_as_user_is_left", "{\"message\":{\"userid\":null,\"message\":\"b\"}}"},
    {"unknown_key_is_left", INNER(",\"x\":\"y\"")},
    {"key_that_stands_there_twice_is_left", INNER(",\"userid\":\"c\"")},
    {"comma_at_the_end_is_left", INNER(",")},
    {"array_is_left", INNER(",\"time\":[]")},
    {"truth_is_left", INNER(",\"time\":true")},
    {"word_like_null_is_left", INNER(",\"time\":nul1")},
    {"fraction_is_left", INNER(",\"time\":1.5")},
    {"exponent_is_left", INNER(",\"time\":1e3")},
    {"negative_number_is_left", INNER(",\"time\":-1")},
    {"zero_before_a_number_is_left", INNER(",\"time\":01")},
    {"huge_number_is_left", INNER(",\"time\":1234567890123456789")},
    {"second_key_is_left", "{\"message\":{\"userid\":\"a\",\"message\":\"b\"},\"x\":{}}"},
    {"text_after_the_end_is_left", INNER("") "x"},
    {"missing_end_is_left", "{\"message\":{\"userid\":\"a\",\"message\":\"b\"}"},
    {"broken_utf8_is_left", "{\"message\":{\"userid\":\"a\",\"message\":\"\xff\"}}"},
    {"half_a_character_is_left", "{\"message\":{\"userid\":\"a\",\"message\":\"\xc3\"}}"},
};

static void is_left(void **state)
{
    const struct left_row *row = *state;
    struct luchat_command command;
    assert_false(take(row->text, strlen(row->text), &command));
}

/* ------------------------------------------------------------------- as the parser sees it */

static void expect_same(const char *text, size_t length, const struct luchat_command *command)
{
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    json_t *message = json_object_get(root, "message");
    const json_t *user = json_object_get(message, "userid");
    char number[32];
    (void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(user));
    bool is_same =
        json_object_size(root) == 1 &&
        strcmp(command->user, json_is_string(user) ? json_string_value(user) : number) == 0 &&
        (json_is_string(json_object_get(message, "message")) ||
         json_is_string(json_object_get(message, "filelink")));
    const char *key;
    json_t *value;
    json_object_foreach(message, key, value) is_same =
        is_same && luchat_find_field(luchat_message_fields, slice_of(key)) &&
        !json_is_object(value) && !json_is_array(value) && !json_is_boolean(value);
    if (!is_same)
        fail_msg("taken: %.*s", (int)length, text);
    json_decref(root);
}

enum { ROUNDS = 200000, TEXT_MAX = 256 };

static unsigned roll(unsigned *seed, size_t sides)
{
    *seed = *seed * 1103515245U + 12345U;
    return (unsigned)(*seed / 65536U % sides);
}

/* One octet is changed, taken out or put in. */
static size_t spoil(char *text, size_t length, unsigned *seed)
{
    static const char likely[] = "{}[]\":,\\ \t\n0123456789-.eEnulltrue\x01\x7f\xc3\xa9\xff";
    char c = likely[roll(seed, sizeof(likely) - 1)];
    size_t at = roll(seed, length);
    unsigned how = roll(seed, 3);
    if (how == 0) {
        text[at] = c;
        return length;
    }
    if (how == 1) {
        memmove(text + at, text + at + 1, length - at - 1);
        return length - 1;
    }
    memmove(text + at + 1, text + at, length - at);
    text[at] = c;
    return length + 1;
}

static void nothing_is_taken_that_the_parser_sees_otherwise(void **state)
{
    unsigned seed = 1;
    size_t taken = 0;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char text[TEXT_MAX];
        struct luchat_command command;
        const char *start = taken_rows[roll(&seed, UNIT_COUNT(taken_rows))].text;
        size_t length = strlen(start);
        memcpy(text, start, length);
        for (unsigned changes = roll(&seed, 4); changes > 0; changes--)
            length = spoil(text, length, &seed);
        if (!take(text, length, &command))
            continue;
        taken++;
        expect_same(text, length, &command);
    }
    assert_true(taken > ROUNDS / 10);
    assert_true(taken < ROUNDS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_taken_that_the_parser_sees_otherwise),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, taken_rows, is_taken);
    UNIT_ADD_ROWS(&suite, left_rows, is_left);
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "luchat_scan");
}
