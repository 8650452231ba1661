/*
 * ws_accept - takes in whoever is waiting at a port; see ws_accept.h.
 */
#include "ws_accept.h"

#include "clock.h"
#include "http_conn.h"
#include "log.h"
#include "network.h"
#include "ws_loop.h"

#include <libwebsockets.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ACCEPTS_PER_TURN_MAX = 64, /* the others' turn is the next */
    LOG_EVERY_MS = 1000,
};

/* No reason to stop: the one who was waiting is gone, or may not come. */
static bool is_of_one_connection(int error)
{
    return error == ECONNABORTED || error == EINTR || error == EPROTO || error == EPERM ||
           error == ENETDOWN || error == EHOSTDOWN || error == ENETUNREACH ||
           error == EHOSTUNREACH || error == ENONET || error == ENOPROTOOPT;
}

static void log_failure(int error)
{
    static int64_t next_ms;
    int64_t now_ms = clock_now_ms();
    if (now_ms < next_ms)
        return;
    next_ms = now_ms + LOG_EVERY_MS;
    log_event(accept_failed, kv_str("err", strerror(error)),
              kv_str("next", "new connections wait"));
}

/* Said without having been asked, which clients take for the answer to what they are about to
 * ask; the others have more to do than to wait for it. */
static void turn_away(int descriptor, bool is_tls)
{
    static const char words[] = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 10\r\n"
                                "Content-Length: 0\r\nConnection: close\r\n\r\n";
    if (!is_tls)
        (void)send(descriptor, words, sizeof(words) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(descriptor);
}

/* TLS is worked at before anything is asked. Who may come to the internal port waits for no
 * stranger. */
static bool is_welcome(const struct ws_port_of *port, struct ws_admission *admission,
                       int descriptor, const struct peer *peer)
{
    if (port->port == WS_PORT_INTERNAL)
        return true;
    if (!ws_admission_enter(admission, descriptor, peer))
        return false;
    if (!port->is_tls ||
        ws_admission_take_handshake(admission, ws_admission_customer(admission, descriptor)))
        return true;
    ws_admission_leave(admission, descriptor);
    return false;
}

static void note_accepted(const struct ws_port_of *port, const struct ws_loop *ws_loop,
                          int descriptor)
{
    log_event(connection_accepted,
              kv_int("connection", ws_loop_connection(ws_loop, descriptor)),
              kv_str("port", port->port == WS_PORT_PUBLIC ? "public" : "internal"));
}

/* False: it is closed. */
static bool open_connection(const struct ws_port_of *port, struct ws_loop *ws_loop,
                            int descriptor)
{
    bool is_public = port->port == WS_PORT_PUBLIC;
    if (port->is_tls) { /* libwebsockets closes it if it does not take it */
        if (!lws_adopt_socket_vhost(port->vhost, descriptor))
            return false;
        note_accepted(port, ws_loop, descriptor);
        return true;
    }
    ws_loop_open(ws_loop, descriptor);
    note_accepted(port, ws_loop, descriptor);
    http_conns_open(port->conns, descriptor, is_public ? HTTP_PUBLIC : HTTP_INTERNAL);
    return true;
}

static void take_in(const struct ws_port_of *port, struct ws_admission *admission,
                    struct ws_loop *ws_loop, int descriptor, const struct sockaddr *address)
{
    struct peer peer;
    peer_from_socket(address, &peer);
    if (!is_welcome(port, admission, descriptor, &peer)) {
        turn_away(descriptor, port->is_tls);
        return;
    }
    int oldest = ws_admission_pend(admission, descriptor);
    if (oldest >= 0)
        ws_loop_kill(ws_loop, oldest);
    if (!open_connection(port, ws_loop, descriptor))
        ws_admission_leave(admission, descriptor);
}

bool ws_accept(const struct ws_port_of *port, struct ws_admission *admission,
               struct ws_loop *ws_loop)
{
    struct sockaddr_storage address;
    for (int i = 0; i < ACCEPTS_PER_TURN_MAX; i++) {
        socklen_t length = sizeof(address);
        int descriptor = accept4(port->listener, (struct sockaddr *)&address, &length,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return true;
        if (descriptor < 0 && is_of_one_connection(errno))
            continue;
        if (descriptor < 0) {
            log_failure(errno);
            return false;
        }
        if (ws_admission_has_descriptor(admission, port->port, ws_loop_count(ws_loop)))
            take_in(port, admission, ws_loop, descriptor, (const struct sockaddr *)&address);
        else
            (void)close(descriptor);
    }
    return true;
}
