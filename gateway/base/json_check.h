/*
 * json_check - is a text JSON? For what is handed on as it came: nothing is decoded.
 *
 * As RFC 8259 has it: one value of any kind, in UTF-8. Escapes are looked at as text alone, so
 * that half an emoji ("\ud83d") passes, as it does in browsers.
 */
#ifndef PARLEY_JSON_CHECK_H
#define PARLEY_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 2048 }; /* deeper is refused */

__attribute__((warn_unused_result)) bool json_is_valid(const char *text, size_t length);

#endif
