/*
 * ws_write - how bytes of a connection leave; see ws_write.h.
 */
#include "ws_write.h"

#include "metrics.h"
#include "ws_conn.h"
#include "ws_framing.h"

#include <libwebsockets.h>

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    TLS_PIECE_BYTES = 16384, /* at least, of frames given to libwebsockets at once */
    KIBIBYTE = 1024,
};

/* How much of it the socket took; negative: it is broken. */
static ssize_t send_directly(const struct ws_conn *conn, const unsigned char *bytes,
                             size_t length)
{
    ssize_t sent = send(conn->socket, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

/* What libwebsockets was given of a frame is counted until it is known to be out. */
static void set_kept(struct ws_conn *conn, size_t bytes)
{
    size_t kib = (bytes + KIBIBYTE - 1) / KIBIBYTE;
    if (kib > UINT8_MAX)
        kib = UINT8_MAX; /* never of a batch, whose frames are shorter: see ws_framing.h */
    metrics.backlog_bytes += ((int64_t)kib - conn->kept_kib) * KIBIBYTE;
    conn->kept_kib = (uint8_t)kib;
}

/* From *taken to the end of the frame that holds end, by way of libwebsockets. */
static bool write_frames(struct ws_conn *conn, const unsigned char *bytes, size_t length,
                         size_t end, size_t *taken)
{
    size_t count = (end < length ? ws_framing_frame_end(bytes, length, end) : length) - *taken;
    /* not const in the prototype, but with LWS_WRITE_HTTP not written to */
    if (count > 0 &&
        lws_write(conn->wsi, (unsigned char *)bytes + *taken, count, LWS_WRITE_HTTP) < 0)
        return false;
    *taken += count;
    if (lws_partial_buffered(conn->wsi))
        set_kept(conn, count);
    return true;
}

static bool write_over_tls(struct ws_conn *conn, const unsigned char *bytes, size_t length,
                           size_t *taken)
{
    while (*taken < length && !lws_partial_buffered(conn->wsi)) {
        if (!write_frames(conn, bytes, length, *taken + TLS_PIECE_BYTES, taken))
            return false;
    }
    return true;
}

static bool write_to_socket(struct ws_conn *conn, const unsigned char *bytes, size_t length,
                            size_t *taken)
{
    ssize_t sent = send_directly(conn, bytes, length);
    if (sent < 0)
        return false;
    *taken = (size_t)sent;
    return *taken == length || write_frames(conn, bytes, length, *taken, taken);
}

bool ws_write(struct ws_conn *conn, const unsigned char *bytes, size_t length,
              size_t *ret_taken)
{
    size_t taken = 0;
    *ret_taken = 0;
    if (lws_partial_buffered(conn->wsi))
        return true; /* libwebsockets calls for more when that is out */
    if (conn->kept_kib > 0)
        set_kept(conn, 0);
    if (!(conn->socket < 0 ? write_over_tls : write_to_socket)(conn, bytes, length, &taken))
        return false;
    if (taken < length)
        lws_callback_on_writable(conn->wsi);
    *ret_taken = taken;
    return true;
}

void ws_write_note_progress(struct ws_conn *conn)
{
    if (conn->kept_kib > 0 && !lws_partial_buffered(conn->wsi))
        set_kept(conn, 0);
}

void ws_write_finish(struct ws_conn *conn)
{
    set_kept(conn, 0);
}
