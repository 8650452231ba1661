/*
 * frames - takes a server's WebSocket frames apart; see frames.h.
 */
#include "frames.h"

#include "unit.h"

enum { FIN_AND_TEXT = 0x81, LENGTH_16_BIT = 126, LENGTH_64_BIT = 127 };

static size_t read_length(const unsigned char *at, size_t octets)
{
    size_t length = 0;
    for (size_t i = 0; i < octets; i++)
        length = length << 8 | at[i];
    return length;
}

bool frames_next(const unsigned char *bytes, size_t length, size_t *at, struct frame *ret_frame)
{
    const unsigned char *start = bytes + *at;
    size_t left = length - *at;
    if (left == 0)
        return false;
    assert_true(left >= 2);
    assert_int_equal(start[0], FIN_AND_TEXT);
    struct frame frame = {.length = start[1], .header_bytes = 2};
    if (start[1] == LENGTH_16_BIT || start[1] == LENGTH_64_BIT) {
        size_t octets = start[1] == LENGTH_16_BIT ? 2 : 8;
        frame.header_bytes += octets;
        assert_true(left >= frame.header_bytes);
        frame.length = read_length(start + 2, octets);
        assert_true(frame.length > (octets == 2 ? 125 : UINT16_MAX));
    } else {
        assert_true(start[1] < LENGTH_16_BIT); /* else it is masked */
    }
    assert_true(left - frame.header_bytes >= frame.length);
    frame.payload = start + frame.header_bytes;
    *at += frame.header_bytes + frame.length;
    *ret_frame = frame;
    return true;
}
