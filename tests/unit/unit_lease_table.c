/*
 * Tests of the table of leases: what a look has found, whoever wrote it.
 */
#include "lease_table.h"

#include "unit.h"

#include <string.h>

static void lease_is_alive_until_its_end(void **state)
{
    struct lease_table *table = lease_table_create();
    (void)state;
    lease_table_add(table, "n1:7", 1000);
    assert_true(lease_table_is_alive(table, "n1", 7, 999));
    assert_false(lease_table_is_alive(table, "n1", 7, 1000));
    assert_false(lease_table_is_alive(table, "n1", 8, 999));
    assert_false(lease_table_is_alive(table, "n2", 7, 999));
    lease_table_destroy(table);
}

/* In Redis names are octets: two may be one text, up to a zero among them. */
static void name_that_comes_twice_is_one_lease(void **state)
{
    struct lease_table *table = lease_table_create();
    (void)state;
    lease_table_add(table, "n1:7", 2000);
    lease_table_add(table, "n1:7", 1000);
    assert_true(lease_table_is_alive(table, "n1", 7, 1999));
    lease_table_destroy(table);
}

static void clearing_forgets_all(void **state)
{
    struct lease_table *table = lease_table_create();
    (void)state;
    lease_table_add(table, "n1:7", 1000);
    lease_table_clear(table);
    assert_false(lease_table_is_alive(table, "n1", 7, 0));
    lease_table_add(table, "n1:7", 1000);
    assert_true(lease_table_is_alive(table, "n1", 7, 0));
    lease_table_destroy(table);
}

static void note_ended(void *context, const char *name, int64_t end_ms)
{
    char *names = context;
    assert_int_equal(end_ms, 1000);
    strcat(names, name);
}

static void only_what_has_ended_is_told(void **state)
{
    struct lease_table *table = lease_table_create();
    char names[64] = "";
    (void)state;
    lease_table_add(table, "n1:7", 1000);
    lease_table_add(table, "n2:9", 2000);
    lease_table_each_ended(table, 1001, note_ended, names);
    assert_string_equal(names, "n1:7");
    lease_table_destroy(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lease_is_alive_until_its_end),
        cmocka_unit_test(name_that_comes_twice_is_one_lease),
        cmocka_unit_test(clearing_forgets_all),
        cmocka_unit_test(only_what_has_ended_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
