/*
 * ctl_findings - what a look at some keys found wrong.
 *
 * Nodes work on while the doctor looks, so one look proves nothing: what is wrong in each of
 * several is. Two findings are the same if kind, key, mark and text are.
 */
#ifndef PARLEY_CTL_FINDINGS_H
#define PARLEY_CTL_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct findings;

struct finding {
    const char *kind; /* "count_wrong": for scripts */
    char *key;
    char *text; /* for people; holds what strangers chose */
};

/* limit: those beyond it are left out, and findings_is_cut says so. *new* */
struct findings *findings_create(size_t limit);
void findings_destroy(struct findings *findings); /* takes NULL */

/* kind is borrowed for ever. mark: what tells this state of affairs from a later one that
 * would be told in the same words; 0 where the words do. */
__attribute__((format(printf, 5, 6))) void findings_add(struct findings *findings,
                                                        const char *kind, const char *key,
                                                        uint64_t mark, const char *format, ...);

size_t findings_count(const struct findings *findings);
bool findings_is_cut(const struct findings *findings);

/* Leaves those that are in the other one too. */
void findings_keep_common(struct findings *findings, const struct findings *other);
/* Copies them over. */
void findings_add_all(struct findings *findings, const struct findings *other);

/* One by one, in the order they were found: start with *cursor = NULL; NULL at the end. */
const struct finding *findings_next(const struct findings *findings, const void **cursor);

#endif
