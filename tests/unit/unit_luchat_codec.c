/*
 * Tests of luchat_codec: what a client may say, what it is told when it says anything else,
 * and what is sent to it.
 */
#include "luchat_codec.h"

#include "batch.h"
#include "broker.h"
#include "frames.h"
#include "mem.h"
#include "once_key.h"
#include "text.h"
#include "unit.h"
#include "ws_framing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEN     "0123456789"
#define SIXTY   TEN TEN TEN TEN TEN TEN
#define OF_128  SIXTY SIXTY "01234567"
#define OF_129  SIXTY SIXTY "012345678"
#define E_ACUTE "\xc3\xa9"

#define MESSAGE(fields) "{\"message\":{" fields "}}"
#define ONLINE(fields)  "{\"online\":{" fields "}}"
#define TEXT_OF(user)   MESSAGE("\"userid\":" user ",\"message\":\"hello\"")

/* ----------------------------------------------------------------------- what is taken */

static const struct good_row {
    const char *name;
    const char *text;
    enum luchat_kind kind;
    const char *user; /* of an online frame */
    const char *info;
} good_rows[] = {
    {"ping_is_a_ping", "ping", LUCHAT_PING, NULL, NULL},
    {"message_with_all_fields_is_taken",
     MESSAGE("\"userid\":\"a\",\"userphone\":\"1\",\"message\":\"hello\",\"time\":\"12:00\","
             "\"filelink\":\"http://x\""),
     LUCHAT_MESSAGE, NULL, NULL},
    {"message_with_what_it_needs_is_taken", TEXT_OF("\"a\""), LUCHAT_MESSAGE, NULL, NULL},
    {"message_with_a_filelink_only_is_taken",
     MESSAGE("\"userid\":\"a\",\"filelink\":\"http://x\""), LUCHAT_MESSAGE, NULL, NULL},
    {"message_with_nulls_beside_its_text_is_taken",
     MESSAGE("\"userid\":\"a\",\"userphone\":null,\"message\":\"x\",\"time\":null,"
             "\"filelink\":null"),
     LUCHAT_MESSAGE, NULL, NULL},
    {"message_of_a_null_text_and_a_filelink_is_taken",
     MESSAGE("\"userid\":\"a\",\"message\":null,\"filelink\":\"x\""), LUCHAT_MESSAGE, NULL,
     NULL},
    {"message_of_an_empty_text_is_taken", MESSAGE("\"userid\":\"a\",\"message\":\"\""),
     LUCHAT_MESSAGE, NULL, NULL},
    {"message_of_a_numbered_user_is_taken", TEXT_OF("42"), LUCHAT_MESSAGE, NULL, NULL},
    {"message_with_a_numbered_phone_is_taken",
     MESSAGE("\"userid\":1,\"userphone\":491234567,\"message\":\"x\""), LUCHAT_MESSAGE, NULL,
     NULL},
    {"message_with_time_as_a_number_is_taken",
     MESSAGE("\"userid\":1,\"message\":\"x\",\"time\":1700000000"), LUCHAT_MESSAGE, NULL, NULL},
    {"message_with_time_as_a_fraction_is_taken",
     MESSAGE("\"userid\":1,\"message\":\"x\",\"time\":1700000000.5"), LUCHAT_MESSAGE, NULL,
     NULL},
    {"message_with_newlines_in_its_text_is_taken",
     MESSAGE("\"userid\":\"a\",\"message\":\"one\\ntwo\\t\""), LUCHAT_MESSAGE, NULL, NULL},
    {"message_in_utf8_is_taken", MESSAGE("\"userid\":\"a\",\"message\":\"" E_ACUTE "\""),
     LUCHAT_MESSAGE, NULL, NULL},
    {"message_with_blanks_around_is_taken", " \n" TEXT_OF("\"a\"") "\r\n", LUCHAT_MESSAGE, NULL,
     NULL},
    {"user_of_128_bytes_is_taken", TEXT_OF("\"" OF_128 "\""), LUCHAT_MESSAGE, NULL, NULL},
    {"online_of_a_user_is_taken", ONLINE("\"userid\":\"alice\""), LUCHAT_ONLINE, "alice",
     "{\"userid\":\"alice\"}"},
    {"online_with_a_phone_is_taken", ONLINE("\"userid\":\"alice\", \"userphone\":\"1 2\""),
     LUCHAT_ONLINE, "alice", "{\"userid\":\"alice\",\"userphone\":\"1 2\"}"},
    {"online_of_a_number_is_its_decimal_form", ONLINE("\"userid\":42"), LUCHAT_ONLINE, "42",
     "{\"userid\":42}"},
    {"online_of_a_negative_number_is_its_decimal_form", ONLINE("\"userid\":-7"), LUCHAT_ONLINE,
     "-7", "{\"userid\":-7}"},
    {"online_of_the_largest_number_is_taken", ONLINE("\"userid\":9223372036854775807"),
     LUCHAT_ONLINE, "9223372036854775807", "{\"userid\":9223372036854775807}"},
    {"online_with_a_null_phone_is_taken", ONLINE("\"userid\":\"a\",\"userphone\":null"),
     LUCHAT_ONLINE, "a", "{\"userid\":\"a\",\"userphone\":null}"},
    {"online_of_128_bytes_is_taken", ONLINE("\"userid\":\"" OF_128 "\""), LUCHAT_ONLINE, OF_128,
     "{\"userid\":\"" OF_128 "\"}"},
    {"online_in_utf8_is_taken", ONLINE("\"userid\":\"" E_ACUTE "\""), LUCHAT_ONLINE, E_ACUTE,
     "{\"userid\":\"" E_ACUTE "\"}"},
    {"online_with_an_escape_is_decoded", ONLINE("\"userid\":\"\\u00e9\""), LUCHAT_ONLINE,
     E_ACUTE, "{\"userid\":\"" E_ACUTE "\"}"},
    {"online_with_quotes_is_decoded", ONLINE("\"userid\":\"a\\\"b\""), LUCHAT_ONLINE, "a\"b",
     "{\"userid\":\"a\\\"b\"}"},
};

