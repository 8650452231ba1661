/*
 * Tests of centrifuge_codec: which frames are commands, and what is sent, to the octet.
 */
#include "centrifuge_codec.h"

#include "batch.h"
#include "broker.h"
#include "client_info.h"
#include "frames.h"
#include "json_out.h"
#include "unit.h"
#include "ws_framing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------ what is heard */

enum { READS_MAX = 4, SEEN_BYTES = 512 };

/* What a frame holds, in a line: "1 connect {}; pong; broken". */
static void describe(struct centrifuge_reader *reader, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i <= READS_MAX; i++) {
        struct centrifuge_command command;
        enum centrifuge_read kind = centrifuge_read(reader, &command);
        const char *between = i > 0 ? "; " : "";
        int length = 0;
        if (kind == CENTRIFUGE_COMMAND)
            length = snprintf(out + used, size - used, "%s%u %s %.*s", between, command.id,
                              command.method, (int)command.raw.length, command.raw.start);
        else if (kind != CENTRIFUGE_END)
            length = snprintf(out + used, size - used, "%s%s", between,
                              kind == CENTRIFUGE_PONG ? "pong" : "broken");
        used += (size_t)length;
        centrifuge_command_finish(&command);
        if (kind == CENTRIFUGE_END || kind == CENTRIFUGE_BROKEN)
            return;
    }
}

/* From a heap block of just that size: reading past the end is noticed. */
static void assert_holds(const char *bytes, size_t length, const char *expected)
{
    char seen[SEEN_BYTES];
    char *block = malloc(length > 0 ? length : 1);
    memcpy(block, bytes, length);
    describe(&(struct centrifuge_reader){block, block + length}, seen, sizeof(seen));
    free(block);
    assert_string_equal(seen, expected);
}

static const struct frame_row {
    const char *name;
    const char *text;
    const char *holds;
} frame_rows[] = {
    {"empty_frame_holds_nothing", "", ""},
    {"frame_of_blanks_holds_nothing", " \t\r\n", ""},
    {"command_is_read", "{\"id\":1,\"connect\":{}}", "1 connect {}"},
    {"id_may_come_last", "{\"connect\":{},\"id\":1}", "1 connect {}"},
    {"command_without_id_has_0", "{\"send\":{}}", "0 send {}"},
    {"largest_id_is_read", "{\"id\":4294967295,\"connect\":{}}", "4294967295 connect {}"},
    {"params_are_answered_as_they_are_written",
     "{\"id\":1,\"publish\":{ \"data\" : {\"a\":1.0} }}",
     "1 publish { \"data\" : {\"a\":1.0} }"},
    {"empty_object_is_a_pong", "{}", "pong"},
    {"empty_object_with_a_blank_is_a_pong", "{ }", "pong"},
    {"commands_on_lines_are_read_in_order",
     "{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"a\"}}",
     "1 connect {}; 2 subscribe {\"channel\":\"a\"}"},
    {"newline_at_the_end_holds_nothing_more", "{\"id\":1,\"connect\":{}}\n", "1 connect {}"},
    {"commands_need_nothing_between_them", "{\"id\":1,\"connect\":{}}{\"id\":2,\"ping\":{}}",
     "1 connect {}; 2 ping {}"},
    {"pong_may_stand_among_commands", "{}\n{\"id\":2,\"presence\":{}}", "pong; 2 presence {}"},
    {"command_before_a_broken_one_is_read",
     "{\"id\":1,\"connect\":{}}\n{\"id\":", "1 connect {}; broken"},
    {"unknown_method_is_read", "{\"id\":1,\"dance\":{}}", "1 dance {}"},
    {"method_of_23_is_read", "{\"id\":1,\"abcdefghijklmnopqrstuvw\":{}}",
     "1 abcdefghijklmnopqrstuvw {}"},
    /* broken */
    {"word_is_broken", "hello", "broken"},
    {"number_is_broken", "1", "broken"},
    {"string_is_broken", "\"a\"", "broken"},
    {"list_is_broken", "[]", "broken"},
    {"list_of_commands_is_broken", "[{\"id\":1,\"connect\":{}}]", "broken"},
    {"half_a_command_is_broken", "{\"id\":1,\"connect\":{", "broken"},
    {"comma_between_commands_is_broken", "{},{}", "pong; broken"},
    {"id_alone_is_broken", "{\"id\":1}", "broken"},
    {"negative_id_is_broken", "{\"id\":-1,\"connect\":{}}", "broken"},
    {"id_beyond_32_bits_is_broken", "{\"id\":4294967296,\"connect\":{}}", "broken"},
    {"fraction_as_an_id_is_broken", "{\"id\":1.5,\"connect\":{}}", "broken"},
    {"whole_number_with_a_point_is_an_id", "{\"id\":1.0,\"connect\":{}}", "1 connect {}"},
    {"string_as_an_id_is_broken", "{\"id\":\"1\",\"connect\":{}}", "broken"},
    {"null_as_an_id_is_broken", "{\"id\":null,\"connect\":{}}", "broken"},
    {"two_methods_are_broken", "{\"id\":1,\"connect\":{},\"subscribe\":{}}", "broken"},
    {"last_of_two_params_counts", "{\"id\":1,\"send\":{\"a\":1},\"send\":{}}", "1 send {}"},
    {"last_of_two_ids_counts", "{\"id\":1,\"id\":2,\"connect\":{}}", "2 connect {}"},
    {"params_that_are_null_are_broken", "{\"id\":1,\"connect\":null}", "broken"},
    {"params_that_are_a_list_are_broken", "{\"id\":1,\"connect\":[]}", "broken"},
    {"number_that_an_escaped_name_hides_is_broken",
     "{\"id\":1,\"publish\":1,\"publ\\u0069sh\":{}}", "broken"},
    {"method_of_24_is_broken", "{\"id\":1,\"abcdefghijklmnopqrstuvwx\":{}}", "broken"},
    {"latin_1_is_broken", "{\"id\":1,\"connect\":{\"token\":\"\xe9\"}}", "broken"},
    {"escaped_zero_in_data_is_let_through", "{\"id\":1,\"send\":{\"data\":\"\\u0000\"}}",
     "1 send {\"data\":\"\\u0000\"}"},
    {"number_of_any_size_in_data_is_let_through",
     "{\"id\":1,\"send\":{\"data\":123456789012345678901234567890}}",
     "1 send {\"data\":123456789012345678901234567890}"},
};

