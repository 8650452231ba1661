/*
 * ws_conn - one WebSocket connection; see ws_conn.h.
 *
 * Frames arrive from the chat ready-made and go out as they are: a whole batch by one send(2),
 * see ws_write.
 *
 * Reading, one buffer serves all connections; most messages are whole in it and never copied.
 * Ending: our close frame goes out, then what comes is thrown away until the peer's comes, its
 * stream ends, or the chat kills the connection. Nobody's close frame is lost to a reset.
 */
#include "ws_conn.h"

#include "chat.h"
#include "limit.h"
#include "log.h"
#include "mem.h"
#include "text.h"
#include "transport.h"
#include "ws_assembly.h"
#include "ws_framing.h"
#include "ws_loop.h"
#include "ws_pongs.h"
#include "ws_read.h"
#include "ws_server.h"
#include "ws_write.h"

#include <libwebsockets.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_BYTES = 4096,
    READS_PER_TURN_MAX = 8, /* others get their turn */
};

/* -------------------------------------------------------------------- what the chat asks */

static int descriptor_of(const struct ws_conn *conn)
{
    return lws_get_socket_fd(conn->wsi);
}

/* From here on it is libwebsockets's again, which is about to close it. */
static void give_up(struct ws_conn *conn)
{
    conn->is_closing = true;
    conn->is_given_up = true;
    ws_loop_give_back(conn->room->ws_loop, descriptor_of(conn));
    if (conn->was_early)
        lws_rx_flow_control(conn->wsi, 1);
}

static void conn_kill(void *context)
{
    struct ws_conn *conn = context;
    give_up(conn);
    ws_loop_kill(conn->room->ws_loop, descriptor_of(conn));
}

/* As transport's write. */
static bool put(struct ws_conn *conn, const unsigned char *bytes, size_t length,
                size_t *ret_taken)
{
    if (ws_write(conn, bytes, length, ret_taken))
        return true;
    conn_kill(conn);
    return false;
}

/* A control frame goes out whole or not at all. */
static bool put_whole(struct ws_conn *conn, const unsigned char *frame, size_t length)
{
    size_t taken;
    return put(conn, frame, length, &taken) && taken == length;
}

static bool conn_write(void *context, const unsigned char *bytes, size_t length,
                       size_t *ret_taken)
{
    struct ws_conn *conn = context;
    return !conn->is_closing && put(conn, bytes, length, ret_taken);
}

static void conn_close(void *context, enum close_code code, const char *reason)
{
    struct ws_conn *conn = context;
    if (conn->is_closing)
        return;
    conn->close_code = (uint16_t)code;
    conn->close_reason = mem_strdup(reason);
    conn->is_close_due = true;
    conn->is_closing = true;
    lws_callback_on_writable(conn->wsi);
}

/* What was read and not looked at yet is looked at when libwebsockets calls us next. */
static void conn_pause(void *context, bool is_paused)
{
    struct ws_conn *conn = context;
    conn->is_paused = is_paused;
    ws_loop_set_reading(conn->room->ws_loop, descriptor_of(conn), !is_paused);
    if (is_paused)
        return;
    conn->has_more = conn->socket < 0;
    if (conn->held || conn->has_more)
        lws_callback_on_writable(conn->wsi);
}

static const struct transport ws_transport = {
    .framing = &ws_framing,
    .write = conn_write,
    .close = conn_close,
    .kill = conn_kill,
    .pause = conn_pause,
};

/* ------------------------------------------------------------------------------ the end */

static void drop_assembly(struct ws_conn *conn)
{
    ws_assembly_end(conn->assembly);
    conn->assembly = NULL;
}

