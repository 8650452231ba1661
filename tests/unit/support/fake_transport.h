/*
 * fake_transport - connections that write down what they are given.
 *
 * The journal of a connection holds the payload of each frame, and "close CODE REASON",
 * "kill". is_busy, is_gone and room say how the next writes are answered.
 */
#ifndef PARLEY_FAKE_TRANSPORT_H
#define PARLEY_FAKE_TRANSPORT_H

#include "journal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;
struct transport;

/* Zeroed memory is a connection that keeps up. */
struct fake_conn {
    struct journal got;
    struct session *session;
    size_t write_count;
    size_t room; /* so many bytes of a write are taken at most, in whole frames; 0: all */
    bool is_busy;
    bool is_gone;
    bool is_paused;
    bool is_closed; /* a close was asked for, or a kill */
    struct fake_conn *next;
};

extern const struct transport fake_transport;

/* How long each write takes on the fake clock; 0 at first. */
extern int64_t fake_write_us;

#endif
