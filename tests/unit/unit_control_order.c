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

static const struct row {
    const char *name;
    const char *text;
} bad_rows[] = {
    {"order_of_a_newer_node_is_not_understood", "{\"promote\":{\"user\":\"ann\"}}"},
    {"order_without_its_members_is_not_understood", "{\"disconnect\":{\"user\":\"ann\"}}"},
    {"order_that_is_no_object_is_not_understood", "[]"},
    {"order_that_is_no_json_is_not_understood", "disconnect"},
};

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
    UNIT_ADD_ROWS(&suite, bad_rows, is_not_understood);
    return unit_run(&suite, "control_order");
}