static void frame_holds_these_commands(void **state)
{
    const struct frame_row *row = *state;
    assert_holds(row->text, strlen(row->text), row->holds);
}

static void zero_octet_alone_is_broken(void **state)
{
    (void)state;
    assert_holds("\0", 1, "broken");
}

static void zero_octet_after_a_command_is_broken(void **state)
{
    (void)state;
    assert_holds("{}\0", 3, "pong; broken");
}

/* As deep as the longest frame of a default gateway goes. */
static void deep_frame_is_broken(void **state)
{
    (void)state;
    enum { DEPTH = 65536 };
    char *text = malloc(DEPTH);
    struct centrifuge_reader reader = {text, text + DEPTH};
    struct centrifuge_command command;
    memset(text, '[', DEPTH);
    memcpy(text, "{\"connect\":", 11);
    assert_int_equal(centrifuge_read(&reader, &command), CENTRIFUGE_BROKEN);
    centrifuge_command_finish(&command);
    free(text);
}

static void params_of_another_type_are_missing(void **state)
{
    (void)state;
    static const char text[] = "{\"id\":1,\"subscribe\":{\"channel\":5,\"offset\":\"7\","
                               "\"recover\":1,\"epoch\":\"e\",\"limit\":9,\"reverse\":true}}";
    struct centrifuge_reader reader = {text, text + strlen(text)};
    struct centrifuge_command command;
    assert_int_equal(centrifuge_read(&reader, &command), CENTRIFUGE_COMMAND);
    assert_null(centrifuge_text(&command, "channel"));
    assert_null(centrifuge_text(&command, "none"));
    assert_string_equal(centrifuge_text(&command, "epoch"), "e");
    assert_int_equal(centrifuge_number(&command, "offset"), 0);
    assert_int_equal(centrifuge_number(&command, "limit"), 9);
    assert_false(centrifuge_flag(&command, "recover"));
    assert_true(centrifuge_flag(&command, "reverse"));
    centrifuge_command_finish(&command);
}