static void good_frame_is_taken(void **state)
{
    const struct good_row *row = *state;
    struct luchat_command command;
    luchat_decode(row->text, strlen(row->text), &command);
    assert_string_equal(command.error, "");
    assert_int_equal(command.kind, row->kind);
    if (row->kind == LUCHAT_ONLINE) {
        assert_string_equal(command.user, row->user);
        assert_string_equal(command.info, row->info);
    }
    luchat_command_finish(&command);
}

/* --------------------------------------------------------------------- what is refused */

static const struct bad_row {
    const char *name;
    const char *text;
    const char *said;
} bad_rows[] = {
    /* no JSON */
    {"nothing_is_refused", "", "not JSON"},
    {"blanks_are_refused", "   ", "not JSON"},
    {"word_is_refused", "hello", "not JSON"},
    {"ping_in_capitals_is_refused", "PING", "not JSON"},
    {"ping_with_a_newline_is_refused", "ping\n", "not JSON"},
    {"ping_cut_is_refused", "pin", "not JSON"},
    {"half_a_frame_is_refused", "{\"message\":{\"userid\":", "not JSON"},
    {"two_frames_are_refused", TEXT_OF("1") TEXT_OF("1"), "not JSON"},
    {"comma_at_the_end_is_refused", "{\"message\":{},}", "not JSON"},
    {"single_quotes_are_refused", "{'message':{}}", "not JSON"},
    {"raw_newline_in_a_string_is_refused", MESSAGE("\"userid\":\"a\nb\""), "not JSON"},
    {"lone_surrogate_is_refused", TEXT_OF("\"\\ud800\""), "not JSON"},
    {"escaped_zero_is_refused", TEXT_OF("\"a\\u0000b\""), "not JSON"},
    {"number_beyond_64_bits_is_refused", TEXT_OF("9223372036854775808"), "not JSON"},
    {"error_names_the_place", "{\n\"message\" 5}", "line 2"},
    /* not this shape */
    {"number_is_refused", "42", "not JSON"},
    {"list_is_refused", "[]", "must be a JSON object"},
    {"empty_object_is_refused", "{}", "must have one key"},
    {"two_keys_are_refused",
     "{\"message\":{\"userid\":1,\"message\":\"x\"},\"online\":{\"userid\":1}}",
     "must have one key"},
    {"unknown_key_is_refused", "{\"shout\":{}}", "unknown key \"shout\""},
    {"key_in_capitals_is_unknown", "{\"Message\":{}}", "unknown key \"Message\""},
    {"server_s_own_key_is_unknown", "{\"offline\":{\"userid\":1}}", "unknown key \"offline\""},
    {"empty_key_is_unknown", "{\"\":{}}", "unknown key \"\""},
    {"key_that_stands_twice_is_refused", ONLINE("\"userid\":1,\"userid\":2"), "twice"},
    {"kind_that_stands_twice_is_refused",
     "{\"online\":{\"userid\":1},\"online\":{\"userid\":2}}", "twice"},
    /* message */
    {"message_that_is_a_string_is_refused", "{\"message\":\"hello\"}",
     "message must be an object"},
    {"message_that_is_null_is_refused", "{\"message\":null}", "message must be an object"},
    {"message_that_is_a_list_is_refused", "{\"message\":[]}", "message must be an object"},
    {"message_without_user_is_refused", MESSAGE("\"message\":\"x\""),
     "message.userid is missing"},
    {"message_of_a_null_user_is_refused", TEXT_OF("null"),
     "message.userid must be a string or a whole number"},
    {"message_of_a_user_true_is_refused", TEXT_OF("true"), "message.userid must be"},
    {"message_of_a_user_list_is_refused", TEXT_OF("[1]"), "message.userid must be"},
    {"message_of_a_user_object_is_refused", TEXT_OF("{}"), "message.userid must be"},
    {"message_of_a_user_fraction_is_refused", TEXT_OF("1.5"), "message.userid must be"},
    {"message_of_an_empty_user_is_refused", TEXT_OF("\"\""), "message.userid is empty"},
    {"message_of_a_user_with_a_newline_is_refused", TEXT_OF("\"a\\nb\""),
     "message.userid has control characters"},
    {"message_of_a_user_with_a_delete_is_refused", TEXT_OF("\"a\\u007f\""),
     "message.userid has control characters"},
    {"message_of_a_user_of_129_bytes_is_refused", TEXT_OF("\"" OF_129 "\""),
     "message.userid is longer than 128 bytes"},
    {"message_without_text_or_file_is_refused", MESSAGE("\"userid\":1"),
     "message needs a message or a filelink"},
    {"message_of_nulls_is_refused", MESSAGE("\"userid\":1,\"message\":null,\"filelink\":null"),
     "message needs a message or a filelink"},
    {"message_whose_text_is_a_number_is_refused", MESSAGE("\"userid\":1,\"message\":5"),
     "message.message must be a string"},
    {"message_whose_text_is_an_object_is_refused", MESSAGE("\"userid\":1,\"message\":{}"),
     "message.message must be a string"},
    {"message_whose_file_is_a_number_is_refused",
     MESSAGE("\"userid\":1,\"message\":\"x\",\"filelink\":5"),
     "message.filelink must be a string"},
    {"message_whose_time_is_a_list_is_refused",
     MESSAGE("\"userid\":1,\"message\":\"x\",\"time\":[]"),
     "message.time must be a string or a number"},
    {"message_whose_time_is_too_long_is_refused",
     MESSAGE("\"userid\":1,\"message\":\"x\",\"time\":\"" OF_129 "\""),
     "message.time is longer than 128 bytes"},
    {"message_whose_phone_is_a_fraction_is_refused",
     MESSAGE("\"userid\":1,\"message\":\"x\",\"userphone\":1.5"),
     "message.userphone must be a string or a whole number"},
    {"message_whose_phone_is_too_long_is_refused",
     MESSAGE("\"userid\":1,\"message\":\"x\",\"userphone\":\"" OF_129 "\""),
     "message.userphone is longer than 128 bytes"},
    {"message_with_an_unknown_key_is_refused",
     MESSAGE("\"userid\":1,\"message\":\"x\",\"colour\":\"red\""),
     "unknown key \"colour\" in message"},
    /* online */
    {"online_that_is_a_string_is_refused", "{\"online\":\"alice\"}",
     "online must be an object"},
    {"online_without_user_is_refused", ONLINE("\"userphone\":\"1\""),
     "online.userid is missing"},
    {"online_of_nothing_is_refused", ONLINE(""), "online.userid is missing"},
    {"online_of_a_null_user_is_refused", ONLINE("\"userid\":null"),
     "online.userid must be a string or a whole number"},
    {"online_of_a_user_fraction_is_refused", ONLINE("\"userid\":1.0"),
     "online.userid must be a string or a whole number"},
    {"online_of_an_empty_user_is_refused", ONLINE("\"userid\":\"\""), "online.userid is empty"},
    {"online_of_a_user_with_a_newline_is_refused", ONLINE("\"userid\":\"a\\n\""),
     "online.userid has control characters"},
    {"online_of_129_bytes_is_refused", ONLINE("\"userid\":\"" OF_129 "\""),
     "online.userid is longer than 128 bytes"},
    {"online_whose_phone_is_true_is_refused", ONLINE("\"userid\":1,\"userphone\":true"),
     "online.userphone must be a string or a whole number"},
    {"online_whose_phone_is_too_long_is_refused",
     ONLINE("\"userid\":1,\"userphone\":\"" OF_129 "\""),
     "online.userphone is longer than 128 bytes"},
    {"online_with_a_message_s_key_is_refused", ONLINE("\"userid\":1,\"message\":\"x\""),
     "unknown key \"message\" in online"},
};

