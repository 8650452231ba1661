/*
 * ws_loop - libwebsockets on our libevent loop; see ws_loop.h.
 *
 * A read takes no more than a connection's small buffer holds (rx_buffer_size is allocated
 * for each one, so it is kept small); a client that sends fast is therefore looked at again,
 * while there is more and up to READS_PER_TURN_MAX, so that others get their turn.
 */
#include "ws_loop.h"

#include "loop.h"
#include "mem.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <libwebsockets.h>

#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
    READS_PER_TURN_MAX = 32,
    TIMERS_HORIZON_MS = 1000,
    FRAME_HEAD_BYTES = 2,
};

/* One descriptor of libwebsockets. */
struct io {
    struct event event;
    struct ws_loop *ws_loop;
    void *owner;
    unsigned generation; /* how often the number was used */
    short wanted;        /* EV_READ, EV_WRITE; 0: not ours */
    bool is_open;
    bool was_first_shown;
};

struct ws_loop {
    struct loop *loop;
    struct lws_context *context;
    struct io *ios; /* by descriptor number */
    size_t limit;
    size_t count;
    struct ws_loop_events events;
    void *foreign_loops[1];
};

/* Room for the loop in what libwebsockets keeps per thread. */
struct pt_data {
    struct ws_loop *ws_loop;
};

static struct ws_loop *loop_of(struct lws *wsi)
{
    return ((struct pt_data *)lws_evlib_wsi_to_evlib_pt(wsi))->ws_loop;
}

static struct io *io_of(struct lws *wsi)
{
    struct ws_loop *ws_loop = loop_of(wsi);
    int descriptor = lws_get_socket_fd(wsi);
    if (descriptor < 0 || (size_t)descriptor >= ws_loop->limit)
        return NULL;
    return &ws_loop->ios[descriptor];
}

static bool has_more(int descriptor)
{
    int bytes = 0;
    return ioctl(descriptor, FIONREAD, &bytes) == 0 && bytes > 0;
}

static void serve(struct ws_loop *ws_loop, int descriptor, short what)
{
    struct lws_pollfd ready = {.fd = descriptor};
    if (what & EV_READ)
        ready.revents |= LWS_POLLIN;
    if (what & EV_WRITE)
        ready.revents |= LWS_POLLOUT;
    ready.events = ready.revents;
    lws_service_fd(ws_loop->context, &ready);
}

static void show_first_frame(struct io *io, int descriptor)
{
    unsigned char head[FRAME_HEAD_BYTES];
    if (io->was_first_shown ||
        recv(descriptor, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT) != sizeof(head))
        return;
    io->was_first_shown = true;
    io->ws_loop->events.on_first_frame(io->owner, head);
}

static void read_owned(struct io *io, int descriptor)
{
    io->ws_loop->events.on_heard(io->owner);
    show_first_frame(io, descriptor);
    serve(io->ws_loop, descriptor, EV_READ);
}

static void on_ready(evutil_socket_t descriptor, short what, void *context)
{
    struct io *io = context;
    unsigned generation = io->generation;
    if (what & EV_WRITE)
        serve(io->ws_loop, descriptor, EV_WRITE);
    if (!(what & EV_READ) || !io->is_open || io->generation != generation)
        return;
    if (!io->owner) {
        serve(io->ws_loop, descriptor, EV_READ); /* a handshake: its client waits for us now */
        return;
    }
    read_owned(io, descriptor);
    for (int i = 1; i < READS_PER_TURN_MAX; i++) {
        bool is_same = io->is_open && io->generation == generation && io->owner;
        if (!is_same || !(io->wanted & EV_READ) || !has_more(descriptor))
            return;
        read_owned(io, descriptor);
    }
}

/* ---------------------------------------------------------- what libwebsockets asks for */

static int on_init_pt(struct lws_context *context, void *foreign_loop, int tsi)
{
    struct pt_data *data = lws_evlib_tsi_to_evlib_pt(context, tsi);
    data->ws_loop = foreign_loop;
    return 0;
}

