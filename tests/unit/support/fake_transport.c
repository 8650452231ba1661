/*
 * fake_transport - connections that write down what they are given; see fake_transport.h.
 */
#include "fake_transport.h"

#include "fake_clock.h"
#include "frames.h"
#include "transport.h"
#include "unit.h"
#include "ws_framing.h"

int64_t fake_write_us;

static bool fake_write(void *context, const unsigned char *bytes, size_t length,
                       size_t *ret_taken)
{
    struct fake_conn *conn = context;
    struct frame frame;
    size_t at = 0;
    assert_false(conn->is_closed); /* nothing is sent after the close */
    if (conn->is_gone)
        return false;
    *ret_taken = 0;
    if (conn->is_busy)
        return true;
    conn->write_count++;
    fake_clock_work(fake_write_us);
    while (frames_next(bytes, length, &at, &frame) && (conn->room == 0 || at <= conn->room)) {
        journal_add(&conn->got, "%.*s", (int)frame.length, (const char *)frame.payload);
        *ret_taken = at;
    }
    return true;
}

static void fake_close(void *context, enum close_code code, const char *reason)
{
    struct fake_conn *conn = context;
    conn->is_closed = true;
    journal_add(&conn->got, "close %d %s", (int)code, reason);
}

static void fake_kill(void *context)
{
    struct fake_conn *conn = context;
    conn->is_closed = true;
    journal_add(&conn->got, "kill");
}

static void fake_pause(void *context, bool is_paused)
{
    struct fake_conn *conn = context;
    assert_int_not_equal(conn->is_paused, is_paused); /* told of changes only */
    conn->is_paused = is_paused;
}

const struct transport fake_transport = {
    .framing = &ws_framing,
    .write = fake_write,
    .close = fake_close,
    .kill = fake_kill,
    .pause = fake_pause,
};
