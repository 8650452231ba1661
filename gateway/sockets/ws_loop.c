/*
 * ws_loop - libwebsockets on our libevent loop; see ws_loop.h.
 *
 * Its descriptors are on an epoll of their own, and that is on the loop: an event of libevent's
 * for each connection would take 160 bytes of it. Changes are collected and told to epoll at
 * the end of the turn, since libwebsockets changes its mind often.
 *
 * libwebsockets reads handshakes that were found good; of plain HTTP http_conn.c reads, and
 * what has an owner, the owner (ws_conn.c). Without TLS it has a connection only from its
 * handshake on.
 */
#include "ws_loop.h"

#include "clock.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "ws_loop_parts.h"

#include <event2/event.h>
#include <libwebsockets.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    EVENTS_PER_TURN_MAX = 1024, /* the others' turn is the next */
    TIMERS_HORIZON_MS = 1000,
    KILL_LATER_MS = 5000,
    KILLS_AT_ONCE = 32,            /* libwebsockets keeps them in a list */
    HEARD_PER_CONNECTION_MAX = 16, /* in a turn */
};

struct io *ws_loop_find(struct ws_loop *ws_loop, int descriptor)
{
    if (descriptor < 0 || (size_t)descriptor >= ws_loop->limit)
        return NULL;
    return &ws_loop->ios[descriptor];
}

void ws_loop_set_wanted(struct ws_loop *ws_loop, int descriptor, uint8_t wanted)
{
    struct io *io = &ws_loop->ios[descriptor];
    if (io->wanted == wanted)
        return;
    io->wanted = wanted;
    if (io->is_changed)
        return;
    io->is_changed = true;
    ws_loop->changed = mem_grow(ws_loop->changed, ws_loop->changed_count,
                                &ws_loop->changed_capacity, sizeof(*ws_loop->changed));
    ws_loop->changed[ws_loop->changed_count++] = descriptor;
}

/* libwebsockets is given nothing of which it would not make a WebSocket at once. */
static void read_handshake(struct ws_loop *ws_loop, struct io *io, int descriptor)
{
    uint32_t generation = io->generation;
    ws_loop_serve(ws_loop, descriptor, LWS_POLLIN);
    if (io->is_open && io->generation == generation && io->kind == IO_NEW)
        ws_loop_kill(ws_loop, descriptor);
}

static enum ws_loop_reader find_reader(struct ws_loop *ws_loop, const struct io *io)
{
    const struct ws_loop_events *events = &ws_loop->events;
    switch ((enum io_kind)io->kind) {
    case IO_NEW:
        return events->on_asking(events->context, io->wsi);
    case IO_HTTP:
        return events->on_http_readable(io->owner);
    case IO_TAKEN:
        events->on_readable(io->owner);
        return WS_LOOP_NOBODY;
    case IO_LWS:
    case IO_LISTENER:
        break;
    }
    return WS_LOOP_LWS;
}

static void read_ready(struct ws_loop *ws_loop, struct io *io, int descriptor)
{
    enum ws_loop_reader reader = find_reader(ws_loop, io);
    if (reader == WS_LOOP_LWS_WHOLE)
        read_handshake(ws_loop, io, descriptor);
    else if (reader == WS_LOOP_LWS)
        ws_loop_serve(ws_loop, descriptor, LWS_POLLIN);
}

static void write_ready(struct ws_loop *ws_loop, struct io *io, int descriptor)
{
    if (io->kind == IO_HTTP)
        ws_loop->events.on_http_writable(io->owner);
    else
        ws_loop_serve(ws_loop, descriptor, LWS_POLLOUT);
}

/* That a peer hung up, or a descriptor failed, is found out by the read or write that was
 * wanted. */
static uint8_t to_be_done(const struct io *io, uint32_t events)
{
    if (events & (EPOLLHUP | EPOLLERR))
        return io->wanted;
    uint8_t ready = events & EPOLLIN ? LWS_EV_READ : 0;
    if (events & EPOLLOUT)
        ready |= LWS_EV_WRITE;
    return ready & io->wanted;
}

static void on_ready(struct ws_loop *ws_loop, const struct epoll_event *event)
{
    int descriptor = (int)(event->data.u64 & UINT32_MAX);
    uint32_t generation = (uint32_t)(event->data.u64 >> 32);
    struct io *io = &ws_loop->ios[descriptor];
    if (!io->is_open || io->generation != generation)
        return; /* closed by another's event of this turn */
    uint8_t ready = to_be_done(io, event->events);
    if (io->kind == IO_LISTENER) {
        ws_loop_accept(ws_loop, descriptor);
        return;
    }
    if (ready & LWS_EV_WRITE)
        write_ready(ws_loop, io, descriptor);
    if (ready & LWS_EV_READ && io->is_open && io->generation == generation)
        read_ready(ws_loop, io, descriptor);
}

static void on_some_ready(evutil_socket_t descriptor, short what, void *context)
{
    struct ws_loop *ws_loop = context;
    struct epoll_event events[EVENTS_PER_TURN_MAX];
    int count = epoll_wait(descriptor, events, EVENTS_PER_TURN_MAX, 0);
    (void)what;
    for (int i = 0; i < count; i++)
        on_ready(ws_loop, &events[i]);
}

