/*
 * frames - takes a server's WebSocket frames apart, strictly: RFC 6455 section 5.2.
 */
#ifndef PARLEY_FRAMES_H
#define PARLEY_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

struct frame {
    const unsigned char *payload; /* borrowed */
    size_t length;
    size_t header_bytes;
};

/* Takes the frame at *at and moves *at past it. False at the end of the bytes. A frame that
 * is cut, masked, no final text frame or not in its shortest form fails the test. */
bool frames_next(const unsigned char *bytes, size_t length, size_t *at,
                 struct frame *ret_frame);

#endif
