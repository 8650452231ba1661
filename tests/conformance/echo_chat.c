/*
 * echo_chat - a chat that says whatever it hears; see echo_chat.h.
 */
#include "echo_chat.h"

#include "chat.h"
#include "clock.h"
#include "mem.h"
#include "transport.h"
#include "ws_server.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    HEAD_BYTES_MAX = 10,
    FINAL_BIT = 0x80,
    CLOSE_TIMEOUT_MS = 5000,
};

/* A frame that the connection did not take yet. */
struct waiting {
    struct waiting *next;
    size_t length;
    unsigned char bytes[];
};

struct session {
    struct session *next;
    struct session *prev;
    void *conn;
    const struct transport *transport;
    struct waiting *waiting;
    int64_t kill_at_ms; /* 0: open */
};

static struct session *sessions;

/* -------------------------------------------------------------------------------- echoes */

static size_t print_head(unsigned char *out, enum message_kind kind, size_t length)
{
    size_t octets = length > UINT16_MAX ? 8 : 2;
    out[0] = (unsigned char)(FINAL_BIT | (kind == MESSAGE_BINARY ? WS_BINARY : WS_TEXT));
    out[1] = (unsigned char)length;
    if (length < 126)
        return 2;
    out[1] = octets == 2 ? 126 : 127;
    for (size_t i = 0; i < octets; i++)
        out[2 + i] = (unsigned char)(length >> (8 * (octets - 1 - i)));
    return 2 + octets;
}

static bool send_waiting(struct session *session)
{
    while (session->waiting) {
        struct waiting *first = session->waiting;
        size_t taken;
        if (session->transport->write(session->conn, first->bytes, first->length, &taken) &&
            taken == 0)
            return false;
        LL_DELETE(session->waiting, first);
        free(first);
    }
    return true;
}

static void end(struct session *session, enum close_code code, const char *reason)
{
    if (session->kill_at_ms)
        return;
    session->kill_at_ms = clock_now_ms() + CLOSE_TIMEOUT_MS;
    session->transport->pause(session->conn, false);
    session->transport->close(session->conn, code, reason);
}

/* ---------------------------------------------------------------- what the transport says */

struct session *chat_open(struct hub *hub, void *conn, const struct transport *transport,
                          const struct dialect *dialect, const struct chat_request *request)
{
    struct session *session = mem_zalloc(sizeof(*session));
    (void)hub;
    (void)dialect;
    (void)request;
    session->conn = conn;
    session->transport = transport;
    DL_APPEND(sessions, session);
    return session;
}

bool chat_takes_binary(const struct session *session)
{
    (void)session;
    return true;
}

void chat_message(struct session *session, enum message_kind kind, const char *bytes,
                  size_t length)
{
    struct waiting *frame = mem_alloc(sizeof(*frame) + HEAD_BYTES_MAX + length);
    size_t head = print_head(frame->bytes, kind, length);
    if (length > 0)
        memcpy(frame->bytes + head, bytes, length);
    frame->length = head + length;
    LL_APPEND(session->waiting, frame);
    if (!send_waiting(session))
        session->transport->pause(session->conn, true);
}

void chat_heard(struct session *session)
{
    (void)session;
}

void chat_refuse(struct session *session, int close_code, const char *reason)
{
    end(session, (enum close_code)close_code, reason);
}

void chat_writable(struct session *session)
{
    if (session->waiting && send_waiting(session))
        session->transport->pause(session->conn, false);
}

void chat_closed(struct session *session)
{
    struct waiting *frame;
    struct waiting *next;
    LL_FOREACH_SAFE(session->waiting, frame, next)
    free(frame);
    DL_DELETE(sessions, session);
    free(session);
}

/* ---------------------------------------------------------------------------- from ws_echo */

void echo_chat_drain(void)
{
    struct session *session;
    DL_FOREACH(sessions, session)
    end(session, CLOSE_GOING_AWAY, "bye");
}

bool echo_chat_is_drained(void)
{
    return !sessions;
}

void echo_chat_tick(void)
{
    struct session *session;
    struct session *next;
    DL_FOREACH_SAFE(sessions, session, next)
    {
        if (session->kill_at_ms && clock_now_ms() >= session->kill_at_ms)
            session->transport->kill(session->conn);
    }
}
