/*
 * ws_marks - connections that something is to be done with; see ws_marks.h.
 */
#include "ws_marks.h"

#include "mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void ws_marks_finish(struct ws_marks *marks)
{
    free(marks->marks);
    *marks = (struct ws_marks){.marks = NULL};
}

size_t ws_marks_count(const struct ws_marks *marks)
{
    return marks->end - marks->start;
}

/* Moves to the front only if that makes room for as many again. */
static void make_room(struct ws_marks *marks)
{
    size_t count = ws_marks_count(marks);
    if (marks->start < count || marks->start == 0) {
        marks->marks =
            mem_grow(marks->marks, marks->end, &marks->capacity, sizeof(*marks->marks));
        return;
    }
    memcpy(marks->marks, marks->marks + marks->start, count * sizeof(*marks->marks));
    marks->start = 0;
    marks->end = count;
}

void ws_marks_add(struct ws_marks *marks, const struct ws_mark *mark)
{
    assert(ws_marks_count(marks) == 0 || marks->marks[marks->end - 1].due_ms <= mark->due_ms);
    if (marks->end == marks->capacity)
        make_room(marks);
    marks->marks[marks->end++] = *mark;
}

bool ws_marks_take(struct ws_marks *marks, int64_t now_ms, struct ws_mark *ret_mark)
{
    if (ws_marks_count(marks) == 0 || marks->marks[marks->start].due_ms > now_ms)
        return false;
    *ret_mark = marks->marks[marks->start++];
    if (marks->start == marks->end)
        marks->start = marks->end = 0;
    return true;
}
