/*
 * Tests of id_table: an id finds its object or nothing, never another.
 */
#include "id_table.h"

#include "unit.h"

static struct id_table *table;
static int objects[1000];

static int set_up(void **state)
{
    (void)state;
    table = id_table_create();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    id_table_destroy(table);
    return 0;
}

static void object_is_found_by_its_id(void **state)
{
    (void)state;
    uint64_t first = id_table_add(table, &objects[0]);
    uint64_t second = id_table_add(table, &objects[1]);
    assert_ptr_equal(id_table_find(table, first), &objects[0]);
    assert_ptr_equal(id_table_find(table, second), &objects[1]);
}

static void id_is_never_zero(void **state)
{
    (void)state;
    assert_true(id_table_add(table, &objects[0]) > 0);
}

static void zero_finds_nothing(void **state)
{
    (void)state;
    (void)id_table_add(table, &objects[0]);
    assert_null(id_table_find(table, 0));
}

static void id_that_was_never_given_finds_nothing(void **state)
{
    (void)state;
    uint64_t id = id_table_add(table, &objects[0]);
    assert_null(id_table_find(table, id + 1));
}

static void removed_object_is_not_found(void **state)
{
    (void)state;
    uint64_t id = id_table_add(table, &objects[0]);
    id_table_remove(table, id);
    assert_null(id_table_find(table, id));
}

static void id_of_a_removed_object_does_not_find_its_successor(void **state)
{
    (void)state;
    uint64_t id = id_table_add(table, &objects[0]);
    id_table_remove(table, id);
    (void)id_table_add(table, &objects[1]);
    assert_null(id_table_find(table, id));
}

static void id_is_never_given_twice(void **state)
{
    (void)state;
    uint64_t previous = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t id = id_table_add(table, &objects[0]);
        assert_true(id > previous); /* the slot is the same each time */
        previous = id;
        id_table_remove(table, id);
    }
}

static void removing_twice_leaves_the_successor_alone(void **state)
{
    (void)state;
    uint64_t id = id_table_add(table, &objects[0]);
    id_table_remove(table, id);
    uint64_t successor = id_table_add(table, &objects[1]);
    id_table_remove(table, id);
    assert_ptr_equal(id_table_find(table, successor), &objects[1]);
}

static void removing_an_unknown_id_changes_nothing(void **state)
{
    (void)state;
    (void)id_table_add(table, &objects[0]);
    id_table_remove(table, 12345);
    assert_int_equal(id_table_count(table), 1);
}

static void objects_are_counted(void **state)
{
    (void)state;
    uint64_t id = id_table_add(table, &objects[0]);
    (void)id_table_add(table, &objects[1]);
    id_table_remove(table, id);
    assert_int_equal(id_table_count(table), 1);
}

static void all_are_found_after_growth(void **state)
{
    (void)state;
    uint64_t ids[1000];
    for (size_t i = 0; i < 1000; i++)
        ids[i] = id_table_add(table, &objects[i]);
    for (size_t i = 0; i < 1000; i++)
        assert_ptr_equal(id_table_find(table, ids[i]), &objects[i]);
}

static void walk_of_an_empty_table_ends_at_once(void **state)
{
    (void)state;
    size_t cursor = 0;
    assert_null(id_table_next(table, &cursor));
}

static void walk_meets_each_object_once(void **state)
{
    (void)state;
    size_t cursor = 0;
    int *object;
    for (size_t i = 0; i < 100; i++) {
        objects[i] = 0;
        (void)id_table_add(table, &objects[i]);
    }
    while ((object = id_table_next(table, &cursor)))
        (*object)++;
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(objects[i], 1);
}

static void walk_passes_over_what_was_removed(void **state)
{
    (void)state;
    size_t cursor = 0;
    uint64_t id = id_table_add(table, &objects[0]);
    (void)id_table_add(table, &objects[1]);
    id_table_remove(table, id);
    assert_ptr_equal(id_table_next(table, &cursor), &objects[1]);
    assert_null(id_table_next(table, &cursor));
}

static void object_just_met_may_be_removed_while_walking(void **state)
{
    (void)state;
    uint64_t ids[10];
    size_t cursor = 0;
    size_t met = 0;
    int *object;
    for (size_t i = 0; i < 10; i++)
        ids[i] = id_table_add(table, &objects[i]);
    while ((object = id_table_next(table, &cursor))) {
        id_table_remove(table, ids[object - objects]);
        met++;
    }
    assert_int_equal(met, 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(object_is_found_by_its_id),
        TEST(id_is_never_zero),
        TEST(zero_finds_nothing),
        TEST(id_that_was_never_given_finds_nothing),
        TEST(removed_object_is_not_found),
        TEST(id_of_a_removed_object_does_not_find_its_successor),
        TEST(id_is_never_given_twice),
        TEST(removing_twice_leaves_the_successor_alone),
        TEST(removing_an_unknown_id_changes_nothing),
        TEST(objects_are_counted),
        TEST(all_are_found_after_growth),
        TEST(walk_of_an_empty_table_ends_at_once),
        TEST(walk_meets_each_object_once),
        TEST(walk_passes_over_what_was_removed),
        TEST(object_just_met_may_be_removed_while_walking),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "id_table");
}