static size_t print_close(const struct ws_conn *conn, unsigned char *out)
{
    unsigned char payload[WS_CONTROL_BYTES_MAX];
    const char *reason = conn->close_reason ? conn->close_reason : "";
    size_t length = text_cut(reason, sizeof(payload) - 2);
    if (!conn->close_code)
        return ws_frames_print_control(out, WS_CLOSE, NULL, 0);
    payload[0] = (unsigned char)(conn->close_code >> 8);
    payload[1] = (unsigned char)conn->close_code;
    memcpy(payload + 2, reason, length);
    return ws_frames_print_control(out, WS_CLOSE, payload, 2 + length);
}

/* For the chat it is over as soon as its close frame is on its way; the connection stays a
 * while for the peer's. */
static void send_close(struct ws_conn *conn)
{
    unsigned char frame[2 + WS_CONTROL_BYTES_MAX];
    if (!put_whole(conn, frame, print_close(conn, frame)))
        return; /* not yet; or never */
    conn->is_close_due = false;
    conn->is_close_sent = true;
    ws_loop_kill_later(conn->room->ws_loop, descriptor_of(conn));
    drop_assembly(conn);
    chat_closed(conn->session);
    conn->session = NULL;
}

/* The peer's close frame is answered with its code, or what is wrong with it; then we end. */
static void answer_close(struct ws_conn *conn, const unsigned char *payload, size_t length)
{
    unsigned code = length >= 2 ? (unsigned)payload[0] << 8 | payload[1] : 0;
    conn->is_peer_closed = true;
    log_event(
        close_received,
        kv_int("connection", ws_loop_connection(conn->room->ws_loop, descriptor_of(conn))),
        kv_int("code", code));
    if (conn->is_close_sent || conn->is_close_due)
        return;
    if (length == 1 || (length >= 2 && !ws_frames_is_close_code(code)))
        code = CLOSE_PROTOCOL_ERROR;
    else if (length > 2 && !text_is_utf8(payload + 2, length - 2))
        code = CLOSE_INVALID_DATA;
    conn->close_code = (uint16_t)code;
    conn->is_closing = true;
    conn->is_close_due = true;
    ws_loop_kill_later(conn->room->ws_loop, descriptor_of(conn));
}

/* ------------------------------------------------------------------------------ messages */

static void refuse(struct ws_conn *conn, enum close_code code, const char *reason)
{
    drop_assembly(conn);
    chat_refuse(conn->session, (int)code, reason);
}

static void judge_frame(struct ws_conn *conn, const struct ws_event *head)
{
    if (head->opcode == WS_BINARY && !chat_takes_binary(conn->session))
        refuse(conn, CLOSE_UNSUPPORTED_DATA, "text frames only");
    else if (head->frame_bytes >
             conn->room->limits.message_bytes - ws_assembly_length(conn->assembly))
        refuse(conn, CLOSE_TOO_BIG, "message too big");
}

/* What the message can become at most: a frame that is not the last says nothing of it. */
static size_t message_bytes_max(const struct ws_conn *conn, const struct ws_event *piece)
{
    return piece->is_last_frame
               ? ws_assembly_length(conn->assembly) + piece->length + (size_t)conn->frames.left
               : conn->room->limits.message_bytes;
}

static void take_piece(struct ws_conn *conn, const struct ws_event *piece)
{
    enum message_kind kind = piece->opcode == WS_BINARY ? MESSAGE_BINARY : MESSAGE_TEXT;
    const char *bytes = (const char *)piece->bytes;
    if (piece->is_end_of_message && ws_assembly_length(conn->assembly) == 0) {
        chat_message(conn->session, kind, bytes, piece->length);
        drop_assembly(conn);
        return; /* whole, as most are: no copy */
    }
    if (!conn->assembly)
        conn->assembly = ws_assembly_begin(conn->room->assemblies, conn);
    ws_assembly_append(conn->assembly, bytes, piece->length, message_bytes_max(conn, piece));
    if (piece->is_end_of_message) {
        chat_message(conn->session, kind, ws_assembly_bytes(conn->assembly),
                     ws_assembly_length(conn->assembly));
        drop_assembly(conn);
    } else if (piece->is_end_of_frame &&
               ws_assembly_count_fragment(conn->assembly) >= conn->room->limits.fragments) {
        refuse(conn, CLOSE_POLICY, "too many fragments");
    }
}

