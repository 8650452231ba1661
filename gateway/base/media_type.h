/*
 * media_type - types of contents such as image/png, and lists of those that are allowed.
 */
#ifndef PARLEY_MEDIA_TYPE_H
#define PARLEY_MEDIA_TYPE_H

#include <stdbool.h>

enum { MEDIA_TYPE_BYTES_MAX = 100 };

/* type/subtype without parameters, in the characters of RFC 6838. */
bool media_type_is_valid(const char *type);

/* Types, or image/ and a star for all of a kind, separated by commas; a star alone allows all.
 */
bool media_types_are_valid(const char *list);
bool media_types_have(const char *list, const char *type);

#endif