static void want(struct io *io, int descriptor, short wanted)
{
    struct event_base *base = loop_event_base(io->ws_loop->loop);
    if (io->wanted == wanted)
        return;
    if (io->wanted)
        event_del(&io->event);
    io->wanted = wanted;
    if (!wanted)
        return;
    event_assign(&io->event, base, descriptor, (short)(wanted | EV_PERSIST), on_ready, io);
    event_add(&io->event, NULL);
}

static int on_socket_open(struct lws *wsi)
{
    struct io *io = io_of(wsi);
    if (!loop_of(wsi)->context)
        return 0; /* libwebsockets's own wake-up for other threads: there are none here */
    if (!io)
        return 1;
    io->ws_loop = loop_of(wsi);
    io->generation++;
    io->is_open = true;
    io->was_first_shown = false;
    io->ws_loop->count++;
    want(io, lws_get_socket_fd(wsi), EV_READ);
    return 0;
}

static void on_io_change(struct lws *wsi, unsigned int flags)
{
    struct io *io = io_of(wsi);
    short mask = 0;
    if (!io || !io->is_open)
        return;
    if (flags & LWS_EV_READ)
        mask |= EV_READ;
    if (flags & LWS_EV_WRITE)
        mask |= EV_WRITE;
    want(io, lws_get_socket_fd(wsi),
         (short)((flags & LWS_EV_START) ? io->wanted | mask : io->wanted & ~mask));
}

static int on_socket_close(struct lws *wsi)
{
    struct io *io = io_of(wsi);
    if (!io || !io->is_open)
        return 0;
    want(io, lws_get_socket_fd(wsi), 0);
    io->is_open = false;
    io->owner = NULL;
    io->ws_loop->count--;
    return 0;
}

static const struct lws_event_loop_ops loop_ops = {
    .name = "parley",
    .init_pt = on_init_pt,
    .init_vhost_listen_wsi = on_socket_open,
    .sock_accept = on_socket_open,
    .io = on_io_change,
    .wsi_logical_close = on_socket_close,
    .evlib_size_pt = sizeof(struct pt_data),
};

static const lws_plugin_evlib_t loop_plugin = {
    .hdr = {"parley", "lws_evlib_plugin", LWS_BUILD_HASH, LWS_PLUGIN_API_MAGIC},
    .ops = &loop_ops,
};

/* ------------------------------------------------------------------------------- life */

struct ws_loop *ws_loop_create(struct loop *loop, size_t descriptor_limit,
                               const struct ws_loop_events *events)
{
    struct ws_loop *ws_loop = mem_zalloc(sizeof(*ws_loop));
    ws_loop->loop = loop;
    ws_loop->limit = descriptor_limit;
    ws_loop->ios = mem_zalloc(descriptor_limit * sizeof(*ws_loop->ios));
    ws_loop->events = *events;
    return ws_loop;
}

void ws_loop_destroy(struct ws_loop *ws_loop)
{
    if (!ws_loop)
        return;
    free(ws_loop->ios);
    free(ws_loop);
}

void ws_loop_prepare(struct ws_loop *ws_loop, struct lws_context_creation_info *info)
{
    ws_loop->foreign_loops[0] = ws_loop;
    info->event_lib_custom = &loop_plugin;
    info->foreign_loops = ws_loop->foreign_loops;
}

void ws_loop_bind(struct ws_loop *ws_loop, struct lws_context *context)
{
    ws_loop->context = context;
}

void ws_loop_set_owner(struct ws_loop *ws_loop, struct lws *wsi, void *owner)
{
    struct io *io = io_of(wsi);
    (void)ws_loop;
    if (io)
        io->owner = owner;
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
    if (lws_service_adjust_timeout(ws_loop->context, TIMERS_HORIZON_MS, 0) > 0)
        return;
    _lws_plat_service_forced_tsi(ws_loop->context, 0);
    loop_again(ws_loop->loop);
}