static void bad_frame_is_refused(void **state)
{
    const struct bad_row *row = *state;
    struct luchat_command command;
    luchat_decode(row->text, strlen(row->text), &command);
    bool has_info = command.info != NULL;
    luchat_command_finish(&command);
    assert_int_equal(command.kind, LUCHAT_INVALID);
    if (!strstr(command.error, row->said))
        fail_msg("\"%s\" is not in: %s", row->said, command.error);
    assert_false(has_info);
}

static void decode(const char *text, size_t length, struct luchat_command *command)
{
    luchat_decode(text, length, command);
    luchat_command_finish(command);
}

static const struct octets_row {
    const char *name;
    const char *text;
} not_utf8_rows[] = {
    {"latin_1_is_not_utf8", TEXT_OF("\"caf\xe9\"")},
    {"surrogate_is_not_utf8", TEXT_OF("\"\xed\xa0\x80\"")},
    {"overlong_quote_is_not_utf8", TEXT_OF("\"\xc0\xa2\"")},
    {"character_cut_at_the_end_is_not_utf8", "{\"message\":\"\xe2\x82"},
    {"octets_after_the_frame_are_not_utf8", TEXT_OF("1") "\xff"},
    {"octets_alone_are_not_utf8", "\xff\xfe"},
    {"octet_in_a_key_is_not_utf8", "{\"caf\xe9\":{}}"},
};

