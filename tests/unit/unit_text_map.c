/*
 * Tests of text_map: what was added is found, in the order it was added.
 */
#include "text_map.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct text_map *map;
static int objects[1000];

static int set_up(void **state)
{
    (void)state;
    map = text_map_create();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    text_map_destroy(map);
    return 0;
}

static void object_is_found_by_its_key(void **state)
{
    (void)state;
    text_map_add(map, "a", &objects[0]);
    text_map_add(map, "b", &objects[1]);
    assert_ptr_equal(text_map_find(map, "a"), &objects[0]);
    assert_ptr_equal(text_map_find(map, "b"), &objects[1]);
}

static void unknown_key_finds_nothing(void **state)
{
    (void)state;
    text_map_add(map, "lobby", &objects[0]);
    assert_null(text_map_find(map, "lobb"));
    assert_null(text_map_find(map, "lobby2"));
    assert_null(text_map_find(map, ""));
}

static void empty_key_is_a_key(void **state)
{
    (void)state;
    text_map_add(map, "", &objects[0]);
    assert_ptr_equal(text_map_find(map, ""), &objects[0]);
}

static void key_is_copied(void **state)
{
    (void)state;
    char key[] = "lobby";
    text_map_add(map, key, &objects[0]);
    memset(key, 'x', strlen(key));
    assert_ptr_equal(text_map_find(map, "lobby"), &objects[0]);
}

static void removal_answers_what_was_there(void **state)
{
    (void)state;
    text_map_add(map, "a", &objects[0]);
    assert_ptr_equal(text_map_remove(map, "a"), &objects[0]);
}

static void removed_key_finds_nothing(void **state)
{
    (void)state;
    text_map_add(map, "a", &objects[0]);
    text_map_remove(map, "a");
    assert_null(text_map_find(map, "a"));
}

static void removed_key_may_be_added_again(void **state)
{
    (void)state;
    text_map_add(map, "a", &objects[0]);
    text_map_remove(map, "a");
    text_map_add(map, "a", &objects[1]);
    assert_ptr_equal(text_map_find(map, "a"), &objects[1]);
}

static void removing_an_unknown_key_changes_nothing(void **state)
{
    (void)state;
    text_map_add(map, "a", &objects[0]);
    assert_null(text_map_remove(map, "b"));
    assert_int_equal(text_map_count(map), 1);
}

static void new_map_is_empty(void **state)
{
    (void)state;
    const void *cursor = NULL;
    assert_int_equal(text_map_count(map), 0);
    assert_null(text_map_next(map, &cursor));
}

static void add_many(void)
{
    char key[16];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(key, sizeof(key), "key-%d", i);
        text_map_add(map, key, &objects[i]);
    }
}

static void all_of_many_are_found(void **state)
{
    (void)state;
    char key[16];
    add_many();
    assert_int_equal(text_map_count(map), 1000);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(key, sizeof(key), "key-%d", i);
        assert_ptr_equal(text_map_find(map, key), &objects[i]);
    }
}

static void walk_is_in_the_order_of_adding(void **state)
{
    (void)state;
    const void *cursor = NULL;
    add_many();
    for (int i = 0; i < 1000; i++)
        assert_ptr_equal(text_map_next(map, &cursor), &objects[i]);
    assert_null(text_map_next(map, &cursor));
}

static void walk_that_is_over_stays_over(void **state)
{
    (void)state;
    const void *cursor = NULL;
    text_map_add(map, "a", &objects[0]);
    (void)text_map_next(map, &cursor);
    assert_null(text_map_next(map, &cursor));
    assert_null(text_map_next(map, &cursor));
}

static void object_just_met_may_be_removed_while_walking(void **state)
{
    (void)state;
    const void *cursor = NULL;
    const int *object;
    char key[16];
    int met = 0;
    add_many();
    while ((object = text_map_next(map, &cursor))) {
        (void)snprintf(key, sizeof(key), "key-%d", (int)(object - objects));
        assert_ptr_equal(text_map_remove(map, key), object);
        met++;
    }
    assert_int_equal(met, 1000);
    assert_int_equal(text_map_count(map), 0);
}

static void nothing_is_destroyed_without_complaint(void **state)
{
    (void)state;
    text_map_destroy(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(object_is_found_by_its_key),
        TEST(unknown_key_finds_nothing),
        TEST(empty_key_is_a_key),
        TEST(key_is_copied),
        TEST(removal_answers_what_was_there),
        TEST(removed_key_finds_nothing),
        TEST(removed_key_may_be_added_again),
        TEST(removing_an_unknown_key_changes_nothing),
        TEST(new_map_is_empty),
        TEST(all_of_many_are_found),
        TEST(walk_is_in_the_order_of_adding),
        TEST(walk_that_is_over_stays_over),
        TEST(object_just_met_may_be_removed_while_walking),
        TEST(nothing_is_destroyed_without_complaint),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "text_map");
}