/* From the first octet of a frame on, whatever frame it is, its end must come in time. */
static void watch_what_has_begun(struct ws_conn *conn)
{
    bool has_begun = conn->frames.head_length > 0 || conn->frames.message != 0;
    if (has_begun && !conn->assembly && !conn->is_closing)
        conn->assembly = ws_assembly_begin(conn->room->assemblies, conn);
    else if (!has_begun && conn->assembly)
        drop_assembly(conn);
}

void ws_conn_message_crowds_out(struct ws_conn *conn)
{
    limit_hit(LIMIT_backlog_bytes);
    refuse(conn, CLOSE_TRY_AGAIN_LATER, "too many messages that are not complete");
}

void ws_conn_message_overdue(struct ws_conn *conn)
{
    if (conn->is_paused) {
        ws_assembly_restart(conn->assembly); /* it is not the client who keeps us waiting */
        return;
    }
    limit_hit(LIMIT_message_timeout_ms);
    refuse(conn, CLOSE_POLICY, "a message that is not complete in time");
}

/* -------------------------------------------------------------------------- what is read */

static void send_pongs(struct ws_conn *conn)
{
    if (!ws_pongs_send(conn))
        conn_kill(conn);
}

static void answer_ping(struct ws_conn *conn, const struct ws_event *ping)
{
    if (!ws_pongs_add(conn, ping->bytes, ping->length))
        conn_kill(conn);
}

static void take_event(struct ws_conn *conn, const struct ws_event *event)
{
    if (event->kind == WS_CONTROL && event->opcode == WS_PING) {
        answer_ping(conn, event);
        return;
    }
    send_pongs(conn); /* they were asked for before */
    switch (event->kind) {
    case WS_HEAD:
        if (!conn->is_closing)
            judge_frame(conn, event);
        break;
    case WS_PIECE:
        if (!conn->is_closing)
            take_piece(conn, event);
        break;
    case WS_CONTROL:
        if (event->opcode == WS_CLOSE)
            answer_close(conn, event->bytes, event->length);
        break;
    case WS_BROKEN:
        conn->is_broken = true;
        if (!conn->is_closing)
            refuse(conn, (enum close_code)event->close_code, event->reason);
        break;
    case WS_NOTHING:
        break;
    }
}

static void hold(struct ws_conn *conn, const unsigned char *bytes, size_t length)
{
    uint16_t count = (uint16_t)length;
    assert(!conn->held && length <= UINT16_MAX);
    conn->held = mem_alloc(sizeof(count) + length);
    memcpy(conn->held, &count, sizeof(count));
    memcpy(conn->held + sizeof(count), bytes, length);
}

/* False: it is paused, and the rest is held. */
static bool take_frames(struct ws_conn *conn, unsigned char *bytes, size_t length)
{
    struct ws_event event = {.kind = WS_HEAD};
    while (event.kind != WS_NOTHING && !conn->is_broken && !conn->is_peer_closed) {
        if (conn->is_paused && !conn->is_closing) {
            if (length > 0)
                hold(conn, bytes, length);
            return false;
        }
        size_t taken = ws_frames_read(&conn->frames, bytes, length, &event);
        bytes += taken;
        length -= taken;
        take_event(conn, &event);
    }
    return true;
}

static void take_bytes(struct ws_conn *conn, unsigned char *bytes, size_t length)
{
    bool is_all = take_frames(conn, bytes, length);
    send_pongs(conn);
    if (is_all)
        watch_what_has_begun(conn);
}

static void take_held(struct ws_conn *conn)
{
    uint16_t count;
    unsigned char *held = conn->held;
    conn->held = NULL;
    memcpy(&count, held, sizeof(count));
    take_bytes(conn, held + sizeof(count), count);
    free(held);
}

