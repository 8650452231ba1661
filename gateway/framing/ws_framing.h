/*
 * ws_framing - messages as WebSocket frames of a server: RFC 6455 section 5.2, unmasked.
 *
 * A long message goes out in several frames (section 5.4), so that what a connection has begun
 * to send, and must end before anything else, is never long. Pure functions.
 */
#ifndef PARLEY_WS_FRAMING_H
#define PARLEY_WS_FRAMING_H

#include "framing.h"

/* A message of more octets is sent in fragments of so many. */
enum { WS_FRAME_BYTES_MAX = 128 * 1024 };

extern const struct framing ws_framing;

/* bytes are whole frames, length of them. Where the first frame ends that ends at or behind
 * place, which is at most length. */
size_t ws_framing_frame_end(const unsigned char *bytes, size_t length, size_t place);

#endif
