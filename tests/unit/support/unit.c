/*
 * unit - cmocka, and tables of cases on top of it; see unit.h.
 */
#include "unit.h"

#include "log.h"

#include <assert.h>

void unit_add(struct unit_suite *suite, const struct CMUnitTest *tests, size_t count)
{
    assert(suite->count + count <= UNIT_TESTS_MAX);
    for (size_t i = 0; i < count; i++)
        suite->tests[suite->count++] = tests[i];
}

void unit_add_rows(struct unit_suite *suite, const void *rows, size_t row_bytes, size_t count,
                   CMUnitTestFunction test)
{
    for (size_t i = 0; i < count; i++) {
        const char *row = (const char *)rows + i * row_bytes;
        const struct CMUnitTest one = {.name = *(const char *const *)(const void *)row,
                                       .test_func = test,
                                       .initial_state = (void *)row};
        unit_add(suite, &one, 1);
    }
}

int unit_run(struct unit_suite *suite, const char *name)
{
    log_configure(LOG_ERROR, LOG_LOGFMT); /* what the tests provoke is no news */
    return _cmocka_run_group_tests(name, suite->tests, suite->count, NULL, NULL);
}
