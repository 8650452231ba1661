/*
 * transport - what the chat needs of a connection; ws/ provides one for WebSockets.
 *
 * conn is the connection as the transport knows it. The end of a connection is asked for
 * with close or kill and arrives later, once, as chat_closed.
 */
#ifndef PARLEY_TRANSPORT_H
#define PARLEY_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

/* RFC 6455 section 7.4.1, and the registry it refers to. */
enum close_code {
    CLOSE_NORMAL = 1000,
    CLOSE_GOING_AWAY = 1001,
    CLOSE_PROTOCOL_ERROR = 1002,
    CLOSE_UNSUPPORTED_DATA = 1003,
    CLOSE_INVALID_DATA = 1007,
    CLOSE_POLICY = 1008,
    CLOSE_TOO_BIG = 1009,
    CLOSE_TRY_AGAIN_LATER = 1013,
};

/* Section 5.5.1: a control frame holds 125, two of which are the code. */
enum { CLOSE_REASON_BYTES_MAX = 123 };

struct framing;

struct transport {
    const struct framing *framing; /* of what write is given */
    /* bytes are whole messages, and what is taken ends where the framing has an end: all that
     * is on its way, and the rest of what has begun. Fewer than all: chat_writable will tell
     * when more can go. False: the connection is broken; chat_closed will follow. */
    bool (*write)(void *conn, const unsigned char *bytes, size_t length, size_t *ret_taken);
    /* Sends a close frame as soon as the connection can take it. reason: CLOSE_REASON_BYTES_MAX
     * octets at most. */
    void (*close)(void *conn, enum close_code code, const char *reason);
    /* Ends the connection without a word: it did not take its close frame. */
    void (*kill)(void *conn);
    /* Paused, nothing more is read from the connection, so that no message comes. */
    void (*pause)(void *conn, bool is_paused);
};

#endif