/* ------------------------------------------------------------------------ what is sent */

static void assert_frame(struct batch *batch, const char *expected)
{
    struct frame frame;
    size_t at = 0;
    assert_true(frames_next(batch_bytes(batch), batch_length(batch), &at, &frame));
    assert_int_equal(at, batch_length(batch)); /* one frame */
    if (frame.length != strlen(expected) || memcmp(frame.payload, expected, frame.length) != 0)
        fail_msg("%.*s\nis not\n%s", (int)frame.length, (const char *)frame.payload, expected);
    batch_unref(batch);
}

static void ping_is_an_empty_object(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    centrifuge_encode_ping(batch);
    assert_frame(batch, "{}");
}

static void reply_has_id_and_method(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    centrifuge_encode_reply(batch, 4294967295u, "subscribe", "{\"a\":1}");
    assert_frame(batch, "{\"id\":4294967295,\"subscribe\":{\"a\":1}}");
}

/* A client splits frames at newlines. */
static void newlines_of_a_reply_become_blanks(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    centrifuge_encode_reply(batch, 1, "history", "{\n\"a\":\n1}");
    assert_frame(batch, "{\"id\":1,\"history\":{ \"a\": 1}}");
}

static const struct error_row {
    const char *name;
    enum centrifuge_error code;
    const char *rest;
} error_rows[] = {
    {"internal_error_is_temporary", CENTRIFUGE_INTERNAL,
     "100,\"message\":\"internal server error\",\"temporary\":true"},
    {"unauthorized_is_not_temporary", CENTRIFUGE_UNAUTHORIZED,
     "101,\"message\":\"unauthorized\""},
    {"unknown_channel_is_said", CENTRIFUGE_UNKNOWN_CHANNEL,
     "102,\"message\":\"unknown channel\""},
    {"permission_denied_is_said", CENTRIFUGE_PERMISSION_DENIED,
     "103,\"message\":\"permission denied\""},
    {"method_not_found_is_said", CENTRIFUGE_METHOD_NOT_FOUND,
     "104,\"message\":\"method not found\""},
    {"already_subscribed_is_said", CENTRIFUGE_ALREADY_SUBSCRIBED,
     "105,\"message\":\"already subscribed\""},
    {"limit_exceeded_is_said", CENTRIFUGE_LIMIT_EXCEEDED, "106,\"message\":\"limit exceeded\""},
    {"bad_request_is_said", CENTRIFUGE_BAD_REQUEST, "107,\"message\":\"bad request\""},
    {"not_available_is_said", CENTRIFUGE_NOT_AVAILABLE, "108,\"message\":\"not available\""},
    {"token_expired_is_said", CENTRIFUGE_TOKEN_EXPIRED, "109,\"message\":\"token expired\""},
    {"expired_is_said", CENTRIFUGE_EXPIRED, "110,\"message\":\"expired\""},
    {"unrecoverable_position_is_said", CENTRIFUGE_UNRECOVERABLE_POSITION,
     "112,\"message\":\"unrecoverable position\""},
};

static void error_has_code_and_message(void **state)
{
    const struct error_row *row = *state;
    char expected[SEEN_BYTES];
    struct batch *batch = batch_create(&ws_framing);
    (void)snprintf(expected, sizeof(expected), "{\"id\":7,\"error\":{\"code\":%s}}", row->rest);
    centrifuge_encode_error(batch, 7, row->code);
    assert_frame(batch, expected);
}

