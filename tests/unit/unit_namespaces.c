/*
 * Tests of namespaces: what the JSON may say, what it is refused for, and which channel gets
 * what.
 */
#include "namespaces.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const struct namespace_options defaults = {
    .policy = {.history_size = 50, .history_ttl_ms = 60000},
    .has_join_leave = true,
    .presence_limit = 1000,
};

static struct namespaces *create(const char *json)
{
    char *error = NULL;
    struct namespaces *namespaces = namespaces_create(json, &defaults, &error);
    if (!namespaces)
        fail_msg("%s", error);
    return namespaces;
}

/* ------------------------------------------------------------------------------ look-up */

static const char several[] = "{\"chat\":{\"history_size\":7},\"\":{\"history_size\":1}}";
static const char with_others[] = "{\"chat\":{\"history_size\":7},\"*\":{\"history_size\":3}}";

static const struct channel_row {
    const char *name;
    const char *json;
    const char *channel;
    int history_size; /* -1: there is no such namespace */
} channel_rows[] = {
    {"without_namespaces_every_channel_has_the_defaults", "", "chat:42", 50},
    {"empty_object_names_none", "{}", "chat:42", 50},
    {"channel_has_what_its_namespace_says", several, "chat:42", 7},
    {"only_the_first_colon_counts", several, "chat:42:7", 7},
    {"nothing_behind_the_colon_is_still_in_it", several, "chat:", 7},
    {"empty_name_is_for_channels_without_a_colon", several, "lobby", 1},
    {"unnamed_namespace_is_unknown", several, "news:1", -1},
    {"beginning_of_a_name_is_another_namespace", several, "cha:1", -1},
    {"longer_name_is_another_namespace", several, "chats:1", -1},
    {"nothing_before_the_colon_is_no_namespace", several, ":1", -1},
    {"star_is_for_those_not_named", with_others, "news:1", 3},
    {"star_is_not_for_those_named", with_others, "chat:1", 7},
    {"star_is_not_for_channels_without_a_colon", with_others, "lobby", 50},
    {"name_that_is_too_long_is_not_named", with_others,
     "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:1", 3},
};

static void channel_gets_its_options(void **state)
{
    const struct channel_row *row = *state;
    struct namespaces *namespaces = create(row->json);
    const struct namespace_options *options = namespaces_find(namespaces, row->channel);
    assert_int_equal(options ? (int)options->policy.history_size : -1, row->history_size);
    namespaces_destroy(namespaces);
}

static void what_is_not_said_is_the_default(void **state)
{
    (void)state;
    struct namespaces *namespaces = create(several);
    const struct namespace_options *options = namespaces_find(namespaces, "chat:1");
    assert_int_equal(options->policy.history_ttl_ms, 60000);
    assert_int_equal(options->presence_limit, 1000);
    assert_int_equal(options->publish, RIGHT_ANYONE);
    namespaces_destroy(namespaces);
}

static void every_key_is_read(void **state)
{
    (void)state;
    struct namespaces *namespaces =
        create("{\"a\":{\"history_size\":0,\"history_ttl_s\":5,\"subscribe\":\"authenticated\","
               "\"publish\":\"subscriber\",\"history\":\"token\",\"see_presence\":\"anyone\","
               "\"join_leave\":false,\"presence_limit\":9,\"reply_publications\":7}}");
    const struct namespace_options *options = namespaces_find(namespaces, "a:1");
    assert_int_equal(options->policy.history_size, 0);
    assert_int_equal(options->policy.history_ttl_ms, 5000);
    assert_int_equal(options->subscribe, RIGHT_AUTHENTICATED);
    assert_int_equal(options->publish, RIGHT_SUBSCRIBER);
    assert_int_equal(options->history, RIGHT_TOKEN);
    assert_int_equal(options->see_presence, RIGHT_ANYONE);
    assert_int_equal(options->presence_limit, 9);
    assert_int_equal(options->reply_publications, 7);
    assert_false(namespace_pushes_presence(options));
    namespaces_destroy(namespaces);
}

static void store_gets_the_defaults_for_what_is_unknown(void **state)
{
    (void)state;
    struct namespaces *namespaces = create(several);
    struct broker_policies policies = namespaces_policies(namespaces);
    assert_int_equal(policies.find(policies.context, "chat:1")->history_size, 7);
    assert_int_equal(policies.find(policies.context, "news:1")->history_size, 50);
    namespaces_destroy(namespaces);
}

static void presence_is_pushed_where_every_subscriber_may_see_it(void **state)
{
    (void)state;
    struct namespace_options options = defaults;
    assert_true(namespace_pushes_presence(&options));
    options.see_presence = RIGHT_SUBSCRIBER;
    assert_true(namespace_pushes_presence(&options));
    options.see_presence = RIGHT_AUTHENTICATED;
    assert_false(namespace_pushes_presence(&options));
    options.see_presence = RIGHT_TOKEN;
    assert_false(namespace_pushes_presence(&options));
}

/* ----------------------------------------------------------------------------- refusals */

static const struct refusal_row {
    const char *name;
    const char *json;
    const char *named; /* in the error */
} refusal_rows[] = {
    {"text_that_is_no_json_is_refused", "{", "line 1"},
    {"list_is_refused", "[]", "must be a JSON object"},
    {"namespace_that_is_no_object_is_refused", "{\"chat\":5}", "\"chat\" must be an object"},
    {"unknown_key_is_named", "{\"chat\":{\"histroy_size\":5}}", "\"histroy_size\""},
    {"text_for_a_number_is_refused", "{\"chat\":{\"history_size\":\"5\"}}", "whole number"},
    {"negative_size_is_refused", "{\"chat\":{\"history_size\":-1}}", "\"history_size\""},
    {"size_over_the_cap_is_refused", "{\"chat\":{\"history_size\":10001}}", "10000"},
    {"lifetime_of_nothing_is_refused", "{\"chat\":{\"history_ttl_s\":0}}", "\"history_ttl_s\""},
    {"list_of_nobody_is_refused", "{\"chat\":{\"presence_limit\":0}}", "from 1 to 100000"},
    {"unknown_right_is_refused", "{\"chat\":{\"publish\":\"all\"}}", "subscriber"},
    {"subscribing_as_a_subscriber_is_refused", "{\"chat\":{\"subscribe\":\"subscriber\"}}",
     "\"subscribe\""},
    {"number_for_a_switch_is_refused", "{\"chat\":{\"join_leave\":1}}", "true or false"},
    {"name_with_a_colon_is_refused", "{\"a:b\":{}}", "colons"},
    {"name_that_is_too_long_is_refused",
     "{\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\":{}}", "64"},
    {"name_that_stands_there_twice_is_refused", "{\"a\":{},\"a\":{}}", "duplicate"},
};

static void json_is_refused(void **state)
{
    const struct refusal_row *row = *state;
    char *error = NULL;
    assert_null(namespaces_create(row->json, &defaults, &error));
    if (!strstr(error, row->named))
        fail_msg("\"%s\" is not in: %s", row->named, error);
    free(error);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_is_the_default),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(store_gets_the_defaults_for_what_is_unknown),
        cmocka_unit_test(presence_is_pushed_where_every_subscriber_may_see_it),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, channel_rows, channel_gets_its_options);
    UNIT_ADD_ROWS(&suite, refusal_rows, json_is_refused);
    return unit_run(&suite, "namespaces");
}