static void text_that_is_not_utf8_is_told_apart(void **state)
{
    const struct octets_row *row = *state;
    struct luchat_command command;
    decode(row->text, strlen(row->text), &command);
    assert_int_equal(command.kind, LUCHAT_NOT_UTF8);
}

static void raw_zero_octet_is_refused(void **state)
{
    (void)state;
    static const char text[] = TEXT_OF("\"a\0b\"");
    struct luchat_command command;
    decode(text, sizeof(text) - 1, &command);
    assert_int_equal(command.kind, LUCHAT_INVALID);
}

static void zero_octet_after_the_frame_is_refused(void **state)
{
    (void)state;
    static const char text[] = TEXT_OF("1"); /* with its final zero */
    struct luchat_command command;
    decode(text, sizeof(text), &command);
    assert_int_equal(command.kind, LUCHAT_INVALID);
}

/* A heap block of just that size: reading past the end is noticed. */
static void frame_needs_no_zero_at_its_end(void **state)
{
    (void)state;
    struct luchat_command command;
    size_t length = strlen(TEXT_OF("1"));
    char *exact = malloc(length);
    memcpy(exact, TEXT_OF("1"), length);
    decode(exact, length, &command);
    free(exact);
    assert_int_equal(command.kind, LUCHAT_MESSAGE);
}

/* As deep as the longest frame of a default gateway goes. */
static void decode_nested(char open, struct luchat_command *command)
{
    enum { DEPTH = 65536 };
    char *text = malloc(DEPTH);
    memset(text, open, DEPTH);
    if (open == '{') {
        for (size_t i = 0; i + 5 <= DEPTH; i += 5)
            memcpy(text + i, "{\"a\":", 5);
    }
    decode(text, DEPTH, command);
    free(text);
}

static void deep_lists_are_refused(void **state)
{
    (void)state;
    struct luchat_command command;
    decode_nested('[', &command);
    assert_int_equal(command.kind, LUCHAT_INVALID);
    assert_non_null(strstr(command.error, "too deep"));
}

static void deep_objects_are_refused(void **state)
{
    (void)state;
    struct luchat_command command;
    decode_nested('{', &command);
    assert_int_equal(command.kind, LUCHAT_INVALID);
    assert_non_null(strstr(command.error, "too deep"));
}

static void long_text_is_taken(void **state)
{
    (void)state;
    enum { LENGTH = 60000 };
    static const char start[] = "{\"message\":{\"userid\":1,\"message\":\"";
    struct luchat_command command;
    char *text = malloc(sizeof(start) + LENGTH + 3);
    strcpy(text, start);
    memset(text + strlen(start), 'x', LENGTH);
    strcpy(text + strlen(start) + LENGTH, "\"}}");
    decode(text, strlen(text), &command);
    free(text);
    assert_int_equal(command.kind, LUCHAT_MESSAGE);
}

