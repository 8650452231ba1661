/*
 * http_chunks - a body in chunks; see http_chunks.h.
 *
 * Extensions and trailers are passed over. Line ends are CR and LF, nothing else: where a
 * chunk ends is no matter for two opinions.
 */
#include "http_chunks.h"

#include <string.h>

enum { LINE_BYTES_MAX = 4096, SIZE_BITS_MAX = 40 };

enum place {
    SIZE_BEGINS, /* the first digit of a chunk's size */
    SIZE,
    EXTENSION, /* up to the end of the line */
    SIZE_ENDS, /* a line feed is to come */
    DATA,
    DATA_ENDS, /* a carriage return is to come */
    DATA_ENDED,
    TRAILER_BEGINS, /* a line, or the empty one at the end */
    TRAILER,
    TRAILER_ENDS,
    ALL_ENDS,
};

static int digit_of(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    letter |= 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static bool take_size(struct http_chunks *chunks, char octet)
{
    int digit = digit_of(octet);
    if (digit >= 0) {
        chunks->place = SIZE;
        chunks->left = chunks->left << 4 | (uint64_t)digit;
        return chunks->left >> SIZE_BITS_MAX == 0;
    }
    if (chunks->place == SIZE_BEGINS)
        return false;
    if (octet == '\r')
        chunks->place = SIZE_ENDS;
    else if (octet == ';' || octet == ' ' || octet == '\t')
        chunks->place = EXTENSION;
    else
        return false;
    return true;
}

static bool expect(struct http_chunks *chunks, char octet, char expected, enum place next)
{
    chunks->place = (uint8_t)next;
    return octet == expected;
}

/* A line that does not matter, up to its carriage return. */
static bool skip(struct http_chunks *chunks, char octet, enum place place, enum place next)
{
    chunks->place = (uint8_t)(octet == '\r' ? next : place);
    return octet != '\n' && ++chunks->line <= LINE_BYTES_MAX;
}

/* An octet that is no data; false: it cannot stand here. */
static bool take_octet(struct http_chunks *chunks, char octet)
{
    switch ((enum place)chunks->place) {
    case SIZE_BEGINS:
    case SIZE:
        return take_size(chunks, octet);
    case EXTENSION:
        return skip(chunks, octet, EXTENSION, SIZE_ENDS);
    case SIZE_ENDS:
        chunks->line = 0;
        return expect(chunks, octet, '\n', chunks->left > 0 ? DATA : TRAILER_BEGINS);
    case DATA_ENDS:
        return expect(chunks, octet, '\r', DATA_ENDED);
    case DATA_ENDED:
        return expect(chunks, octet, '\n', SIZE_BEGINS);
    case TRAILER_BEGINS:
        return skip(chunks, octet, TRAILER, ALL_ENDS);
    case TRAILER:
        return skip(chunks, octet, TRAILER, TRAILER_ENDS);
    case TRAILER_ENDS:
        return expect(chunks, octet, '\n', TRAILER_BEGINS);
    case ALL_ENDS:
        chunks->is_over = true;
        return octet == '\n';
    case DATA:
        break;
    }
    return false;
}

int64_t http_chunks_take(struct http_chunks *chunks, char *bytes, size_t length,
                         size_t *ret_carried)
{
    size_t at = 0;
    size_t carried = 0;
    while (at < length && !chunks->is_over) {
        if (chunks->place != DATA) {
            if (!take_octet(chunks, bytes[at++]))
                return -1;
            continue;
        }
        size_t some = length - at < chunks->left ? length - at : (size_t)chunks->left;
        memmove(bytes + carried, bytes + at, some);
        carried += some;
        at += some;
        chunks->left -= some;
        if (chunks->left == 0)
            chunks->place = DATA_ENDS;
    }
    *ret_carried = carried;
    return (int64_t)at;
}
