/*
 * ws_conn - one WebSocket connection; see ws_conn.h.
 *
 * Frames arrive from the chat ready-made and go out as they are: a whole batch by one send(2).
 * What the socket does not take is given to lws_write(LWS_WRITE_HTTP), which keeps it and
 * flushes it when the socket can take more; until then we are told BUSY. Over TLS all goes
 * by lws_write.
 */
#include "ws_conn.h"

#include "chat.h"
#include "mem.h"
#include "text.h"
#include "transport.h"
#include "ws_server.h"

#include <libwebsockets.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const enum pending_timeout KILL_REASON = PENDING_TIMEOUT_KILLED_BY_PARENT;

/* -------------------------------------------------------------------- what the chat asks */

static void conn_kill(void *context)
{
    struct ws_conn *conn = context;
    conn->is_closing = true;
    lws_set_timeout(conn->wsi, KILL_REASON, LWS_TO_KILL_ASYNC);
}

/* How much of it the socket took; an error is left for lws_write to meet again. */
static size_t send_directly(const struct ws_conn *conn, const unsigned char *bytes,
                            size_t length)
{
    if (conn->socket < 0)
        return 0;
    ssize_t sent = send(conn->socket, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : (size_t)sent;
}

static enum transport_result conn_write(void *context, const unsigned char *bytes,
                                        size_t length)
{
    struct ws_conn *conn = context;
    if (conn->is_closing)
        return TRANSPORT_GONE;
    if (lws_partial_buffered(conn->wsi))
        return TRANSPORT_BUSY;
    size_t sent = send_directly(conn, bytes, length);
    if (sent == length)
        return TRANSPORT_SENT;
    /* not const in the prototype, but with LWS_WRITE_HTTP not written to */
    if (lws_write(conn->wsi, (unsigned char *)bytes + sent, length - sent, LWS_WRITE_HTTP) >= 0)
        return TRANSPORT_SENT;
    conn_kill(conn);
    return TRANSPORT_GONE;
}

static void conn_close(void *context, enum close_code code, const char *reason)
{
    struct ws_conn *conn = context;
    if (conn->is_closing)
        return;
    conn->close_code = (uint16_t)code;
    conn->close_reason = mem_strdup(reason);
    conn->is_closing = true;
    lws_callback_on_writable(conn->wsi);
}

static void conn_pause(void *context, bool is_paused)
{
    const struct ws_conn *conn = context;
    lws_rx_flow_control(conn->wsi, is_paused ? 0 : 1);
}

const struct transport ws_transport = {
    .write = conn_write,
    .close = conn_close,
    .kill = conn_kill,
    .pause = conn_pause,
};

/* ---------------------------------------------------------------- what libwebsockets says */

void ws_conn_open(struct ws_conn *conn, struct lws *wsi, struct hub *hub,
                  const struct dialect *dialect, const struct chat_request *request)
{
    *conn = (struct ws_conn){.wsi = wsi};
    conn->socket = lws_is_ssl(wsi) ? -1 : lws_get_socket_fd(wsi);
    conn->session = chat_open(hub, conn, dialect, request);
}

static void drop_partial(struct ws_conn *conn)
{
    free(conn->partial);
    conn->partial = NULL;
    conn->partial_length = 0;
    conn->partial_capacity = 0;
    conn->fragment_count = 0;
}

static void append_partial(struct ws_conn *conn, const char *bytes, size_t length,
                           size_t expected)
{
    size_t needed = conn->partial_length + length;
    if (needed > conn->partial_capacity) {
        size_t doubled = 2 * (size_t)conn->partial_capacity;
        conn->partial_capacity = (uint32_t)(expected > doubled ? expected : doubled);
        conn->partial = mem_resize(conn->partial, conn->partial_capacity);
    }
    if (length > 0)
        memcpy(conn->partial + conn->partial_length, bytes, length);
    conn->partial_length = (uint32_t)needed;
}

static void refuse(struct ws_conn *conn, enum close_code code, const char *reason)
{
    drop_partial(conn);
    chat_refuse(conn->session, (int)code, reason);
}

static void take_piece(struct ws_conn *conn, const char *bytes, size_t length, size_t expected)
{
    bool is_end_of_frame = lws_remaining_packet_payload(conn->wsi) == 0;
    bool is_final = lws_is_final_fragment(conn->wsi) != 0;
    if (is_final && conn->partial_length == 0) {
        chat_message(conn->session, bytes, length); /* whole, as most are: no copy */
        drop_partial(conn);
        return;
    }
    append_partial(conn, bytes, length, expected);
    if (is_final) {
        chat_message(conn->session, conn->partial, conn->partial_length);
        drop_partial(conn);
    } else if (is_end_of_frame && ++conn->fragment_count >= FRAGMENTS_MAX) {
        refuse(conn, CLOSE_POLICY, "too many fragments");
    }
}

void ws_conn_receive(struct ws_conn *conn, const char *bytes, size_t length,
                     size_t max_message_bytes)
{
    size_t expected = conn->partial_length + length + lws_remaining_packet_payload(conn->wsi);
    conn->has_received = true;
    if (conn->is_closing)
        return;
    if (lws_frame_is_binary(conn->wsi))
        refuse(conn, CLOSE_UNSUPPORTED_DATA, "text frames only");
    else if (expected > max_message_bytes)
        refuse(conn, CLOSE_TOO_BIG, "message too big");
    else
        take_piece(conn, bytes, length, expected);
}

int ws_conn_writable(struct ws_conn *conn)
{
    if (!conn->session)
        return 0;
    if (!conn->close_code) {
        chat_writable(conn->session);
        return 0;
    }
    lws_close_reason(conn->wsi, (enum lws_close_status)conn->close_code,
                     (unsigned char *)conn->close_reason, strlen(conn->close_reason));
    return -1;
}

/* libwebsockets would echo whatever it got: a code of one octet, a reason that is no text. */
int ws_conn_peer_closes(struct ws_conn *conn, const char *payload, size_t length)
{
    enum close_code code = CLOSE_NORMAL;
    conn->is_closing = true; /* nothing may follow the close frame that answers */
    if (length == 1)
        code = CLOSE_PROTOCOL_ERROR;
    else if (length > 2 && !text_is_utf8(payload + 2, length - 2))
        code = CLOSE_INVALID_DATA;
    if (code == CLOSE_NORMAL)
        return 0;
    lws_close_reason(conn->wsi, (enum lws_close_status)code, NULL, 0);
    return -1;
}

void ws_conn_closed(struct ws_conn *conn)
{
    if (conn->session)
        chat_closed(conn->session);
    conn->session = NULL;
    free(conn->close_reason);
    conn->close_reason = NULL;
    drop_partial(conn);
}