static const struct octets_row long_key_rows[] = {
    {"long_unknown_key_is_cut", "{\"" OF_128 "\":{}}"},
    {"long_unknown_key_of_two_octets_is_cut_between_characters",
     "{\"x" E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE
         E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE
     "\":{}}"},
    {"long_unknown_field_of_two_octets_is_cut_between_characters",
     ONLINE("\"x" E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE
                E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE
                    E_ACUTE E_ACUTE "\":1")},
};

/* The error goes out in a text frame, which a client must refuse when it is not UTF-8. */
static void error_about_a_long_key_is_utf8(void **state)
{
    const struct octets_row *row = *state;
    struct luchat_command command;
    decode(row->text, strlen(row->text), &command);
    assert_int_equal(command.kind, LUCHAT_INVALID);
    assert_non_null(strstr(command.error, "unknown key"));
    assert_true(text_is_utf8(command.error, strlen(command.error)));
}

static void command_may_be_finished_twice(void **state)
{
    (void)state;
    struct luchat_command command;
    luchat_decode(ONLINE("\"userid\":1"), strlen(ONLINE("\"userid\":1")), &command);
    luchat_command_finish(&command);
    luchat_command_finish(&command);
    assert_null(command.info);
}

/* ------------------------------------------------------------------------ what is sent */

static void assert_frame(struct batch *batch, const char *expected)
{
    struct frame frame;
    size_t at = 0;
    assert_true(frames_next(batch_bytes(batch), batch_length(batch), &at, &frame));
    assert_int_equal(frame.length, strlen(expected));
    assert_memory_equal(frame.payload, expected, frame.length);
    assert_int_equal(at, batch_length(batch)); /* one frame */
    batch_unref(batch);
}

static void pong_is_a_word(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    luchat_encode_pong(batch);
    assert_frame(batch, "pong");
}

static void error_has_code_and_message(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    luchat_encode_error(batch, LUCHAT_BAD_REQUEST, "no such thing");
    assert_frame(batch, "{\"error\":{\"code\":400,\"message\":\"no such thing\"}}");
}

static void error_is_escaped(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    luchat_encode_error(batch, LUCHAT_TRY_AGAIN, "a \"b\" \\ \n");
    assert_frame(batch, "{\"error\":{\"code\":503,\"message\":\"a \\\"b\\\" \\\\ \\u000a\"}}");
}

static void arrival_is_online(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    const struct broker_presence change = {BROKER_JOIN, 1, 1, "a", "c-1", "{\"userid\":\"a\"}"};
    luchat_encode_presence(batch, &change);
    assert_frame(batch, "{\"online\":{\"userid\":\"a\"}}");
}

static void departure_is_offline(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    const struct broker_presence change = {BROKER_LEAVE, 1,     1,
                                           "a",          "c-1", "{\"userid\":\"a\"}"};
    luchat_encode_presence(batch, &change);
    assert_frame(batch, "{\"offline\":{\"userid\":\"a\"}}");
}

static void encode_users(size_t count, const char *expected)
{
    static const struct broker_member members[] = {
        {"c-1", "1", "{\"userid\":1}", 0},
        {"c-2", "2", "{\"userid\":2}", 0},
        {"c-3", "3", "{\"userid\":3}", 0},
        {"c-4", "2", "{\"userid\":2}", 0},
        {"c-5", "", "null", 0},
        {"c-6", "al\"ice", "null", 0},
    };
    struct batch *batch = batch_create(&ws_framing);
    luchat_encode_users(batch,
                        &(struct broker_reply){.members = members, .member_count = count});
    assert_frame(batch, expected);
}

static void no_users_are_an_empty_list(void **state)
{
    (void)state;
    encode_users(0, "{\"users\":[]}");
}

static void one_user_is_a_list(void **state)
{
    (void)state;
    encode_users(1, "{\"users\":[{\"userid\":1}]}");
}

static void several_users_are_a_list(void **state)
{
    (void)state;
    encode_users(3, "{\"users\":[{\"userid\":1},{\"userid\":2},{\"userid\":3}]}");
}

static void user_with_two_connections_stands_there_once(void **state)
{
    (void)state;
    encode_users(4, "{\"users\":[{\"userid\":1},{\"userid\":2},{\"userid\":3}]}");
}

static void anonymous_connection_is_no_user(void **state)
{
    (void)state;
    encode_users(5, "{\"users\":[{\"userid\":1},{\"userid\":2},{\"userid\":3}]}");
}

