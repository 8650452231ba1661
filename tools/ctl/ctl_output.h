/*
 * ctl_output - one result, shown as a table to people and as JSON to scripts.
 *
 * A command gathers its rows as JSON objects; a column says which member it shows, and how.
 */
#ifndef PARLEY_CTL_OUTPUT_H
#define PARLEY_CTL_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum column_kind {
    COLUMN_TEXT,
    COLUMN_NUMBER,
    COLUMN_TIME,     /* ms since 1970 */
    COLUMN_DURATION, /* ms */
    COLUMN_JSON,     /* whatever it is, as it is written */
    COLUMN_STATE,    /* text, in the colour of what it means */
};

struct column {
    const char *title;
    const char *member;
    enum column_kind kind;
};

/* Bytes of a stranger: octets that are no UTF-8 are escaped. *new* */
json_t *output_text(const char *bytes, size_t length);
/* JSON of a stranger as it is; a text if it is none. *new* */
json_t *output_json_of(const char *bytes, size_t length);

/* By one member, and where that is the same by another: texts or numbers. */
void output_sort(json_t *rows, const char *first, const char *second);

/* rows: an array of objects. Nothing is printed of an empty one. */
void output_table(const struct column *columns, size_t count, const json_t *rows);

/* On a line of its own; value is stolen. ASCII only. */
void output_json(json_t *value);

/* As of a column; *new*. */
char *output_duration(int64_t ms);
char *output_time(int64_t ms);

/* 1 "user", 2 "users": *new*. */
char *output_count(int64_t count, const char *one, const char *many);

#endif
