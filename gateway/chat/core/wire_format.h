/*
 * wire_format - what messages look like to a session: its dialect, over its transport.
 *
 * Sessions of one wire format are sent the same octets: a channel makes one batch for each that
 * is in use, whatever number of sessions it has. The hub has one object for each pair, made at
 * the first session that needs it (hub_wire_format).
 */
#ifndef PARLEY_WIRE_FORMAT_H
#define PARLEY_WIRE_FORMAT_H

#include <stddef.h>

struct batch;
struct dialect;
struct transport;

enum { WIRE_FORMATS_MAX = 8 };

struct wire_format {
    size_t number; /* from 0; below WIRE_FORMATS_MAX */
    const struct dialect *dialect;
    const struct transport *transport;
    struct batch *heartbeat; /* the dialect's ping or pong, made once; NULL: not made yet */
};

/* A batch for sessions of this wire format. *new* */
struct batch *wire_format_batch(const struct wire_format *format);

#endif
