/*
 * unit - cmocka, and tables of cases on top of it.
 *
 * A suite is a list of tests. A table's rows become tests of their own, named by the row's
 * first member, so that each row passes or fails by itself.
 */
#ifndef PARLEY_UNIT_H
#define PARLEY_UNIT_H

/* cmocka.h does not include what it needs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

enum { UNIT_TESTS_MAX = 200 };

struct unit_suite {
    struct CMUnitTest tests[UNIT_TESTS_MAX];
    size_t count;
};

void unit_add(struct unit_suite *suite, const struct CMUnitTest *tests, size_t count);

/* A row begins with a const char * that names the test; *state is the row. */
void unit_add_rows(struct unit_suite *suite, const void *rows, size_t row_bytes, size_t count,
                   CMUnitTestFunction test);

/* For main to return. */
int unit_run(struct unit_suite *suite, const char *name);

#define UNIT_COUNT(array)      (sizeof(array) / sizeof((array)[0]))
#define UNIT_ADD(suite, tests) unit_add(suite, tests, UNIT_COUNT(tests))
#define UNIT_ADD_ROWS(suite, rows, test)                                                       \
    unit_add_rows(suite, rows, sizeof((rows)[0]), UNIT_COUNT(rows), test)

#endif
