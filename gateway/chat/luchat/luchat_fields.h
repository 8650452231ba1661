/*
 * luchat_fields - what the members of LuChat's frames may be, and the usual message by itself.
 *
 * Each kind of frame is a table of its fields: what type, how long, needed or not. Knows
 * nothing of how a frame was taken apart.
 */
#ifndef PARLEY_LUCHAT_FIELDS_H
#define PARLEY_LUCHAT_FIELDS_H

#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

struct luchat_command;

enum {
    LUCHAT_TYPE_STRING = 1,
    LUCHAT_TYPE_NUMBER = 2,
    LUCHAT_TYPE_INTEGER = 4, /* and LUCHAT_TYPE_NUMBER with it */
    LUCHAT_TYPE_NULL = 8
};

struct luchat_field {
    const char *name;
    int types;
    size_t bytes_max; /* of a string; 0: as long as the message may be */
    bool is_required;
    bool is_line; /* no control characters, not empty */
};

/* The tables end with a field that has no name. */
extern const struct luchat_field luchat_message_fields[];
extern const struct luchat_field luchat_online_fields[];

struct luchat_typed {
    int types;
    struct slice text; /* of a string */
};

const struct luchat_field *luchat_find_field(const struct luchat_field *fields,
                                             struct slice name); /* may be NULL */

/* May the field of a frame of that kind have the value? False: command says why not. */
bool luchat_check_value(struct luchat_command *command, const char *kind,
                        const struct luchat_field *field, const struct luchat_typed *value);

/* The command is invalid, and that is why. Answers false. */
bool luchat_fail(struct luchat_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A message of the usual form, without a tree of its members. False: it is something else, or
 * something is wrong with it; command is not filled in then, the parser will say. */
bool luchat_decode_plain(const char *bytes, size_t length, struct luchat_command *command);

#endif
