/*
 * base64 - octets from their text (RFC 4648), strictly: one text for the same octets.
 */
#ifndef PARLEY_BASE64_H
#define PARLEY_BASE64_H

#include <stdbool.h>
#include <stddef.h>

enum base64_kind {
    BASE64_STANDARD, /* RFC 4648, 4: with + and /, padded */
    BASE64_URL,      /* RFC 4648, 5: with - and _, without padding */
};

/* False: it is none, as with blanks, wrong padding, or bits left over. *ret_bytes is *new*, and
 * followed by a zero octet that is not counted. */
__attribute__((warn_unused_result)) bool base64_decode(enum base64_kind kind, const char *text,
                                                       size_t length, unsigned char **ret_bytes,
                                                       size_t *ret_length);

#endif