/* What a TLS record still holds is nothing that the socket would tell of. */
static bool may_have_more(const struct ws_conn *conn, size_t count)
{
    return conn->socket < 0 || count == READ_BYTES;
}

void ws_conn_readable(struct ws_conn *conn)
{
    static unsigned char bytes[READ_BYTES]; /* one for all: it is empty again when we return */
    ssize_t count = READ_BYTES;
    if (conn->session)
        chat_heard(conn->session);
    if (conn->held)
        take_held(conn); /* they came before */
    for (int i = 0; i < READS_PER_TURN_MAX && may_have_more(conn, (size_t)count); i++) {
        if (conn->is_paused && !conn->is_closing)
            return;
        count = ws_read(conn, bytes, sizeof(bytes));
        if (count < 0)
            conn_kill(conn);
        if (count <= 0)
            return;
        take_bytes(conn, bytes, (size_t)count);
        if (conn->is_peer_closed || conn->is_given_up)
            break;
    }
    conn->has_more = conn->socket < 0;
    if (conn->is_peer_closed || conn->has_more)
        lws_callback_on_writable(conn->wsi);
}

/* -------------------------------------------------------------- what libwebsockets says */

void ws_conn_open(struct ws_conn *conn, struct lws *wsi, const struct ws_conn_room *room,
                  const struct dialect *dialect, const struct chat_request *request)
{
    *conn = (struct ws_conn){.wsi = wsi, .room = room};
    conn->socket = lws_is_ssl(wsi) ? -1 : lws_get_socket_fd(wsi);
    ws_loop_take(room->ws_loop, descriptor_of(conn), conn);
    conn->session = chat_open(room->hub, conn, &ws_transport, dialect, request);
}

/* What libwebsockets has of them it may not look at: it is not what came any more. */
void ws_conn_take_early(struct ws_conn *conn, unsigned char *octets, size_t count)
{
    if (count == 0)
        return;
    conn->was_early = true;
    lws_rx_flow_control(conn->wsi, 0);
    take_bytes(conn, octets, count);
    if (conn->is_peer_closed)
        lws_callback_on_writable(conn->wsi);
}

/* The close frame is out: until the peer's comes, what it sends is read and thrown away. */
static int go_on_closing(struct ws_conn *conn)
{
    if (lws_partial_buffered(conn->wsi))
        return 0;
    ws_read_only(conn);
    if (!conn->is_peer_closed)
        return 0;
    give_up(conn);
    return -1;
}

int ws_conn_writable(struct ws_conn *conn)
{
    if (conn->is_given_up)
        return 0;
    ws_write_note_progress(conn);
    if (!ws_pongs_send_kept(conn))
        conn_kill(conn);
    if (conn->is_close_due)
        send_close(conn);
    if (conn->held && (!conn->is_paused || conn->is_closing))
        take_held(conn);
    if (conn->has_more) {
        conn->has_more = false;
        ws_conn_readable(conn);
    }
    if (conn->is_close_sent)
        return go_on_closing(conn);
    chat_writable(conn->session);
    return 0;
}

/* Nothing may be written any more, and nobody is here. */
void ws_conn_is_ending(struct ws_conn *conn)
{
    if (!conn->room)
        return; /* there was no handshake */
    give_up(conn);
    drop_assembly(conn);
    if (conn->session)
        chat_closed(conn->session);
    conn->session = NULL;
}

void ws_conn_closed(struct ws_conn *conn)
{
    ws_write_finish(conn);
    if (conn->session)
        chat_closed(conn->session);
    conn->session = NULL;
    drop_assembly(conn);
    ws_frames_finish(&conn->frames);
    free(conn->close_reason);
    free(conn->held);
    conn->close_reason = NULL;
    conn->held = NULL;
    ws_pongs_finish(conn);
}
