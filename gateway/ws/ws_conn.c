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
#include "limit.h"
#include "mem.h"
#include "text.h"
#include "transport.h"
#include "ws_assembly.h"
#include "ws_early.h"
#include "ws_server.h"

#include <libwebsockets.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    MASK_BIT = 0x80,
    CLOSE_CODES_END = 5000,
};

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

/* ------------------------------------------------------------------------ the first look */

static void judge(struct ws_conn *conn, unsigned char second_octet)
{
    conn->first_look = LOOK_DONE;
    if (!(second_octet & MASK_BIT))
        chat_refuse(conn->session, CLOSE_PROTOCOL_ERROR, "a frame without a mask");
}

void ws_conn_look_at(struct ws_conn *conn, const unsigned char *octets, size_t count)
{
    if (count == 1)
        conn->first_look = LOOK_AT_ONE;
    else if (count > 1)
        judge(conn, octets[1]);
}

/* How many octets make the connection readable. */
static void set_low_water(const struct ws_conn *conn, int octets)
{
    (void)setsockopt(conn->socket, SOL_SOCKET, SO_RCVLOWAT, &octets, sizeof(octets));
}

/* The first octet alone is left where it is until the second has come or the connection has
 * ended. What a record of TLS held is read at once: the system cannot tell of the next. */
static bool wait_for_second(struct ws_conn *conn)
{
    if (conn->socket < 0) {
        conn->first_look = LOOK_AT_ONE;
        return true;
    }
    if (conn->first_look == LOOK_AT_TWO_AWAIT) {
        conn->first_look = LOOK_DONE;
        set_low_water(conn, 1);
        return true;
    }
    conn->first_look = LOOK_AT_TWO_AWAIT;
    set_low_water(conn, 2);
    return false;
}

bool ws_conn_may_be_read(struct ws_conn *conn)
{
    unsigned char head[2];
    int wanted = conn->first_look == LOOK_AT_ONE ? 1 : 2;
    if (conn->first_look == LOOK_DONE || !conn->session)
        return true;
    int count = ws_early_peek(conn->wsi, head, (size_t)wanted);
    if (count <= 0)
        return true; /* the end, which is read, too */
    if (count < wanted)
        return wait_for_second(conn);
    if (conn->first_look == LOOK_AT_TWO_AWAIT)
        set_low_water(conn, 1);
    judge(conn, head[wanted - 1]);
    return true;
}

/* ------------------------------------------------------------------------------ messages */

static void drop_assembly(struct ws_conn *conn)
{
    ws_assembly_end(conn->assembly);
    conn->assembly = NULL;
}

static void refuse(struct ws_conn *conn, enum close_code code, const char *reason)
{
    drop_assembly(conn);
    chat_refuse(conn->session, (int)code, reason);
}

static void take_piece(struct ws_conn *conn, const char *bytes, size_t length, size_t expected,
                       struct ws_assemblies *assemblies)
{
    bool is_end_of_frame = lws_remaining_packet_payload(conn->wsi) == 0;
    bool is_final = lws_is_final_fragment(conn->wsi) != 0;
    if (is_final && !conn->assembly) {
        chat_message(conn->session, bytes, length); /* whole, as most are: no copy */
        return;
    }
    if (!conn->assembly)
        conn->assembly = ws_assembly_begin(assemblies, conn);
    ws_assembly_append(conn->assembly, bytes, length, expected);
    if (is_final) {
        chat_message(conn->session, ws_assembly_bytes(conn->assembly),
                     ws_assembly_length(conn->assembly));
        drop_assembly(conn);
    } else if (is_end_of_frame && ws_assembly_count_fragment(conn->assembly) >= FRAGMENTS_MAX) {
        refuse(conn, CLOSE_POLICY, "too many fragments");
    }
}

void ws_conn_receive(struct ws_conn *conn, const char *bytes, size_t length,
                     size_t max_message_bytes, struct ws_assemblies *assemblies)
{
    size_t expected =
        ws_assembly_length(conn->assembly) + length + lws_remaining_packet_payload(conn->wsi);
    if (conn->is_closing || !conn->session)
        return;
    if (lws_frame_is_binary(conn->wsi))
        refuse(conn, CLOSE_UNSUPPORTED_DATA, "text frames only");
    else if (expected > max_message_bytes)
        refuse(conn, CLOSE_TOO_BIG, "message too big");
    else
        take_piece(conn, bytes, length, expected, assemblies);
}

void ws_conn_message_overdue(struct ws_conn *conn)
{
    limit_hit(LIMIT_message_timeout_ms);
    refuse(conn, CLOSE_POLICY, "a message that is not complete in time");
}

/* --------------------------------------------------------------------------- the end */

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

static int close_code_of(const char *payload)
{
    return (unsigned char)payload[0] << 8 | (unsigned char)payload[1];
}

/* libwebsockets would echo whatever it got: a code of one octet, one that nobody may use, a
 * reason that is no text. Codes below 3000 it has looked at. */
int ws_conn_peer_closes(struct ws_conn *conn, const char *payload, size_t length)
{
    enum close_code code = CLOSE_NORMAL;
    conn->is_closing = true; /* nothing may follow the close frame that answers */
    if (length == 1 || (length >= 2 && close_code_of(payload) >= CLOSE_CODES_END))
        code = CLOSE_PROTOCOL_ERROR;
    else if (length > 2 && !text_is_utf8(payload + 2, length - 2))
        code = CLOSE_INVALID_DATA;
    if (code == CLOSE_NORMAL)
        return 0;
    lws_close_reason(conn->wsi, (enum lws_close_status)code, NULL, 0);
    return -1;
}

static bool has_peer_ended(const struct ws_conn *conn)
{
    char octet;
    ssize_t count = recv(lws_get_socket_fd(conn->wsi), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

/* Not asked for by either side: a frame that libwebsockets does not take, which it says to the
 * peer in some cases only. Nothing may follow the close frame, and nobody is here any more. */
void ws_conn_is_ending(struct ws_conn *conn)
{
    static unsigned char reason[] = "protocol error";
    if (conn->is_closing || !conn->session)
        return;
    conn->is_closing = true;
    if (!has_peer_ended(conn))
        lws_close_reason(conn->wsi, LWS_CLOSE_STATUS_PROTOCOL_ERR, reason, sizeof(reason) - 1);
    drop_assembly(conn);
    chat_closed(conn->session);
    conn->session = NULL;
}

void ws_conn_closed(struct ws_conn *conn)
{
    drop_assembly(conn);
    if (conn->session)
        chat_closed(conn->session);
    conn->session = NULL;
    free(conn->close_reason);
    conn->close_reason = NULL;
}