static void user_of_another_dialect_is_its_id(void **state)
{
    (void)state;
    encode_users(6, "{\"users\":[{\"userid\":1},{\"userid\":2},{\"userid\":3},"
                    "{\"userid\":\"al\\\"ice\"}]}");
}

static void anonymous_arrival_is_not_told(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    luchat_encode_presence(batch,
                           &(struct broker_presence){BROKER_JOIN, 1, 1, "", "c-1", "null"});
    assert_int_equal(batch_length(batch), 0);
    batch_unref(batch);
}

static void assert_shown(const char *payload, const char *info, bool is_open,
                         const char *expected)
{
    struct batch *batch = batch_create(&ws_framing);
    struct publication *publication = publication_create(1, slice_of(payload), slice_of(info));
    luchat_encode_publication(batch, publication, is_open);
    publication_unref(publication);
    assert_frame(batch, expected);
}

static void assert_publication(const char *payload, const char *info, const char *expected)
{
    assert_shown(payload, info, /* is_open= */ false, expected);
}

static void publication_of_luchat_is_the_bytes_it_came_in(void **state)
{
    (void)state;
    assert_publication("{ \"message\" : {} }", "", "{ \"message\" : {} }");
}

#define BOB    "{\"client\":\"c\",\"user\":\"bob\"}"
#define NOBODY "{\"client\":\"c\",\"user\":\"\"}"
#define QUOTED_BY(user, of)                                                                    \
    "{\"message\":{\"userid\":\"" user "\",\"message\":\"{\\\"message\\\":{\\\"userid\\\":" of \
    ",\\\"message\\\":\\\"hello\\\"}}\"}}"

static const struct publisher_row {
    const char *name;
    const char *payload;
    const char *info;
    bool is_open;
    const char *expected;
} publisher_rows[] = {
    {"own_message_of_a_user_is_left_alone", TEXT_OF("\"bob\""), BOB, false, TEXT_OF("\"bob\"")},
    {"own_message_of_a_numbered_user_is_left_alone", TEXT_OF("7"),
     "{\"client\":\"c\",\"user\":\"7\"}", false, TEXT_OF("7")},
    {"message_in_another_s_name_is_the_publisher_s", TEXT_OF("1"), BOB, false,
     QUOTED_BY("bob", "1")},
    {"message_in_another_s_name_is_the_publisher_s_without_tokens_too", TEXT_OF("1"), BOB, true,
     QUOTED_BY("bob", "1")},
    {"message_of_nobody_is_nobody_s_where_there_are_tokens", TEXT_OF("1"), NOBODY, false,
     QUOTED_BY("?", "1")},
    {"message_of_nobody_is_left_alone_where_there_are_none", TEXT_OF("1"), NOBODY, true,
     TEXT_OF("1")},
    {"message_of_the_server_is_left_alone", TEXT_OF("1"), "{}", false, TEXT_OF("1")},
    {"message_of_the_server_with_tags_is_left_alone", TEXT_OF("1"),
     "{\"tags\":{\"client\":\"c\",\"user\":\"bob\"}}", false, TEXT_OF("1")},
    {"message_of_a_client_without_a_user_is_nobody_s", TEXT_OF("1"), "{\"client\":\"c\"}",
     false, QUOTED_BY("?", "1")},
    {"message_of_a_user_without_a_client_is_the_user_s", TEXT_OF("1"), "{\"user\":\"bob\"}",
     false, QUOTED_BY("bob", "1")},
    {"message_with_an_info_that_is_none_is_nobody_s", TEXT_OF("1"), "x", false,
     QUOTED_BY("?", "1")},
};

static void message_is_shown_as_its_publisher_s(void **state)
{
    const struct publisher_row *row = *state;
    assert_shown(row->payload, row->info, row->is_open, row->expected);
}

