/*
 * ws_pongs - answers to pings; see ws_pongs.h.
 */
#include "ws_pongs.h"

#include "mem.h"
#include "ws_conn.h"
#include "ws_write.h"

#include <stdlib.h>
#include <string.h>

enum { ADDED_BYTES_MAX = 4096 };

static struct {
    size_t length;
    size_t last; /* where the last one begins */
    unsigned char bytes[ADDED_BYTES_MAX];
} added;

bool ws_pongs_add(struct ws_conn *conn, const unsigned char *payload, size_t length)
{
    bool is_full = added.length + 2 + length > sizeof(added.bytes);
    if (is_full && !ws_pongs_send(conn))
        return false;
    added.last = added.length;
    added.length +=
        ws_frames_print_control(added.bytes + added.length, WS_PONG, payload, length);
    return true;
}

/* Its length first. */
static void keep(struct ws_conn *conn, const unsigned char *frame)
{
    if (!conn->pong)
        conn->pong = mem_zalloc(1 + WS_CONTROL_BYTES_MAX);
    memcpy(conn->pong, frame + 1, 1 + (size_t)frame[1]);
}

bool ws_pongs_send(struct ws_conn *conn)
{
    size_t length = added.length;
    size_t taken = 0;
    added.length = 0;
    if (length == 0 || conn->is_closing)
        return true;
    if (!ws_write(conn, added.bytes, length, &taken))
        return false;
    if (taken < length)
        keep(conn, added.bytes + added.last);
    else
        ws_pongs_finish(conn); /* one that is kept was asked for before */
    return true;
}

bool ws_pongs_send_kept(struct ws_conn *conn)
{
    unsigned char frame[2 + WS_CONTROL_BYTES_MAX];
    size_t taken = 0;
    if (!conn->pong || conn->is_closing)
        return true;
    size_t length = ws_frames_print_control(frame, WS_PONG, conn->pong + 1, conn->pong[0]);
    if (!ws_write(conn, frame, length, &taken))
        return false;
    if (taken == length)
        ws_pongs_finish(conn);
    return true;
}

void ws_pongs_finish(struct ws_conn *conn)
{
    free(conn->pong);
    conn->pong = NULL;
}
