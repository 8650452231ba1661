/*
 * Tests of the set of names that forgets.
 */
#include "name_cache.h"

#include "unit.h"

#include <stdio.h>

enum { NAME_BYTES = 32, MANY = 100000 };

static int set_up(void **state)
{
    *state = name_cache_create();
    return 0;
}

static int tear_down(void **state)
{
    name_cache_destroy(*state);
    return 0;
}

static void name_that_was_added_is_there(void **state)
{
    name_cache_add(*state, "lobby");
    assert_true(name_cache_has(*state, "lobby"));
}

static void name_that_was_not_added_is_not_there(void **state)
{
    assert_false(name_cache_has(*state, "lobby"));
    assert_false(name_cache_has(*state, ""));
    name_cache_add(*state, "lobby");
    assert_false(name_cache_has(*state, "lobbies"));
}

static int count_known(const struct name_cache *cache, int from, int to)
{
    char name[NAME_BYTES];
    int count = 0;
    for (int i = from; i < to; i++) {
        (void)snprintf(name, sizeof(name), "name-%d", i);
        count += name_cache_has(cache, name);
    }
    return count;
}

static void names_take_the_places_of_others(void **state)
{
    char name[NAME_BYTES];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), "name-%d", i);
        name_cache_add(*state, name);
        assert_true(name_cache_has(*state, name));
    }
    assert_in_range(count_known(*state, 0, MANY), 8000, 8192);
    assert_in_range(count_known(*state, MANY - 100, MANY), 90, 100);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(name_that_was_added_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(name_that_was_not_added_is_not_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(names_take_the_places_of_others, set_up, tear_down),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "name_cache");
}
