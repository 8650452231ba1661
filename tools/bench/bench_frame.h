/*
 * bench_frame - the bytes of the client's side of WebSocket (RFC 6455): headers and handshake.
 *
 * Masks are zero, which the RFC's servers accept, so that a payload is sent as it is. The
 * handshake's key is fixed, and with it the answer: no SHA-1. Knows no sockets.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_MAX_HEADER = 14 };

enum frame_opcode {
    FRAME_CONTINUATION = 0,
    FRAME_TEXT = 1,
    FRAME_BINARY = 2,
    FRAME_CLOSE = 8,
    FRAME_PING = 9,
    FRAME_PONG = 10,
};

/* Writes the header of a whole message; returns its length. */
size_t frame_put_header(uint8_t header[FRAME_MAX_HEADER], enum frame_opcode opcode,
                        size_t length, bool is_masked);

/* Reads the header of an unmasked frame; returns its length, 0 while it is not complete. */
size_t frame_parse_header(const uint8_t *data, size_t available, uint64_t *ret_length);

/* The HTTP request that opens a WebSocket; `channel` NULL: the path has no ?channel= of ours.
 * Returns its length, 0 if it does not fit. */
size_t frame_format_request(char *text, size_t size, const char *host, const char *path,
                            const char *channel);

/* Is the answer's whole head, "HTTP/1.1 ..." to the empty line, what the request asked for? */
bool frame_is_accepted(const char *head, size_t length);