static const struct publication_row {
    const char *name;
    const char *channel;
    uint64_t offset;
    const char *payload;
    const char *info;
    const char *expected;
} publication_rows[] = {
    {"publication_is_pushed", "lobby", 7, "{\"a\":1}", "",
     "{\"push\":{\"channel\":\"lobby\",\"pub\":{\"data\":{\"a\":1},\"offset\":7}}}"},
    {"publication_without_an_offset_has_none", "lobby", 0, "1", "",
     "{\"push\":{\"channel\":\"lobby\",\"pub\":{\"data\":1}}}"},
    {"server_api_is_no_publisher", "lobby", 7, "1", "{}",
     "{\"push\":{\"channel\":\"lobby\",\"pub\":{\"data\":1,\"offset\":7}}}"},
    {"tags_are_told", "lobby", 7, "1", "{\"tags\":{\"a\":\"b\"}}",
     "{\"push\":{\"channel\":\"lobby\",\"pub\":{\"data\":1,\"offset\":7,\"tags\":{\"a\":\"b\"}}"
     "}}"},
    {"publisher_is_told", "lobby", 7, "1", "{\"user\":\"bob\"}",
     "{\"push\":{\"channel\":\"lobby\",\"pub\":{\"data\":1,\"offset\":7,"
     "\"info\":{\"user\":\"bob\"}}}}"},
    {"data_keeps_its_bytes", "lobby", 1, "{ \"b\" : 1.0,\t\"a\":1e2, \"c\":\"\\u0041\" }", "",
     "{\"push\":{\"channel\":\"lobby\",\"pub\":"
     "{\"data\":{ \"b\" : 1.0,\t\"a\":1e2, \"c\":\"\\u0041\" },\"offset\":1}}}"},
    {"newlines_of_data_become_blanks", "lobby", 1, "{\n  \"a\": 1\n}\n", "",
     "{\"push\":{\"channel\":\"lobby\",\"pub\":{\"data\":{   \"a\": 1 } ,\"offset\":1}}}"},
    {"escaped_newline_of_data_stays", "lobby", 1, "\"a\\nb\"", "",
     "{\"push\":{\"channel\":\"lobby\",\"pub\":{\"data\":\"a\\nb\",\"offset\":1}}}"},
    {"name_of_the_channel_is_quoted", "a\"b\\c", 0, "1", "",
     "{\"push\":{\"channel\":\"a\\\"b\\\\c\",\"pub\":{\"data\":1}}}"},
    {"name_beyond_ascii_is_left_as_it_is", "caf\xc3\xa9", 0, "1", "",
     "{\"push\":{\"channel\":\"caf\xc3\xa9\",\"pub\":{\"data\":1}}}"},
    {"largest_offset_is_written", "lobby", UINT64_MAX, "1", "",
     "{\"push\":{\"channel\":\"lobby\",\"pub\":{\"data\":1,\"offset\":18446744073709551615}}}"},
};

static void publication_is_pushed_so(void **state)
{
    const struct publication_row *row = *state;
    struct batch *batch = batch_create(&ws_framing);
    struct publication *publication =
        publication_create(row->offset, slice_of(row->payload), slice_of(row->info));
    centrifuge_encode_publication(batch, row->channel, publication);
    /* others get the same publication: its bytes have not changed */
    assert_memory_equal(publication_payload(publication).bytes, row->payload,
                        strlen(row->payload));
    publication_unref(publication);
    assert_frame(batch, row->expected);
}

static void publication_in_a_result_has_data_offset_and_info(void **state)
{
    (void)state;
    struct publication *publication =
        publication_create(3, slice_of("{\"a\":1}"), slice_of("{\"user\":\"b\"}"));
    struct json_out out = {.bytes = NULL};
    centrifuge_write_publication(&out, publication);
    char *text = json_out_finish(&out);
    publication_unref(publication);
    assert_string_equal(text, "{\"data\":{\"a\":1},\"offset\":3,\"info\":{\"user\":\"b\"}}");
    free(text);
}

static void join_says_who(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    centrifuge_encode_presence(
        batch, "a\"b", &(struct broker_presence){BROKER_JOIN, 1, 1, "bob", "c-1", "{\"x\":1}"});
    assert_frame(batch, "{\"push\":{\"channel\":\"a\\\"b\",\"join\":{\"info\":"
                        "{\"client\":\"c-1\",\"user\":\"bob\",\"conn_info\":{\"x\":1}}}}}");
}

