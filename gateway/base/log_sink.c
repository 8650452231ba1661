/*
 * log_sink - standard error, written to without ever waiting for its reader; see log_sink.h.
 *
 * A reader that stands still (a stopped terminal, a stuck log driver) must not stop the node.
 * O_NONBLOCK is a property of the open file, which we share with whoever started us: a shell
 * whose terminal got it reads errors. So a pipe or a terminal is opened anew, for us alone; a
 * socket is written to by send, which can be told each time. Where the system does not let us
 * open it, poll is asked first, which leaves a gap only where several processes write at once.
 */
#include "log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum sink_kind {
    SINK_UNKNOWN,
    SINK_FILE,   /* never waits for a reader */
    SINK_OWN,    /* opened by us, with O_NONBLOCK */
    SINK_SOCKET, /* send with MSG_DONTWAIT */
    SINK_POLLED, /* somebody else's open file */
};

static enum sink_kind kind;
static int descriptor = STDERR_FILENO;
static bool is_cut; /* a line's beginning was written and its end was not */

/* Also in /proc/self/fd of a process that may not be looked at: that is about others. */
static enum sink_kind open_anew(void)
{
    int own = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (own < 0)
        return SINK_POLLED;
    descriptor = own;
    return SINK_OWN;
}

static enum sink_kind find_kind(void)
{
    struct stat status;
    if (fstat(STDERR_FILENO, &status) != 0 || S_ISREG(status.st_mode))
        return SINK_FILE;
    if (S_ISSOCK(status.st_mode))
        return SINK_SOCKET;
    return S_ISFIFO(status.st_mode) || isatty(STDERR_FILENO) ? open_anew() : SINK_FILE;
}

static bool has_room(void)
{
    struct pollfd look = {.fd = descriptor, .events = POLLOUT};
    return poll(&look, 1, 0) == 1 && (look.revents & POLLOUT) != 0;
}

static ssize_t write_now(const char *bytes, size_t length)
{
    if (kind == SINK_UNKNOWN)
        kind = find_kind();
    if (kind == SINK_SOCKET)
        return send(descriptor, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (kind == SINK_POLLED && !has_room()) {
        errno = EAGAIN;
        return -1;
    }
    return write(descriptor, bytes, length);
}

bool log_sink_write(const char *line, size_t length)
{
    if (is_cut && write_now("\n", 1) == 1)
        is_cut = false;
    ssize_t written = is_cut ? -1 : write_now(line, length);
    is_cut = is_cut || (written > 0 && (size_t)written < length);
    return written == (ssize_t)length;
}
