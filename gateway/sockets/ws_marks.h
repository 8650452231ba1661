/*
 * ws_marks - connections that something is to be done with, now or later, in the order in which
 * it falls due.
 *
 * Whoever is closed stays on the list until his turn comes, and is known then by his generation
 * for one who is not there any more: nothing is searched, and a connection keeps nothing for
 * it.
 */
#ifndef PARLEY_WS_MARKS_H
#define PARLEY_WS_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ws_mark {
    int64_t due_ms; /* not before the one added last */
    int descriptor;
    uint32_t generation; /* how often its number was used */
};

/* Begins as zeros. */
struct ws_marks {
    struct ws_mark *marks;
    size_t start; /* those before it are done with */
    size_t end;
    size_t capacity;
};

void ws_marks_finish(struct ws_marks *marks);

void ws_marks_add(struct ws_marks *marks, const struct ws_mark *mark);
size_t ws_marks_count(const struct ws_marks *marks);
/* The first one, which is off the list then; false: none is due. */
bool ws_marks_take(struct ws_marks *marks, int64_t now_ms, struct ws_mark *ret_mark);

#endif