static const struct identity_row {
    const char *name;
    const char *user;
    const char *info;
    const char *expected;
} identity_rows[] = {
    {"user_is_shown_whatever_its_info_claims", "mallory",
     "{\"userid\":\"admin\",\"userphone\":\"1\"}",
     "{\"online\":{\"userid\":\"mallory\",\"userphone\":\"1\"}}"},
    {"number_that_is_not_the_user_is_not_shown", "mallory", "{\"userid\":1}",
     "{\"online\":{\"userid\":\"mallory\"}}"},
    {"number_of_the_user_stays_a_number", "42", "{\"userid\":42}",
     "{\"online\":{\"userid\":42}}"},
    {"phone_that_was_said_first_is_kept", "ann", "{\"userphone\":\"5\",\"userid\":\"ann\"}",
     "{\"online\":{\"userid\":\"ann\",\"userphone\":\"5\"}}"},
    {"null_phone_is_kept", "ann", "{\"userid\":\"ann\",\"userphone\":null}",
     "{\"online\":{\"userid\":\"ann\",\"userphone\":null}}"},
    {"phone_that_no_client_could_say_is_left_out", "ann", "{\"userphone\":{\"userid\":1}}",
     "{\"online\":{\"userid\":\"ann\"}}"},
    {"usual_info_is_shown_as_it_is", "ann", "{\"userid\":\"ann\",\"userphone\":\"5\"}",
     "{\"online\":{\"userid\":\"ann\",\"userphone\":\"5\"}}"},
    {"longer_name_than_the_user_s_is_not_shown", "ann", "{\"userid\":\"anna\"}",
     "{\"online\":{\"userid\":\"ann\"}}"},
    {"shorter_name_than_the_user_s_is_not_shown", "anna", "{\"userid\":\"ann\"}",
     "{\"online\":{\"userid\":\"anna\"}}"},
    {"name_that_holds_more_members_is_one_name", "ann\",\"userphone\":\"1",
     "{\"userid\":\"ann\",\"userphone\":\"1\"}",
     "{\"online\":{\"userid\":\"ann\\\",\\\"userphone\\\":\\\"1\",\"userphone\":\"1\"}}"},
    {"more_than_the_usual_is_not_shown", "ann",
     "{\"userid\":\"ann\",\"userphone\":\"5\",\"role\":\"admin\"}",
     "{\"online\":{\"userid\":\"ann\",\"userphone\":\"5\"}}"},
    {"other_info_is_not_shown", "ann", "{\"role\":\"admin\"}",
     "{\"online\":{\"userid\":\"ann\"}}"},
    {"user_whose_info_is_no_object_is_its_id", "ann", "[1]",
     "{\"online\":{\"userid\":\"ann\"}}"},
};

static void presence_is_shown_under_the_user_s_name(void **state)
{
    const struct identity_row *row = *state;
    struct batch *batch = batch_create(&ws_framing);
    luchat_encode_presence(
        batch, &(struct broker_presence){BROKER_JOIN, 1, 1, row->user, "c-1", row->info});
    assert_frame(batch, row->expected);
}

static void string_of_another_dialect_is_a_message(void **state)
{
    (void)state;
    assert_publication("\"hi\"", "{\"client\":\"c\",\"user\":\"bob\"}",
                       "{\"message\":{\"userid\":\"bob\",\"message\":\"hi\"}}");
}

static void data_of_another_dialect_is_a_message_of_json(void **state)
{
    (void)state;
    assert_publication("{\"a\":1}", "{\"client\":\"c\",\"user\":\"\"}",
                       "{\"message\":{\"userid\":\"?\",\"message\":\"{\\\"a\\\":1}\"}}");
}

static void data_of_the_server_api_is_a_message(void **state)
{
    (void)state;
    assert_publication("\"hi\"", "{}", "{\"message\":{\"userid\":\"?\",\"message\":\"hi\"}}");
    assert_publication("{\"online\":{\"userid\":\"eve\"}}", "{\"tags\":{\"a\":\"b\"}}",
                       "{\"message\":{\"userid\":\"?\",\"message\":"
                       "\"{\\\"online\\\":{\\\"userid\\\":\\\"eve\\\"}}\"}}");
}

static void message_of_the_server_api_in_luchat_s_shape_is_left_alone(void **state)
{
    (void)state;
    assert_publication(TEXT_OF("1"), "{}", TEXT_OF("1"));
}

/* --------------------------------------------------------------- what makes it unique */

static const struct key_row {
    const char *name;
    const char *text;
    const char *key; /* without the digest */
} key_rows[] = {
    {"user_and_time_are_the_key",
     MESSAGE("\"userid\":\"ann\",\"message\":\"x\",\"time\":\"12:00\""), "luchat 3 ann 12:00"},
    {"a_numbered_user_is_in_the_key",
     MESSAGE("\"userid\":42,\"message\":\"x\",\"time\":\"12:00\""), "luchat 2 42 12:00"},
    {"a_blank_in_the_name_makes_another_key",
     MESSAGE("\"userid\":\"ann 12\",\"message\":\"x\",\"time\":\"00\""), "luchat 6 ann 12 00"},
    {"without_a_time_there_is_no_key", TEXT_OF("\"ann\""), ""},
    {"of_an_empty_time_there_is_no_key",
     MESSAGE("\"userid\":\"ann\",\"message\":\"x\",\"time\":\"\""), ""},
    {"of_a_time_that_is_a_number_there_is_no_key",
     MESSAGE("\"userid\":\"ann\",\"message\":\"x\",\"time\":12"), ""},
    {"of_a_time_with_control_characters_there_is_no_key",
     MESSAGE("\"userid\":\"ann\",\"message\":\"x\",\"time\":\"a\\nb\""), ""},
    {"too_long_to_be_a_key_is_no_key",
     MESSAGE("\"userid\":\"" OF_128 "\",\"message\":\"x\",\"time\":\"12:00\""), ""},
    {"an_online_has_no_key", ONLINE("\"userid\":\"ann\""), ""},
};

