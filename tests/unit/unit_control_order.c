/*
 * Tests of control_order: what one node orders is what another reads.
 */
#include "control_order.h"

#include "unit.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

static void order_is_read_as_it_was_given(void **state)
{
    json_t *whitelist = json_pack("[s]", "c1");
    const struct control_order given = {.kind = CONTROL_DISCONNECT,
                                        .user = "ann \"a\"",
                                        .client = "",
                                        .channel = "",
                                        .whitelist = whitelist,
                                        .code = 3503,
                                        .reason = "force disconnect",
                                        .expires_at_s = 7};
    struct control_order order = {.user = NULL};
    char *text = control_order_print(&given);
    json_t *root = json_loads(text, 0, NULL);
    (void)state;
    assert_true(control_order_read(root, &order));
    assert_int_equal(order.kind, CONTROL_DISCONNECT);
    assert_string_equal(order.user, given.user);
    assert_true(json_equal(order.whitelist, whitelist));
    assert_int_equal(order.code, 3503);
    assert_string_equal(order.reason, "force disconnect");
    assert_false(order.is_expired);
    assert_int_equal(order.expires_at_s, 7);
    json_decref(root);
    json_decref(whitelist);
    free(text);
}

#define ORDER(kind, user, client, channel, code, reason, expires_at, more)                     \
    "{\"" kind "\":{\"user\":\"" user "\",\"client\":\"" client "\",\"channel\":\"" channel    \
    "\",\"code\":" code ",\"reason\":\"" reason                                                \
    "\",\"expired\":false,\"expires_at\":" expires_at more "}}"
#define DISCONNECT(code, reason) ORDER("disconnect", "ann", "", "", code, reason, "0", "")
#define SUBSCRIBE(channel, more) ORDER("subscribe", "ann", "", channel, "0", "", "0", more)
#define REFRESH(expires_at)      ORDER("refresh", "ann", "", "", "0", "", expires_at, "")
#define OF_41                    "12345678901234567890123456789012345678901"

static const struct row {
    const char *name;
    const char *text;
} good_rows[] = {
    {"close_with_the_longest_reason_is_understood", DISCONNECT("3000", OF_41 OF_41 OF_41)},
    {"close_with_the_last_code_is_understood", DISCONNECT("4999", "x")},
    {"close_of_a_client_is_understood", ORDER("disconnect", "", "c", "", "3503", "x", "0", "")},
    {"close_with_a_whitelist_is_understood",
     ORDER("disconnect", "ann", "", "", "3503", "x", "0", ",\"whitelist\":[\"c\"]")},
    {"end_of_the_year_9999_is_understood", REFRESH("253402300799")},
    {"place_is_understood", SUBSCRIBE("c", ",\"position\":{\"offset\":1,\"epoch\":\"e\"}")},
    {"unsubscribe_from_all_is_understood",
     ORDER("unsubscribe", "ann", "", "", "0", "", "0", "")},
};

static const struct row bad_rows[] = {
    {"order_about_nobody_is_refused", ORDER("disconnect", "", "", "", "3503", "x", "0", "")},
    {"close_without_a_code_is_refused", DISCONNECT("0", "x")},
    {"close_with_a_code_of_the_protocol_is_refused", DISCONNECT("1005", "x")},
    {"close_with_a_code_that_is_none_is_refused", DISCONNECT("70000", "x")},
    {"close_without_a_reason_is_refused", DISCONNECT("3503", "")},
    {"close_with_a_reason_too_long_is_refused", DISCONNECT("3503", OF_41 OF_41 OF_41 "x")},
    {"whitelist_of_numbers_is_refused",
     ORDER("disconnect", "ann", "", "", "3503", "x", "0", ",\"whitelist\":[1]")},
    {"whitelist_that_is_none_is_refused",
     ORDER("disconnect", "ann", "", "", "3503", "x", "0", ",\"whitelist\":{}")},
    {"end_out_of_range_is_refused", REFRESH("9223372036854775807")},
    {"end_in_milliseconds_is_refused", REFRESH("253402300800")},
    {"end_before_1970_is_refused", REFRESH("-5")},
    {"subscribe_to_nothing_is_refused", SUBSCRIBE("", "")},
    {"subscribe_to_no_name_is_refused", SUBSCRIBE("a b", "")},
    {"place_that_is_a_number_is_refused", SUBSCRIBE("c", ",\"position\":5")},
    {"place_before_the_log_is_refused", SUBSCRIBE("c", ",\"position\":{\"offset\":-1}")},
    {"place_between_two_is_refused", SUBSCRIBE("c", ",\"position\":{\"offset\":1.5}")},
    {"place_that_is_null_is_refused", SUBSCRIBE("c", ",\"position\":null")},
    {"place_of_another_type_is_refused", SUBSCRIBE("c", ",\"position\":{\"epoch\":7}")},
    {"order_of_a_newer_node_is_not_understood", "{\"promote\":{\"user\":\"ann\"}}"},
    {"order_without_its_members_is_not_understood", "{\"disconnect\":{\"user\":\"ann\"}}"},
    {"order_that_is_no_object_is_not_understood", "[]"},
    {"order_that_is_no_json_is_not_understood", "disconnect"},
};

static void is_understood(void **state)
{
    const struct row *row = *state;
    struct control_order order = {.user = NULL};
    json_t *root = json_loads(row->text, 0, NULL);
    assert_true(control_order_read(root, &order));
    json_decref(root);
}

static void is_not_understood(void **state)
{
    const struct row *row = *state;
    struct control_order order = {.user = NULL};
    json_t *root = json_loads(row->text, 0, NULL);
    assert_false(control_order_read(root, &order));
    json_decref(root);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_read_as_it_was_given),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, good_rows, is_understood);
    UNIT_ADD_ROWS(&suite, bad_rows, is_not_understood);
    return unit_run(&suite, "control_order");
}
