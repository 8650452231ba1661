/*
 * Limits that were hit: counted each time, logged once a second.
 */
#include "limit.h"

#include "fake_clock.h"
#include "log.h"
#include "metrics.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What limit_hit writes to stderr for so many hits. *new* */
static char *log_of_hits(enum limit limit, size_t count)
{
    char text[4096] = "";
    int old = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    log_configure(LOG_WARN, LOG_LOGFMT);
    for (size_t i = 0; i < count; i++)
        limit_hit(limit);
    log_configure(LOG_ERROR, LOG_LOGFMT);
    assert_true(dup2(old, STDERR_FILENO) >= 0);
    close(old);
    rewind(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    return strdup(text);
}

static size_t lines_of(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void many_hits_are_one_line_a_second(void **state)
{
    (void)state;
    int64_t before = metrics.limit_hits[LIMIT_max_connections];
    char *first = log_of_hits(LIMIT_max_connections, 1000);
    assert_int_equal(lines_of(first), 1);
    assert_non_null(strstr(first, "event=limit_hit limit=max_connections hits=1\n"));
    fake_clock_advance(1000);
    char *second = log_of_hits(LIMIT_max_connections, 5);
    assert_int_equal(lines_of(second), 1);
    assert_non_null(strstr(second, "hits=1000\n")); /* 999 untold ones and this */
    assert_int_equal(metrics.limit_hits[LIMIT_max_connections] - before, 1005);
    free(first);
    free(second);
}

static void each_limit_has_a_line_of_its_own(void **state)
{
    (void)state;
    fake_clock_advance(5000);
    char *one = log_of_hits(LIMIT_max_connections, 1);
    char *other = log_of_hits(LIMIT_files_per_minute, 1);
    assert_int_equal(lines_of(one) + lines_of(other), 2);
    free(one);
    free(other);
}

int main(void)
{
    struct unit_suite suite = {.count = 0};
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_hits_are_one_line_a_second),
        cmocka_unit_test(each_limit_has_a_line_of_its_own),
    };
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "limit");
}
