/*
 * journal - what happened, as lines of text, in order.
 *
 * Fakes write down what they are asked for; a test says what it expects to have happened
 * since it last looked, no more and no less.
 */
#ifndef PARLEY_JOURNAL_H
#define PARLEY_JOURNAL_H

#include <stddef.h>

/* Zeroed memory is an empty journal. */
struct journal {
    char **lines;
    size_t count;
    size_t capacity;
};

void journal_add(struct journal *journal, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void journal_clear(struct journal *journal); /* frees all it holds */

/* expected ends with NULL. The journal is empty afterwards. */
void journal_expect(struct journal *journal, const char *const *expected, const char *file,
                    int line);

#define EXPECT(journal, ...)                                                                   \
    journal_expect(journal, (const char *const[]){__VA_ARGS__, NULL}, __FILE__, __LINE__)
#define EXPECT_NOTHING(journal)                                                                \
    journal_expect(journal, (const char *const[]){NULL}, __FILE__, __LINE__)

#endif
