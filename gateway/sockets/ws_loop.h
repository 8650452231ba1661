/*
 * ws_loop - libwebsockets on our libevent loop.
 *
 * The packages of libwebsockets carry no libevent support; its public hook for custom event
 * libraries puts it on our own event base. One struct per descriptor number, in one array.
 */
#ifndef PARLEY_WS_LOOP_H
#define PARLEY_WS_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct lws;
struct lws_context;
struct lws_context_creation_info;
struct lws_vhost;
struct ws_loop;

/* Which code is to read the octets that have arrived. */
enum ws_loop_reader {
    WS_LOOP_NOBODY,    /* it is read, or stays there */
    WS_LOOP_LWS,       /* libwebsockets */
    WS_LOOP_LWS_WHOLE, /* the same, and a WebSocket comes of it, or the end */
};

struct ws_loop_events {
    void *context;
    /* Somebody is waiting at a listener of this vhost. False: leave it alone for a while. */
    bool (*on_connecting)(void *context, struct lws_vhost *vhost, int listener);
    /* The descriptor is about to be closed. */
    void (*on_closed)(void *context, int descriptor);
    /* Bytes arrived for one that has no owner. */
    enum ws_loop_reader (*on_asking)(void *context, struct lws *wsi);
    /* What is to be done for one that was given to ws_loop_set_http. */
    enum ws_loop_reader (*on_http_readable)(void *http);
    void (*on_http_writable)(void *http);
    void (*on_http_gone)(void *http);
    /* A descriptor whose owner is set can be read; libwebsockets is not told of it. */
    void (*on_readable)(void *owner);
};

/* Descriptors are numbered below descriptor_limit. NULL: the system has no more of them.
 * *new* */
struct ws_loop *ws_loop_create(struct loop *loop, size_t descriptor_limit,
                               const struct ws_loop_events *events);
void ws_loop_destroy(struct ws_loop *ws_loop);

/* Fills in what the context is to know of the loop, then binds the created context. */
void ws_loop_prepare(struct ws_loop *ws_loop, struct lws_context_creation_info *info);
void ws_loop_bind(struct ws_loop *ws_loop, struct lws_context *context);

/* An accepted connection, which libwebsockets has nothing of; it is closed by ws_loop_kill, or
 * at once by ws_loop_close. */
void ws_loop_open(struct ws_loop *ws_loop, int descriptor);
/* The number of the connection that has the descriptor, from 1, by which the log names it; no
 * other has it before four thousand million have come. */
int64_t ws_loop_connection(const struct ws_loop *ws_loop, int descriptor);
void ws_loop_close(struct ws_loop *ws_loop, int descriptor);

/* What a connection is before it is a WebSocket: unknown, as at first; plain HTTP, of that
 * owner. */
void ws_loop_set_new(struct ws_loop *ws_loop, int descriptor);
void ws_loop_set_http(struct ws_loop *ws_loop, int descriptor, void *http);
/* What a connection of plain HTTP waits for. */
void ws_loop_want(struct ws_loop *ws_loop, int descriptor, bool is_reading, bool is_writing);
/* Gives the connection, which libwebsockets does not have yet, to it at this vhost. It reads
 * the text as if that had come, and is to make a WebSocket of it at once; if it does not, the
 * connection is closed. */
void ws_loop_adopt(struct ws_loop *ws_loop, int descriptor, struct lws_vhost *vhost,
                   const char *text, size_t length);
/* At the end of the turn as if its descriptor said that there is something to be read: what is
 * deciphered already, no descriptor tells of. */
void ws_loop_hear_soon(struct ws_loop *ws_loop, int descriptor);

/* From now on what comes is for the owner to read (never NULL), until it is given back. */
void ws_loop_take(struct ws_loop *ws_loop, int descriptor, void *owner);
void ws_loop_give_back(struct ws_loop *ws_loop, int descriptor);
/* Does the owner want to be told that there is something to read? At first it does. */
void ws_loop_set_reading(struct ws_loop *ws_loop, int descriptor, bool is_reading);

/* Closed at the end of the turn, or when it has had a while for its own end. Not with timers
 * of libwebsockets's: those stand in a list in which each looks for its place from the front.
 */
void ws_loop_kill(struct ws_loop *ws_loop, int descriptor);
void ws_loop_kill_later(struct ws_loop *ws_loop, int descriptor);

/* Descriptors that are open here. */
size_t ws_loop_count(const struct ws_loop *ws_loop);

/* At the end of a turn: libwebsockets's own timers and leftovers, and what it waits for from
 * now on. */
void ws_loop_turn(struct ws_loop *ws_loop);

#endif
