/*
 * journal - what happened, as lines of text; see journal.h.
 */
#include "journal.h"

#include "mem.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void journal_add(struct journal *journal, const char *format, ...)
{
    va_list args;
    journal->lines =
        mem_grow(journal->lines, journal->count, &journal->capacity, sizeof(char *));
    va_start(args, format);
    int length = vasprintf(&journal->lines[journal->count++], format, args);
    va_end(args);
    assert_true(length >= 0);
}

void journal_clear(struct journal *journal)
{
    for (size_t i = 0; i < journal->count; i++)
        free(journal->lines[i]);
    free(journal->lines);
    *journal = (struct journal){.count = 0};
}

static bool is_as_expected(const struct journal *journal, const char *const *expected)
{
    size_t i = 0;
    while (i < journal->count && expected[i] && strcmp(journal->lines[i], expected[i]) == 0)
        i++;
    return i == journal->count && !expected[i];
}

void journal_expect(struct journal *journal, const char *const *expected, const char *file,
                    int line)
{
    bool is_equal = is_as_expected(journal, expected);
    if (!is_equal) {
        for (size_t i = 0; expected[i]; i++)
            print_error("    expected: %.200s\n", expected[i]);
        for (size_t i = 0; i < journal->count; i++)
            print_error("    happened: %.200s\n", journal->lines[i]);
    }
    journal_clear(journal);
    if (!is_equal)
        _fail(file, line);
}
