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

struct loop;
struct lws;
struct lws_context;
struct lws_context_creation_info;
struct lws_vhost;
struct ws_loop;

struct ws_loop_events {
    void *context;
    /* Somebody is waiting at a listener of this vhost. False: leave it alone for a while. */
    bool (*on_connecting)(void *context, struct lws_vhost *vhost, int listener);
    /* The descriptor is about to be closed. */
    void (*on_closed)(void *context, int descriptor);
    /* Bytes arrived for one that has no owner. */
    void (*on_asking)(void *context, struct lws *wsi, int descriptor);
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

/* From now on what comes is for the owner to read (never NULL), until it is given back. */
void ws_loop_take(struct ws_loop *ws_loop, struct lws *wsi, void *owner);
void ws_loop_give_back(struct ws_loop *ws_loop, struct lws *wsi);
/* Does the owner want to be told that there is something to read? At first it does. */
void ws_loop_set_reading(struct ws_loop *ws_loop, struct lws *wsi, bool is_reading);

/* Descriptors that libwebsockets has open. */
size_t ws_loop_count(const struct ws_loop *ws_loop);

/* At the end of a turn: libwebsockets's own timers and leftovers, and what it waits for from
 * now on. */
void ws_loop_turn(struct ws_loop *ws_loop);

#endif
