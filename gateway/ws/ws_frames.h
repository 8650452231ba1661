/*
 * ws_frames - the frames of a client, read from whatever pieces its bytes come in.
 *
 * RFC 6455 section 5 to the letter: each frame masked, lengths in their shortest form, no
 * reserved bits, control frames whole and short, fragments in order, text in UTF-8 as soon as
 * that can be seen. Knows bytes only: nothing of sockets, nor of what messages are for.
 */
#ifndef PARLEY_WS_FRAMES_H
#define PARLEY_WS_FRAMES_H

#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WS_CONTROL_BYTES_MAX = 125, /* RFC 6455 section 5.5 */
    WS_HEAD_BYTES_MAX = 14,
};

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
};

/* Lives with its connection; all zeros at the start. */
struct ws_frames {
    uint64_t left; /* of the frame's payload; only once its head is whole */
    unsigned char head[WS_HEAD_BYTES_MAX];
    uint8_t head_length;    /* octets of it that have come */
    uint8_t mask_turn;      /* of the mask's four octets, the next */
    uint8_t message;        /* enum ws_opcode of the message begun; 0: none */
    struct text_utf8 utf8;  /* of the message begun */
    unsigned char *control; /* a control frame that comes in pieces, its length first */
};

enum ws_event_kind {
    WS_NOTHING, /* until more has come */
    WS_HEAD,    /* a frame of a message begins: may it be as long as it says? */
    WS_PIECE,   /* of a message */
    WS_CONTROL, /* a whole control frame */
    WS_BROKEN,  /* against the protocol; nothing more can be read */
};

struct ws_event {
    enum ws_event_kind kind;
    enum ws_opcode opcode;      /* of a message: WS_TEXT or WS_BINARY, whatever the frame's */
    uint64_t frame_bytes;       /* WS_HEAD */
    const unsigned char *bytes; /* WS_PIECE, WS_CONTROL: unmasked, until the next call */
    size_t length;
    bool is_last_frame;     /* WS_PIECE: of its message */
    bool is_end_of_frame;   /* WS_PIECE */
    bool is_end_of_message; /* WS_PIECE */
    int close_code;         /* WS_BROKEN: what is said of it, enum close_code, and why */
    const char *reason;
};

/* Reads on in bytes, which are unmasked in place, up to the next event. Answers how many octets
 * were taken; to be called again with the rest, until WS_NOTHING. */
size_t ws_frames_read(struct ws_frames *frames, unsigned char *bytes, size_t length,
                      struct ws_event *ret_event);

/* Gives back what it holds. */
void ws_frames_finish(struct ws_frames *frames);

/* A short frame of a server; out has room for 2 + WS_CONTROL_BYTES_MAX. Answers its length. */
size_t ws_frames_print_control(unsigned char *out, enum ws_opcode opcode, const void *payload,
                               size_t length);

/* May a client give this code when it closes? RFC 6455 section 7.4, and the registry. */
bool ws_frames_is_close_code(unsigned code);

#endif
