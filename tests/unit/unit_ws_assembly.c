/*
 * Unit tests of ws_assembly: pieces are put together, and the oldest message is known.
 */
#include "metrics.h"
#include "ws_assembly.h"

#include "fake_clock.h"
#include "unit.h"

#include <string.h>

enum { TIMEOUT_MS = 1000 };

static struct ws_assemblies *assemblies;
static char owners[3];

static int set_up(void **state)
{
    (void)state;
    assemblies = ws_assemblies_create();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ws_assemblies_destroy(assemblies);
    assert_int_equal(metrics.unfinished_bytes, 0);
    return 0;
}

static void pieces_are_put_together(void **state)
{
    struct ws_assembly *assembly = ws_assembly_begin(assemblies, &owners[0]);
    (void)state;
    assert_int_equal(ws_assembly_length(assembly), 0);
    ws_assembly_append(assembly, "one ", 4, 1000);
    ws_assembly_append(assembly, "", 0, 1000);
    ws_assembly_append(assembly, "two", 3, 1000);
    assert_int_equal(ws_assembly_length(assembly), 7);
    assert_memory_equal(ws_assembly_bytes(assembly), "one two", 7);
    ws_assembly_end(assembly);
}

static void room_follows_what_has_come_and_not_what_is_promised(void **state)
{
    struct ws_assembly *assembly = ws_assembly_begin(assemblies, &owners[0]);
    (void)state;
    ws_assembly_append(assembly, "x", 1, 1 << 20);
    assert_in_range(metrics.unfinished_bytes, 1, 1024);
    for (int i = 0; i < 9999; i++)
        ws_assembly_append(assembly, "x", 1, 10000);
    assert_int_equal(metrics.unfinished_bytes, 10000);
    ws_assembly_end(assembly);
}

static void who_began_first_is_overdue_first(void **state)
{
    struct ws_assembly *each[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        each[i] = ws_assembly_begin(assemblies, &owners[i]);
        fake_clock_advance(10);
    }
    assert_ptr_equal(ws_assemblies_oldest(assemblies), &owners[0]);
    assert_null(ws_assemblies_overdue(assemblies, TIMEOUT_MS));
    fake_clock_advance(TIMEOUT_MS);
    ws_assembly_end(each[1]);
    assert_ptr_equal(ws_assemblies_overdue(assemblies, TIMEOUT_MS), &owners[0]);
    ws_assembly_restart(each[0]);
    assert_ptr_equal(ws_assemblies_overdue(assemblies, TIMEOUT_MS), &owners[2]);
    ws_assembly_end(each[2]);
    assert_ptr_equal(ws_assemblies_oldest(assemblies), &owners[0]);
    assert_null(ws_assemblies_overdue(assemblies, TIMEOUT_MS));
    ws_assembly_end(each[0]);
    assert_null(ws_assemblies_oldest(assemblies));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pieces_are_put_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(room_follows_what_has_come_and_not_what_is_promised,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_began_first_is_overdue_first, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
