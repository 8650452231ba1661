/*
 * bench_protocol - what a server speaks on top of WebSocket, as one row of a table each.
 *
 * The bench's own message (bench_message.h) is the payload in all of them, so that every
 * server is loaded and checked alike. A protocol says how a client asks for its channel,
 * how a message is wrapped, and what a text that carries no message means. It keeps no state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct client;

/* What a text from the server says that is no numbered message. */
enum protocol_news {
    NEWS_OTHER,      /* nothing that is counted by itself */
    NEWS_SUBSCRIBED, /* from now on messages have to arrive; said again: a ping's answer */
    NEWS_JOINED,     /* the list of who is present (--online) */
    NEWS_PONG,
    NEWS_REFUSED, /* an error reply */
};

enum protocol_ping {
    PING_FRAME,       /* WebSocket's own */
    PING_TEXT,        /* the protocol's, in `ping` */
    PING_FROM_SERVER, /* the server asks, the client answers */
};

struct protocol {
    const char *name;
    const char *about;
    const char *path;   /* of an address that has none */
    bool has_query;     /* the channel is named by ?channel=, and the handshake subscribes */
    bool has_online;    /* --online means something */
    char separator;     /* ends each text of a frame; '\0': a frame is one text */
    const char *suffix; /* behind a published payload */
    enum protocol_ping ping_kind;
    const char *ping;

    /* Writes what stands before a published payload; returns its length, as snprintf(). */
    int (*prefix)(char *text, size_t size, const char *channel, int payload_bytes);

    /* The WebSocket is open: asks for the channel, unless the handshake did. */
    void (*on_open)(struct client *client, const char *channel);

    /* Answers the text if that is the client's turn. */
    enum protocol_news (*on_text)(struct client *client, const char *channel, const char *text,
                                  size_t length);
};

/* A WebSocket frame with room for one message; the bytes are the owner's to free(). */
struct protocol_frame {
    char *bytes;
    size_t length;
    size_t payload_at;
};

enum {
    PROTOCOL_MAX_CHANNEL = 128, /* bytes of a channel's name */
};

/* NULL: there is none of that name. The first in the table is the default. */
const struct protocol *protocol_find(const char *name);
const struct protocol *protocol_at(int index); /* NULL: past the last */

/* Cuts the next text off a frame's payload; false when nothing is left of it. */
bool protocol_next(const struct protocol *protocol, const char **payload, size_t *length,
                   const char **ret_text, size_t *ret_length);

/* Makes a frame around a payload of `size` bytes, which is left to be filled in. */
struct protocol_frame protocol_frame(const struct protocol *protocol, const char *channel,
                                     int size, bool is_masked);
