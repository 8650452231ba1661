/*
 * ws_loop_lws - what libwebsockets calls the loop for, and the loop libwebsockets; see
 * ws_loop_parts.h.
 */
#include "clock.h"
#include "log.h"
#include "ws_loop_parts.h"
#include "ws_port.h"

#include <libwebsockets.h>

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum {
    PAUSE_MS = 100,                  /* of a listener, when the system is out of something */
    NOT_SENT_BYTES_MAX = 128 * 1024, /* of a connection, in the kernel */
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
    return ws_loop_find(loop_of(wsi), lws_get_socket_fd(wsi));
}

void ws_loop_serve(struct ws_loop *ws_loop, int descriptor, short what)
{
    struct lws_pollfd ready = {.fd = descriptor, .events = what, .revents = what};
    lws_service_fd(ws_loop->context, &ready);
}

/* ------------------------------------------------------------------------- listeners */

static struct listener *find_listener(struct ws_loop *ws_loop, int descriptor)
{
    for (size_t i = 0; i < ws_loop->listener_count; i++) {
        if (ws_loop->listeners[i].descriptor == descriptor)
            return &ws_loop->listeners[i];
    }
    return NULL;
}

void ws_loop_accept(struct ws_loop *ws_loop, int descriptor)
{
    struct listener *listener = find_listener(ws_loop, descriptor);
    const struct ws_loop_events *events = &ws_loop->events;
    if (events->on_connecting(events->context, listener->vhost, descriptor))
        return;
    listener->paused_until_ms = clock_now_ms() + PAUSE_MS;
    ws_loop_set_wanted(ws_loop, descriptor, 0);
}

void ws_loop_end_pauses(struct ws_loop *ws_loop)
{
    for (size_t i = 0; i < ws_loop->listener_count; i++) {
        struct listener *listener = &ws_loop->listeners[i];
        if (listener->paused_until_ms == 0 || clock_now_ms() < listener->paused_until_ms)
            continue;
        listener->paused_until_ms = 0;
        ws_loop_set_wanted(ws_loop, listener->descriptor, LWS_EV_READ);
    }
}

/* ---------------------------------------------------------- what libwebsockets asks for */

static int on_init_pt(struct lws_context *context, void *foreign_loop, int tsi)
{
    struct pt_data *data = lws_evlib_tsi_to_evlib_pt(context, tsi);
    data->ws_loop = foreign_loop;
    return 0;
}

static int on_socket_open(struct lws *wsi)
{
    struct ws_loop *ws_loop = loop_of(wsi);
    struct io *io = io_of(wsi);
    if (!ws_loop->context)
        return 0; /* libwebsockets's own wake-up for other threads: there are none here */
    if (!io)
        return 1;
    if (!io->is_open)
        ws_loop_open(ws_loop, lws_get_socket_fd(wsi));
    io->wsi = wsi;
    return 0;
}

/* Bytes that wait for their turn wait with us, where they are shared and counted, and not in
 * megabytes of the kernel; what has its turn goes out at once. Connections inherit this from
 * the socket that listens. */
static void keep_kernel_queues_short(int descriptor)
{
    unsigned bytes = NOT_SENT_BYTES_MAX;
    int on = 1;
    if (setsockopt(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes)) != 0 ||
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        log_event(socket_option_refused, kv_int("errno", errno));
}

/* libwebsockets listens, and we accept. */
static int on_listener_open(struct lws *wsi)
{
    struct ws_loop *ws_loop = loop_of(wsi);
    if (!ws_loop->context)
        return 0;
    if (ws_loop->listener_count == LISTENERS_MAX || on_socket_open(wsi) != 0)
        return 1;
    keep_kernel_queues_short(lws_get_socket_fd(wsi));
    io_of(wsi)->kind = IO_LISTENER;
    ws_loop->listeners[ws_loop->listener_count++] =
        (struct listener){.vhost = lws_get_vhost(wsi), .descriptor = lws_get_socket_fd(wsi)};
    return 0;
}

static void on_io_change(struct lws *wsi, unsigned int flags)
{
    struct io *io = io_of(wsi);
    uint8_t mask = flags & (LWS_EV_READ | LWS_EV_WRITE);
    if (!io || !io->is_open)
        return;
    if (io->kind == IO_TAKEN)
        mask &= LWS_EV_WRITE; /* what is read is not its business */
    else if (io->kind == IO_HTTP)
        mask = 0;
    ws_loop_set_wanted(loop_of(wsi), lws_get_socket_fd(wsi),
                       (flags & LWS_EV_START) ? io->wanted | mask
                                              : io->wanted & (uint8_t)~mask);
}

static int on_socket_close(struct lws *wsi)
{
    struct io *io = io_of(wsi);
    if (io && io->is_open)
        ws_loop_forget(loop_of(wsi), io, lws_get_socket_fd(wsi));
    return 0;
}

static const struct lws_event_loop_ops loop_ops = {
    .name = "parley",
    .init_pt = on_init_pt,
    .init_vhost_listen_wsi = on_listener_open,
    .sock_accept = on_socket_open,
    .io = on_io_change,
    .wsi_logical_close = on_socket_close,
    .evlib_size_pt = sizeof(struct pt_data),
};

static const lws_plugin_evlib_t loop_plugin = {
    .hdr = {"parley", "lws_evlib_plugin", LWS_BUILD_HASH, LWS_PLUGIN_API_MAGIC},
    .ops = &loop_ops,
};

/* ------------------------------------------------------------ what it is called for */

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

/* Each text that it is given it reports as an error, which costs a line. */
static void adopt(struct lws_vhost *vhost, int descriptor, const char *text, size_t length)
{
    ws_port_log_less();
    (void)lws_adopt_socket_vhost_readbuf(vhost, descriptor, text, length);
    ws_port_log();
}

void ws_loop_adopt(struct ws_loop *ws_loop, int descriptor, struct lws_vhost *vhost,
                   const char *text, size_t length)
{
    struct io *io = &ws_loop->ios[descriptor];
    uint32_t generation = io->generation;
    assert(io->is_open && !io->wsi);
    ws_loop_set_new(ws_loop, descriptor);
    adopt(vhost, descriptor, text, length);
    if (!io->is_open || io->generation != generation || io->kind != IO_NEW)
        return;
    if (io->wsi)
        ws_loop_kill(ws_loop, descriptor);
    else
        ws_loop_forget(ws_loop, io,
                       descriptor); /* it had no memory for it, and has closed it */
}