static void tell_epoll(struct ws_loop *ws_loop, int descriptor)
{
    struct io *io = &ws_loop->ios[descriptor];
    struct epoll_event event = {
        .events = (io->wanted & LWS_EV_READ ? (uint32_t)EPOLLIN : 0) |
                  (io->wanted & LWS_EV_WRITE ? (uint32_t)EPOLLOUT : 0),
        .data.u64 = (uint64_t)io->generation << 32 | (uint32_t)descriptor,
    };
    int change = io->wanted ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    if (io->wanted == io->told)
        return;
    if (!io->told)
        change = EPOLL_CTL_ADD;
    if (epoll_ctl(ws_loop->epoll, change, descriptor, &event) == 0 || change == EPOLL_CTL_DEL) {
        io->told = io->wanted;
        return;
    }
    /* it would be deaf: nothing that happens to it would ever be heard of */
    log_event(epoll_ctl_failed, kv_int("descriptor", descriptor), kv_int("errno", errno),
              kv_str("next", "the connection is closed"));
    ws_loop_kill(ws_loop, descriptor);
}

static void tell_changes(struct ws_loop *ws_loop)
{
    for (size_t i = 0; i < ws_loop->changed_count; i++) {
        ws_loop->ios[ws_loop->changed[i]].is_changed = false;
        tell_epoll(ws_loop, ws_loop->changed[i]);
    }
    ws_loop->changed_count = 0;
}

/* At once, since the number may be another's before the turn ends. */
void ws_loop_forget(struct ws_loop *ws_loop, struct io *io, int descriptor)
{
    if (io->kind == IO_HTTP)
        ws_loop->events.on_http_gone(io->owner);
    io->wanted = 0;
    tell_epoll(ws_loop, descriptor);
    ws_loop->events.on_closed(ws_loop->events.context, descriptor);
    if (io->kind != IO_LISTENER)
        log_event(connection_closed, kv_int("connection", io->generation));
    io->is_open = false;
    io->owner = NULL;
    io->wsi = NULL;
    ws_loop->count--;
}

/* ------------------------------------------------------------------------------- life */

struct ws_loop *ws_loop_create(struct loop *loop, size_t descriptor_limit,
                               const struct ws_loop_events *events)
{
    struct ws_loop *ws_loop = mem_zalloc(sizeof(*ws_loop));
    ws_loop->loop = loop;
    ws_loop->limit = descriptor_limit;
    ws_loop->ios = mem_zalloc(descriptor_limit * sizeof(*ws_loop->ios));
    ws_loop->events = *events;
    ws_loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (ws_loop->epoll < 0) {
        ws_loop_destroy(ws_loop);
        return NULL;
    }
    event_assign(&ws_loop->event, loop_event_base(loop), ws_loop->epoll, EV_READ | EV_PERSIST,
                 on_some_ready, ws_loop);
    event_add(&ws_loop->event, NULL);
    loop_again(loop); /* the first turn has its listeners to tell of */
    return ws_loop;
}

void ws_loop_destroy(struct ws_loop *ws_loop)
{
    if (!ws_loop)
        return;
    if (ws_loop->epoll >= 0) {
        event_del(&ws_loop->event);
        (void)close(ws_loop->epoll);
    }
    ws_marks_finish(&ws_loop->dying);
    ws_marks_finish(&ws_loop->closing);
    ws_marks_finish(&ws_loop->pending);
    free(ws_loop->changed);
    free(ws_loop->ios);
    free(ws_loop);
}

static void set_kind(struct ws_loop *ws_loop, int descriptor, enum io_kind kind, void *owner)
{
    struct io *io = ws_loop_find(ws_loop, descriptor);
    if (!io)
        return;
    io->kind = (uint8_t)kind;
    io->owner = owner;
}

void ws_loop_open(struct ws_loop *ws_loop, int descriptor)
{
    struct io *io = &ws_loop->ios[descriptor];
    assert(!io->is_open);
    io->generation = ++ws_loop->last_generation;
    io->is_open = true;
    io->kind = IO_NEW;
    ws_loop->count++;
    ws_loop_set_wanted(ws_loop, descriptor, LWS_EV_READ);
}

int64_t ws_loop_connection(const struct ws_loop *ws_loop, int descriptor)
{
    return ws_loop->ios[descriptor].generation;
}

void ws_loop_close(struct ws_loop *ws_loop, int descriptor)
{
    struct io *io = &ws_loop->ios[descriptor];
    assert(io->is_open && !io->wsi);
    ws_loop_forget(ws_loop, io, descriptor);
    (void)close(descriptor);
}

void ws_loop_set_new(struct ws_loop *ws_loop, int descriptor)
{
    set_kind(ws_loop, descriptor, IO_NEW, NULL);
}

void ws_loop_set_http(struct ws_loop *ws_loop, int descriptor, void *http)
{
    set_kind(ws_loop, descriptor, IO_HTTP, http);
}

