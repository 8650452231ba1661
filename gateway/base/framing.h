/*
 * framing - how a message becomes octets of a connection: WebSocket frames, or what another
 * transport wraps messages in.
 *
 * A batch is made with one; a transport says which it needs.
 */
#ifndef PARLEY_FRAMING_H
#define PARLEY_FRAMING_H

#include <stddef.h>

struct slice;

enum message_kind { MESSAGE_TEXT, MESSAGE_BINARY };

struct framing {
    const char *name;
    /* How many octets a message of so many takes, at most. */
    size_t (*size_max)(size_t length);
    /* Writes a message whose payload are the parts, length octets together, to out, where there
     * is room for size_max(length). Answers how many octets it took. */
    size_t (*write)(unsigned char *out, enum message_kind kind, const struct slice *parts,
                    size_t length);
};

#endif
