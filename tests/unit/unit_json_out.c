/*
 * Tests of json_out: commas, quotes and nesting; what comes out is read by jansson.
 */
#include "json_out.h"

#include "unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void assert_written(struct json_out *out, const char *expected)
{
    char *json = json_out_finish(out);
    json_t *root = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_string_equal(json, expected);
    assert_non_null(root);
    json_decref(root);
    free(json);
}

static void values_have_commas_between_them(void **state)
{
    struct json_out out = {.bytes = NULL};
    (void)state;
    json_out_open_array(&out);
    json_out_int(&out, -9223372036854775807LL - 1);
    json_out_uint(&out, 9223372036854775807ULL);
    json_out_bool(&out, true);
    json_out_bool(&out, false);
    json_out_text(&out, NULL);
    json_out_close_array(&out);
    assert_written(&out, "[-9223372036854775808,9223372036854775807,true,false,null]");
}

static void members_have_keys(void **state)
{
    struct json_out out = {.bytes = NULL};
    (void)state;
    json_out_open_object(&out);
    json_out_member_text(&out, "a", "b");
    json_out_member_int(&out, "c", 1);
    json_out_member_uint(&out, "d", 2);
    json_out_member_bool(&out, "e", false);
    json_out_member_raw(&out, "f", slice_of("{\"g\":[]}"));
    json_out_close_object(&out);
    assert_written(&out, "{\"a\":\"b\",\"c\":1,\"d\":2,\"e\":false,\"f\":{\"g\":[]}}");
}

static void brackets_nest(void **state)
{
    struct json_out out = {.bytes = NULL};
    (void)state;
    json_out_open_object(&out);
    json_out_key(&out, "a");
    json_out_open_array(&out);
    json_out_open_object(&out);
    json_out_close_object(&out);
    json_out_open_array(&out);
    json_out_close_array(&out);
    json_out_close_array(&out);
    json_out_member_int(&out, "b", 1);
    json_out_close_object(&out);
    assert_written(&out, "{\"a\":[{},[]],\"b\":1}");
}

static void texts_are_escaped(void **state)
{
    struct json_out out = {.bytes = NULL};
    (void)state;
    json_out_open_object(&out);
    json_out_member_text(&out, "\"", "\\ \n \x01 ü");
    json_out_close_object(&out);
    assert_written(&out, "{\"\\\"\":\"\\\\ \\u000a \\u0001 ü\"}");
}

static void long_ones_grow(void **state)
{
    struct json_out out = {.bytes = NULL};
    (void)state;
    json_out_open_array(&out);
    for (int i = 0; i < 10000; i++)
        json_out_int(&out, i);
    json_out_close_array(&out);
    char *json = json_out_finish(&out);
    json_t *root = json_loads(json, 0, NULL);
    assert_int_equal(json_array_size(root), 10000);
    assert_int_equal(json_integer_value(json_array_get(root, 9999)), 9999);
    json_decref(root);
    free(json);
}

static void written_anew_it_begins_from_nothing(void **state)
{
    struct json_out out = {.bytes = NULL};
    (void)state;
    json_out_int(&out, 1);
    assert_written(&out, "1");
    json_out_text(&out, "2");
    assert_written(&out, "\"2\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_commas_between_them),
        cmocka_unit_test(members_have_keys),
        cmocka_unit_test(brackets_nest),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(long_ones_grow),
        cmocka_unit_test(written_anew_it_begins_from_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