void ws_loop_take(struct ws_loop *ws_loop, int descriptor, void *owner)
{
    set_kind(ws_loop, descriptor, IO_TAKEN, owner);
}

void ws_loop_give_back(struct ws_loop *ws_loop, int descriptor)
{
    const struct io *io = ws_loop_find(ws_loop, descriptor);
    if (!io || io->kind != IO_TAKEN)
        return;
    ws_loop_set_reading(ws_loop, descriptor, true);
    set_kind(ws_loop, descriptor, IO_LWS, NULL);
}

void ws_loop_set_reading(struct ws_loop *ws_loop, int descriptor, bool is_reading)
{
    const struct io *io = ws_loop_find(ws_loop, descriptor);
    if (!io || io->kind != IO_TAKEN)
        return;
    ws_loop_set_wanted(ws_loop, descriptor,
                       is_reading ? io->wanted | LWS_EV_READ
                                  : io->wanted & (uint8_t)~LWS_EV_READ);
}

void ws_loop_want(struct ws_loop *ws_loop, int descriptor, bool is_reading, bool is_writing)
{
    ws_loop_set_wanted(
        ws_loop, descriptor,
        (uint8_t)((is_reading ? LWS_EV_READ : 0) | (is_writing ? LWS_EV_WRITE : 0)));
}

/* ------------------------------------------------------------------- what is done later */

static void mark(struct ws_loop *ws_loop, struct ws_marks *marks, int descriptor,
                 int64_t due_ms)
{
    const struct io *io = ws_loop_find(ws_loop, descriptor);
    if (io && io->is_open)
        ws_marks_add(marks, &(struct ws_mark){due_ms, descriptor, io->generation});
}

void ws_loop_hear_soon(struct ws_loop *ws_loop, int descriptor)
{
    mark(ws_loop, &ws_loop->pending, descriptor, 0);
}

void ws_loop_kill(struct ws_loop *ws_loop, int descriptor)
{
    mark(ws_loop, &ws_loop->dying, descriptor, 0);
}

void ws_loop_kill_later(struct ws_loop *ws_loop, int descriptor)
{
    mark(ws_loop, &ws_loop->closing, descriptor, clock_now_ms() + KILL_LATER_MS);
}

/* NULL: it is closed already. */
static struct io *find_marked(const struct ws_loop *ws_loop, const struct ws_mark *mark)
{
    struct io *io = &ws_loop->ios[mark->descriptor];
    return io->is_open && io->generation == mark->generation ? io : NULL;
}

/* A connection that is heard may be marked again meanwhile. */
static void hear_marked(struct ws_loop *ws_loop)
{
    struct ws_mark mark;
    for (int i = 0; i < HEARD_PER_CONNECTION_MAX && ws_marks_count(&ws_loop->pending) > 0;
         i++) {
        for (size_t left = ws_marks_count(&ws_loop->pending); left > 0; left--) {
            if (!ws_marks_take(&ws_loop->pending, 0, &mark))
                return;
            struct io *io = find_marked(ws_loop, &mark);
            if (io && io->kind == IO_HTTP)
                read_ready(ws_loop, io, mark.descriptor);
        }
    }
    if (ws_marks_count(&ws_loop->pending) > 0)
        loop_again(ws_loop->loop);
}

/* The next one whose time has come, if it is still there. */
static bool take_doomed(struct ws_loop *ws_loop, int64_t now_ms, struct ws_mark *ret_mark)
{
    while (ws_marks_take(&ws_loop->dying, 0, ret_mark) ||
           ws_marks_take(&ws_loop->closing, now_ms, ret_mark)) {
        if (find_marked(ws_loop, ret_mark))
            return true;
    }
    return false;
}

/* libwebsockets closes those whose time is over when it is asked how long it can wait. */
static int kill_marked(struct ws_loop *ws_loop)
{
    struct ws_mark mark;
    int count = 0;
    int64_t now_ms = clock_now_ms();
    while (take_doomed(ws_loop, now_ms, &mark)) {
        struct lws *wsi = ws_loop->ios[mark.descriptor].wsi;
        if (!wsi) {
            ws_loop_close(ws_loop, mark.descriptor);
            continue;
        }
        lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
        if (++count % KILLS_AT_ONCE == 0)
            (void)lws_service_adjust_timeout(ws_loop->context, TIMERS_HORIZON_MS, 0);
    }
    return lws_service_adjust_timeout(ws_loop->context, TIMERS_HORIZON_MS, 0);
}

size_t ws_loop_count(const struct ws_loop *ws_loop)
{
    return ws_loop->count;
}

/* Deadlines of libwebsockets are seconds; the loop turns at least each CHAT_TICK_MS, so no
 * timer of their own is needed. Forced service walks all descriptors: only when there is
 * something that no descriptor will tell. */
void ws_loop_turn(struct ws_loop *ws_loop)
{
    hear_marked(ws_loop);
    if (kill_marked(ws_loop) <= 0) {
        _lws_plat_service_forced_tsi(ws_loop->context, 0);
        loop_again(ws_loop->loop);
    }
    ws_loop_end_pauses(ws_loop);
    tell_changes(ws_loop);
}
