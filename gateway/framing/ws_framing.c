/*
 * ws_framing - messages as WebSocket frames of a server; see ws_framing.h.
 */
#include "ws_framing.h"

#include "slice.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum {
    HEADER_BYTES_MAX = 10,
    FIN = 0x80,
    CONTINUATION = 0,
    TEXT = 1,
    BINARY = 2,
    LENGTH_BITS = 0x7f,
    LENGTH_16_BIT = 126,
    LENGTH_64_BIT = 127,
};

static size_t size_max(size_t length)
{
    return (1 + length / WS_FRAME_BYTES_MAX) * HEADER_BYTES_MAX + length;
}

/* Lengths go out in their shortest form, as section 5.2 demands. */
static size_t encode_header(unsigned char *out, unsigned char first, size_t length)
{
    out[0] = first;
    if (length < LENGTH_16_BIT) {
        out[1] = (unsigned char)length;
        return 2;
    }
    size_t octets = length <= UINT16_MAX ? 2 : 8;
    out[1] = octets == 2 ? LENGTH_16_BIT : LENGTH_64_BIT;
    for (size_t i = 0; i < octets; i++)
        out[2 + i] = (unsigned char)(length >> (8 * (octets - 1 - i)));
    return 2 + octets;
}

/* So many octets of the parts, from *at of the first one on; both move. */
static void copy_parts(unsigned char *out, const struct slice **part, size_t *at, size_t length)
{
    while (length > 0) {
        size_t left = (*part)->length - *at;
        size_t now = left < length ? left : length;
        if (now > 0)
            memcpy(out, (const unsigned char *)(*part)->bytes + *at, now);
        out += now;
        length -= now;
        *at += now;
        if (*at == (*part)->length) {
            (*part)++;
            *at = 0;
        }
    }
}

static size_t write_message(unsigned char *out, enum message_kind kind,
                            const struct slice *parts, size_t length)
{
    unsigned char *end = out;
    unsigned char opcode = kind == MESSAGE_TEXT ? TEXT : BINARY;
    size_t left = length;
    size_t at = 0;
    do {
        size_t now = left > WS_FRAME_BYTES_MAX ? WS_FRAME_BYTES_MAX : left;
        left -= now;
        end += encode_header(end, opcode | (left == 0 ? FIN : 0), now);
        copy_parts(end, &parts, &at, now);
        end += now;
        opcode = CONTINUATION;
    } while (left > 0);
    return (size_t)(end - out);
}

const struct framing ws_framing = {
    .name = "websocket",
    .size_max = size_max,
    .write = write_message,
};

static size_t frame_bytes(const unsigned char *frame)
{
    size_t length = frame[1] & LENGTH_BITS;
    if (length < LENGTH_16_BIT)
        return 2 + length;
    size_t octets = length == LENGTH_16_BIT ? 2 : 8;
    length = 0;
    for (size_t i = 0; i < octets; i++)
        length = length << 8 | frame[2 + i];
    return 2 + octets + length;
}

size_t ws_framing_frame_end(const unsigned char *bytes, size_t length, size_t place)
{
    size_t end = 0;
    while (end < place)
        end += frame_bytes(bytes + end);
    assert(end <= length);
    return end;
}