static void message_has_its_key(void **state)
{
    const struct key_row *row = *state;
    struct once_key once = {.name = NULL};
    bool has_key = luchat_read_key(slice_of(row->text), &once);
    assert_int_equal(has_key, row->key[0] != '\0');
    if (has_key) {
        char *expected = mem_printf("%s %s", row->key, once.digest);
        assert_string_equal(once.name, expected);
        free(expected);
    }
    once_key_finish(&once);
}

static bool have_one_key(const char *first, const char *second)
{
    struct once_key keys[2];
    assert_true(luchat_read_key(slice_of(first), &keys[0]));
    assert_true(luchat_read_key(slice_of(second), &keys[1]));
    bool is_one = strcmp(keys[0].name, keys[1].name) == 0;
    once_key_finish(&keys[0]);
    once_key_finish(&keys[1]);
    return is_one;
}

static void other_words_at_the_same_time_have_another_key(void **state)
{
    (void)state;
    assert_false(have_one_key(MESSAGE("\"userid\":\"a\",\"message\":\"x\",\"time\":\"1\""),
                              MESSAGE("\"userid\":\"a\",\"message\":\"y\",\"time\":\"1\"")));
}

static void same_words_written_otherwise_have_the_same_key(void **state)
{
    (void)state;
    assert_true(
        have_one_key(MESSAGE("\"userid\":\"a\",\"message\":\"x\",\"time\":\"1\""),
                     MESSAGE("\"time\" : \"1\", \"message\":\"\\u0078\",\"userid\":\"a\"")));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_of_the_server_api_is_a_message),
        cmocka_unit_test(message_of_the_server_api_in_luchat_s_shape_is_left_alone),
        cmocka_unit_test(other_words_at_the_same_time_have_another_key),
        cmocka_unit_test(same_words_written_otherwise_have_the_same_key),
        cmocka_unit_test(raw_zero_octet_is_refused),
        cmocka_unit_test(zero_octet_after_the_frame_is_refused),
        cmocka_unit_test(frame_needs_no_zero_at_its_end),
        cmocka_unit_test(deep_lists_are_refused),
        cmocka_unit_test(deep_objects_are_refused),
        cmocka_unit_test(long_text_is_taken),
        cmocka_unit_test(command_may_be_finished_twice),
        cmocka_unit_test(pong_is_a_word),
        cmocka_unit_test(error_has_code_and_message),
        cmocka_unit_test(error_is_escaped),
        cmocka_unit_test(arrival_is_online),
        cmocka_unit_test(departure_is_offline),
        cmocka_unit_test(no_users_are_an_empty_list),
        cmocka_unit_test(one_user_is_a_list),
        cmocka_unit_test(several_users_are_a_list),
        cmocka_unit_test(user_with_two_connections_stands_there_once),
        cmocka_unit_test(anonymous_connection_is_no_user),
        cmocka_unit_test(user_of_another_dialect_is_its_id),
        cmocka_unit_test(anonymous_arrival_is_not_told),
        cmocka_unit_test(publication_of_luchat_is_the_bytes_it_came_in),
        cmocka_unit_test(string_of_another_dialect_is_a_message),
        cmocka_unit_test(data_of_another_dialect_is_a_message_of_json),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, good_rows, good_frame_is_taken);
    UNIT_ADD_ROWS(&suite, publisher_rows, message_is_shown_as_its_publisher_s);
    UNIT_ADD_ROWS(&suite, identity_rows, presence_is_shown_under_the_user_s_name);
    UNIT_ADD_ROWS(&suite, bad_rows, bad_frame_is_refused);
    UNIT_ADD_ROWS(&suite, key_rows, message_has_its_key);
    UNIT_ADD_ROWS(&suite, not_utf8_rows, text_that_is_not_utf8_is_told_apart);
    UNIT_ADD_ROWS(&suite, long_key_rows, error_about_a_long_key_is_utf8);
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "luchat_codec");
}
