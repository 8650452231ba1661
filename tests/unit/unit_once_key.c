/*
 * Tests of once_key: whose a key is, and what is published by it.
 */
#include "once_key.h"

#include "unit.h"

#include <string.h>

struct use {
    enum once_owner owner;
    const char *user;
    const char *key;
    const char *data;
    const char *besides;
};

static struct once_key key_of(const struct use *use)
{
    struct once_key once;
    once_key_init(&once, use->owner, use->user, use->key, slice_of(use->data),
                  slice_of(use->besides));
    assert_int_equal(strlen(once.digest), ONCE_DIGEST_BYTES - 1);
    return once;
}

static const struct row {
    const char *name;
    struct use first;
    struct use second;
    bool is_same_key;
    bool is_same_digest;
} rows[] = {
    {"same_use_is_the_same",
     {ONCE_SDK, "ann", "k", "1", ""},
     {ONCE_SDK, "ann", "k", "1", ""},
     true,
     true},
    {"other_data_is_told_by_the_digest",
     {ONCE_SDK, "ann", "k", "1", ""},
     {ONCE_SDK, "ann", "k", "2", ""},
     true,
     false},
    {"what_is_said_besides_is_told_by_the_digest",
     {ONCE_SERVER, "", "k", "1", "{}"},
     {ONCE_SERVER, "", "k", "1", "{\"tags\":{}}"},
     true,
     false},
    {"nothing_moves_from_data_to_what_is_besides",
     {ONCE_SERVER, "", "k", "12", "3"},
     {ONCE_SERVER, "", "k", "1", "23"},
     true,
     false},
    {"key_of_another_user_is_another",
     {ONCE_SDK, "ann", "k", "1", ""},
     {ONCE_SDK, "ben", "k", "1", ""},
     false,
     true},
    {"key_of_another_dialect_is_another",
     {ONCE_SDK, "ann", "k", "1", ""},
     {ONCE_LUCHAT, "ann", "k", "1", ""},
     false,
     true},
    {"key_of_the_server_is_not_the_operator_s",
     {ONCE_SERVER, "", "k", "1", ""},
     {ONCE_OPERATOR, "", "k", "1", ""},
     false,
     true},
    {"blank_does_not_move_from_the_user_to_the_key",
     {ONCE_SDK, "ann b", "k", "1", ""},
     {ONCE_SDK, "ann", "b k", "1", ""},
     false,
     true},
    {"nobody_cannot_write_a_user_s_key",
     {ONCE_SDK, "", "3 ann k", "1", ""},
     {ONCE_SDK, "ann", "k", "1", ""},
     false,
     true},
};

static void key_tells_whose_it_is_and_what_for(void **state)
{
    const struct row *row = *state;
    struct once_key first = key_of(&row->first);
    struct once_key second = key_of(&row->second);
    assert_int_equal(strcmp(first.name, second.name) == 0, row->is_same_key);
    assert_int_equal(strcmp(first.digest, second.digest) == 0, row->is_same_digest);
    once_key_finish(&first);
    once_key_finish(&second);
}

static void bound_key_is_another_for_other_data(void **state)
{
    (void)state;
    struct once_key first = key_of(&(struct use){ONCE_LUCHAT, "ann", "12:00", "1", ""});
    struct once_key second = key_of(&(struct use){ONCE_LUCHAT, "ann", "12:00", "2", ""});
    once_key_bind(&first);
    once_key_bind(&second);
    assert_string_not_equal(first.name, second.name);
    once_key_finish(&first);
    once_key_finish(&second);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bound_key_is_another_for_other_data),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, rows, key_tells_whose_it_is_and_what_for);
    return unit_run(&suite, "once_key");
}
