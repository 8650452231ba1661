/*
 * json_out - writes JSON, piece by piece: no comma, quote or brace is set by hand.
 *
 * Values follow one another; in an object each follows its key. Nesting that does not fit (a
 * value without its key, a bracket that is not closed) is our own mistake, and asserted as far
 * as it can be seen. Only appends; memory that is not to be had ends the process, so that
 * nothing looks like a success and is not.
 */
#ifndef PARLEY_JSON_OUT_H
#define PARLEY_JSON_OUT_H

#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins as zeros. */
struct json_out {
    char *bytes;
    size_t length;
    size_t capacity;
    unsigned depth;   /* brackets that are open */
    bool wants_comma; /* before the next value or key */
};

void json_out_open_object(struct json_out *out);
void json_out_close_object(struct json_out *out);
void json_out_open_array(struct json_out *out);
void json_out_close_array(struct json_out *out);

void json_out_key(struct json_out *out, const char *key);

void json_out_text(struct json_out *out, const char *text); /* UTF-8; NULL: null */
void json_out_int(struct json_out *out, int64_t number);
void json_out_uint(struct json_out *out, uint64_t number);
void json_out_bool(struct json_out *out, bool is_true);
/* A value that is JSON already. */
void json_out_raw(struct json_out *out, struct slice json);

/* A key with its value. */
void json_out_member_text(struct json_out *out, const char *key, const char *text);
void json_out_member_int(struct json_out *out, const char *key, int64_t number);
void json_out_member_uint(struct json_out *out, const char *key, uint64_t number);
void json_out_member_bool(struct json_out *out, const char *key, bool is_true);
void json_out_member_raw(struct json_out *out, const char *key, struct slice json);

/* What was written, all brackets of which are closed. *new* */
char *json_out_finish(struct json_out *out);

#endif