static void leave_says_who(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    centrifuge_encode_presence(
        batch, "lobby", &(struct broker_presence){BROKER_LEAVE, 2, 1, "", "c-1", "null"});
    assert_frame(batch, "{\"push\":{\"channel\":\"lobby\",\"leave\":{\"info\":"
                        "{\"client\":\"c-1\",\"user\":\"\"}}}}");
}

static void subscription_unasked_has_its_position(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    centrifuge_encode_subscribe(batch, "a\"b", "e1", 5);
    assert_frame(batch, "{\"push\":{\"channel\":\"a\\\"b\",\"subscribe\":{\"recoverable\":true,"
                        "\"positioned\":true,\"epoch\":\"e1\",\"offset\":5}}}");
}

static void unsubscription_has_code_and_reason(void **state)
{
    (void)state;
    struct batch *batch = batch_create(&ws_framing);
    centrifuge_encode_unsubscribe(batch, "a\"b", CENTRIFUGE_INSUFFICIENT_STATE, "gone");
    assert_frame(batch, "{\"push\":{\"channel\":\"a\\\"b\",\"unsubscribe\":{\"code\":2500,"
                        "\"reason\":\"gone\"}}}");
}

static void client_is_quoted(void **state)
{
    (void)state;
    char *text = client_info_print("c-1", "al\"ice\\", "null");
    assert_string_equal(text, "{\"client\":\"c-1\",\"user\":\"al\\\"ice\\\\\"}");
    free(text);
}

static void presence_is_by_client(void **state)
{
    (void)state;
    static const struct broker_member members[] = {{"c-1", "bob", "null", 0},
                                                   {"c-2", "bob", "{\"x\":1}", 0}};
    char *text = centrifuge_print_presence(
        &(struct broker_reply){.members = members, .member_count = 2}, /* limit_bytes= */ 0);
    assert_string_equal(text, "{\"presence\":{\"c-1\":{\"client\":\"c-1\",\"user\":\"bob\"},"
                              "\"c-2\":{\"client\":\"c-2\",\"user\":\"bob\","
                              "\"conn_info\":{\"x\":1}}}}");
    free(text);
}

static void presence_of_nobody_is_an_empty_object(void **state)
{
    (void)state;
    char *text = centrifuge_print_presence(&(struct broker_reply){.member_count = 0}, 0);
    assert_string_equal(text, "{\"presence\":{}}");
    free(text);
}

static void long_presence_ends_with_the_member_that_passes_the_limit(void **state)
{
    (void)state;
    static const struct broker_member members[] = {
        {"c-1", "bob", "null", 0}, {"c-2", "bob", "null", 0}, {"c-3", "bob", "null", 0}};
    char *text = centrifuge_print_presence(
        &(struct broker_reply){.members = members, .member_count = 3}, /* limit_bytes= */ 50);
    assert_string_equal(text, "{\"presence\":{\"c-1\":{\"client\":\"c-1\",\"user\":\"bob\"},"
                              "\"c-2\":{\"client\":\"c-2\",\"user\":\"bob\"}}}");
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_octet_alone_is_broken),
        cmocka_unit_test(zero_octet_after_a_command_is_broken),
        cmocka_unit_test(deep_frame_is_broken),
        cmocka_unit_test(params_of_another_type_are_missing),
        cmocka_unit_test(ping_is_an_empty_object),
        cmocka_unit_test(reply_has_id_and_method),
        cmocka_unit_test(newlines_of_a_reply_become_blanks),
        cmocka_unit_test(publication_in_a_result_has_data_offset_and_info),
        cmocka_unit_test(join_says_who),
        cmocka_unit_test(leave_says_who),
        cmocka_unit_test(subscription_unasked_has_its_position),
        cmocka_unit_test(unsubscription_has_code_and_reason),
        cmocka_unit_test(client_is_quoted),
        cmocka_unit_test(presence_is_by_client),
        cmocka_unit_test(presence_of_nobody_is_an_empty_object),
        cmocka_unit_test(long_presence_ends_with_the_member_that_passes_the_limit),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, frame_rows, frame_holds_these_commands);
    UNIT_ADD_ROWS(&suite, error_rows, error_has_code_and_message);
    UNIT_ADD_ROWS(&suite, publication_rows, publication_is_pushed_so);
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "centrifuge_codec");
}
