/*
 * Tests of auth: who has to show a token, who may enter which channel, and for how long.
 */
#include "auth.h"

#include "clock.h"
#include "fake_clock.h"
#include "hub.h"
#include "unit.h"

#include <string.h>

/* ------------------------------------------------------------------------------- channels */

static const struct channel_row {
    const char *name;
    const char *channel;
    const char *user;
    bool may_enter;
} channel_rows[] = {
    {"plain_channel_is_for_everybody", "lobby", "alice", true},
    {"plain_channel_is_for_the_anonymous", "lobby", "", true},
    {"user_named_may_enter", "inbox#42", "42", true},
    {"other_user_may_not_enter", "inbox#42", "43", false},
    {"anonymous_may_not_enter", "inbox#42", "", false},
    {"first_of_two_may_enter", "inbox#42,43", "42", true},
    {"last_of_two_may_enter", "inbox#42,43", "43", true},
    {"middle_one_of_three_may_enter", "inbox#42,43,44", "43", true},
    {"beginning_of_a_name_is_not_enough", "inbox#42", "4", false},
    {"end_of_a_name_is_not_enough", "inbox#42", "2", false},
    {"longer_name_is_another_one", "inbox#42", "423", false},
    {"beginning_of_the_second_name_is_not_enough", "inbox#42,43", "4", false},
    {"name_before_the_sign_is_not_on_the_list", "42#43", "42", false},
    {"nobody_is_on_an_empty_list", "inbox#", "42", false},
    {"anonymous_is_not_on_an_empty_list", "inbox#", "", false},
    {"anonymous_is_not_an_empty_place_in_the_list", "inbox#42,,43", "", false},
    {"name_after_an_empty_place_may_enter", "inbox#42,,43", "43", true},
    {"comma_at_the_end_changes_nothing", "inbox#42,", "42", true},
    {"large_and_small_letters_are_told_apart", "inbox#Alice", "alice", false},
    {"blank_in_a_name_is_part_of_it", "inbox#al ice", "al", false},
    {"name_with_a_comma_is_not_two_names", "inbox#42,43", "42,43", false},
    {"name_with_a_comma_is_not_the_end_of_the_list", "inbox#1,42,43", "42,43", false},
};

static void channel_is_for_those_it_names(void **state)
{
    const struct channel_row *row = *state;
    assert_int_equal(auth_may_enter(row->channel, row->user), row->may_enter);
}

/* ---------------------------------------------------------------------------------- time */

static int64_t now_s(void)
{
    return clock_wall_ms() / 1000;
}

static void ttl_is_what_is_left(void **state)
{
    (void)state;
    assert_int_equal(auth_ttl_s(now_s() + 60), 60);
}

static void ttl_shrinks_as_time_passes(void **state)
{
    (void)state;
    int64_t expires_at_s = now_s() + 60;
    fake_clock_advance(10000);
    assert_int_equal(auth_ttl_s(expires_at_s), 50);
}

/* 0 would be "never" to some SDKs. */
static void ttl_is_at_least_1(void **state)
{
    (void)state;
    assert_int_equal(auth_ttl_s(now_s()), 1);
    assert_int_equal(auth_ttl_s(now_s() - 5), 1);
}

static const struct chat_options with_grace = {.token_grace_s = 20};
static const struct hub hub_with_grace = {.options = &with_grace};

static void what_never_expires_is_never_over(void **state)
{
    (void)state;
    assert_false(auth_is_over(&hub_with_grace, 0));
    assert_int_equal(auth_over_ms(&hub_with_grace, 0), INT64_MAX);
}

static void what_expires_later_is_not_over(void **state)
{
    (void)state;
    assert_false(auth_is_over(&hub_with_grace, now_s() + 1));
}

static void what_has_expired_is_kept_for_its_grace(void **state)
{
    (void)state;
    int64_t expires_at_s = now_s();
    fake_clock_advance(with_grace.token_grace_s * 1000);
    assert_false(auth_is_over(&hub_with_grace, expires_at_s));
    fake_clock_advance(1000);
    assert_true(auth_is_over(&hub_with_grace, expires_at_s));
}

static void it_is_over_when_it_was_told_to_be(void **state)
{
    (void)state;
    int64_t expires_at_s = now_s() + 5;
    int64_t over_ms = auth_over_ms(&hub_with_grace, expires_at_s);
    fake_clock_advance(over_ms - clock_now_ms() - 1);
    assert_false(auth_is_over(&hub_with_grace, expires_at_s));
    fake_clock_advance(1);
    assert_true(auth_is_over(&hub_with_grace, expires_at_s));
}

/* -------------------------------------------------------------------------------- tokens */

static const struct required_row {
    const char *name;
    bool has_keys;
    bool is_anonymous_allowed;
    bool is_required;
} required_rows[] = {
    {"without_keys_no_token_is_required", false, false, false},
    {"with_keys_a_token_is_required", true, false, true},
    {"anonymous_clients_may_be_allowed_although_there_are_keys", true, true, false},
};

static struct token_keys *create_keys(void)
{
    char *error = NULL;
    struct token_keys *keys = token_keys_create(
        &(struct token_key_options){.hmac_secret = "a secret of thirty-two octets or more"},
        &error);
    assert_non_null(keys);
    return keys;
}

static void token_is_required_or_not(void **state)
{
    const struct required_row *row = *state;
    struct token_keys *keys = row->has_keys ? create_keys() : NULL;
    struct chat_options options = {.token_keys = keys,
                                   .is_anonymous_allowed = row->is_anonymous_allowed};
    assert_int_equal(auth_is_required(&(struct hub){.options = &options}), row->is_required);
    token_keys_destroy(keys);
}

static void without_keys_every_token_is_invalid(void **state)
{
    (void)state;
    struct chat_options options = {.token_keys = NULL};
    struct token token;
    memset(&token, 0xff, sizeof(token));
    assert_int_equal(auth_check(&(struct hub){.options = &options}, "a.b.c", &token),
                     TOKEN_INVALID);
    assert_true(strlen(token.error) > 0);
    token_finish(&token);
}

static void nonsense_is_an_invalid_token(void **state)
{
    (void)state;
    struct token_keys *keys = create_keys();
    struct chat_options options = {.token_keys = keys};
    struct token token;
    assert_int_equal(auth_check(&(struct hub){.options = &options}, "", &token), TOKEN_INVALID);
    token_finish(&token);
    token_keys_destroy(keys);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ttl_is_what_is_left),
        cmocka_unit_test(ttl_shrinks_as_time_passes),
        cmocka_unit_test(ttl_is_at_least_1),
        cmocka_unit_test(what_never_expires_is_never_over),
        cmocka_unit_test(what_expires_later_is_not_over),
        cmocka_unit_test(what_has_expired_is_kept_for_its_grace),
        cmocka_unit_test(it_is_over_when_it_was_told_to_be),
        cmocka_unit_test(without_keys_every_token_is_invalid),
        cmocka_unit_test(nonsense_is_an_invalid_token),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, channel_rows, channel_is_for_those_it_names);
    UNIT_ADD_ROWS(&suite, required_rows, token_is_required_or_not);
    return unit_run(&suite, "auth");
}
