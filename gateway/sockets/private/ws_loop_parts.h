/*
 * ws_loop_parts - what the files of ws_loop share; for nobody else.
 *
 * ws_loop.c has the descriptors and the turn, ws_loop_lws.c what libwebsockets calls and is
 * called for.
 */
#ifndef PARLEY_WS_LOOP_PARTS_H
#define PARLEY_WS_LOOP_PARTS_H

#include "ws_loop.h"
#include "ws_marks.h"

#include <event2/event_struct.h>

#include <stdint.h>

enum { LISTENERS_MAX = 8 };

/* Which code reads and writes the descriptor, and so what its owner is. */
enum io_kind {
    IO_LISTENER,
    IO_NEW,   /* nobody yet */
    IO_HTTP,  /* the owner: http_conn.c */
    IO_TAKEN, /* the owner reads, libwebsockets writes */
    IO_LWS,   /* libwebsockets */
};

/* One descriptor. */
struct io {
    void *owner;
    struct lws *wsi;     /* NULL: libwebsockets does not have it */
    uint32_t generation; /* which connection it is, counted from the start */
    uint8_t wanted;      /* LWS_EV_READ, LWS_EV_WRITE */
    uint8_t told;        /* what epoll knows; 0: it does not have it */
    bool is_open : 1;
    bool is_changed : 1; /* on the list of those to be told */
    uint8_t kind;        /* enum io_kind */
};

struct listener {
    struct lws_vhost *vhost;
    int descriptor;
    int64_t paused_until_ms; /* 0: it is not paused */
};

struct ws_loop {
    struct loop *loop;
    struct lws_context *context;
    struct event event; /* something is ready on the epoll */
    int epoll;
    struct io *ios; /* by descriptor number */
    size_t limit;
    int *changed; /* numbers of descriptors */
    size_t changed_count;
    size_t changed_capacity;
    struct ws_marks dying;   /* to be closed when this turn ends */
    struct ws_marks closing; /* to be closed if they still are there */
    struct ws_marks pending; /* to be heard when this turn ends */
    uint32_t last_generation;
    size_t count;
    struct listener listeners[LISTENERS_MAX];
    size_t listener_count;
    struct ws_loop_events events;
    void *foreign_loops[1];
};

/* NULL: no descriptor that this loop can have. */
struct io *ws_loop_find(struct ws_loop *ws_loop, int descriptor);

/* LWS_EV_READ, LWS_EV_WRITE, or both; epoll is told of it at the end of the turn. */
void ws_loop_set_wanted(struct ws_loop *ws_loop, int descriptor, uint8_t wanted);
/* The connection is over, and its number may be another's at once. */
void ws_loop_forget(struct ws_loop *ws_loop, struct io *io, int descriptor);

/* libwebsockets is to do what it does when the descriptor is ready: LWS_POLLIN, LWS_POLLOUT. */
void ws_loop_serve(struct ws_loop *ws_loop, int descriptor, short what);

/* Somebody is waiting at a listener. One of whom nobody can be taken in is left alone for a
 * while, */
void ws_loop_accept(struct ws_loop *ws_loop, int descriptor);
/* which is over for some. */
void ws_loop_end_pauses(struct ws_loop *ws_loop);

#endif
