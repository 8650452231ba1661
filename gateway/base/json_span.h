/*
 * json_span - where a value stands in a JSON text, so that it can be handed on as it came.
 *
 * For texts that a JSON parser has already found valid: nothing is checked again.
 */
#ifndef PARLEY_JSON_SPAN_H
#define PARLEY_JSON_SPAN_H

#include <stdbool.h>
#include <stddef.h>

struct json_span {
    const char *start; /* borrowed from the text */
    size_t length;
};

/* The first place from at on that is no blank of JSON's, or end. */
const char *json_skip_blanks(const char *at, const char *end);

/* The value of a member of the object that the text is; the last one if the key stands there
 * twice. Keys written with escapes are not found: where a parser says that there is an object,
 * its member may be another one than that which is found here, so a text that is no object is
 * one that has no members. */
bool json_span_member(const char *text, size_t length, const char *key,
                      struct json_span *ret_value);

/* The values of the array that the text is, one by one: start with *cursor = 0; false at the
 * end, and of what is no array. */
bool json_span_next(const char *text, size_t length, size_t *cursor,
                    struct json_span *ret_value);

#endif
