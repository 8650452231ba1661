/*
 * bench_hub - the event loop of a process; see bench_hub.h.
 *
 * Level-triggered: what a turn leaves unread comes again in the next. Watched descriptors
 * are told from clients by the lowest bit of the event's data, which no pointer has set.
 */
#include "bench_hub.h"

#include "bench_client.h"
#include "bench_shared.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    TURN_EVENTS = 256,
    MIN_BUFFER_BYTES = 256 * 1024,
};

struct bench_hub {
    int epoll_fd;
    int64_t now_ns;
    size_t buffer_size;
    char *buffer;
    struct epoll_event events[TURN_EVENTS];
};

struct bench_hub *hub_create(size_t message_bytes)
{
    struct bench_hub *hub = calloc(1, sizeof(*hub));
    size_t size = 4 * message_bytes;
    size = size > MIN_BUFFER_BYTES ? size : MIN_BUFFER_BYTES;
    char *buffer = malloc(size);
    if (hub == NULL || buffer == NULL) {
        errx(1, "out of memory");
    }
    hub->buffer = buffer;
    hub->buffer_size = size;
    hub->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (hub->epoll_fd < 0) {
        err(1, "epoll_create1");
    }
    hub_update_now(hub);
    return hub;
}

static void drain_watched(int fd)
{
    uint64_t expirations;
    ssize_t length = read(fd, &expirations, sizeof(expirations));
    (void)length; /* nothing to read any more is as good */
}

void hub_turn(struct bench_hub *hub, int timeout_ms)
{
    int count = epoll_wait(hub->epoll_fd, hub->events, TURN_EVENTS, timeout_ms);
    if (count < 0 && errno != EINTR) {
        err(1, "epoll_wait");
    }
    hub_update_now(hub);
    for (int i = 0; i < count; i++) {
        uint64_t data = hub->events[i].data.u64;
        if ((data & 1) != 0) {
            drain_watched((int)(data >> 1));
        } else {
            client_on_ready(hub->events[i].data.ptr, hub->events[i].events);
        }
    }
}

void hub_watch(struct bench_hub *hub, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)fd << 1 | 1};
    if (epoll_ctl(hub->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        err(1, "epoll_ctl");
    }
}

int hub_add(struct bench_hub *hub, int fd, struct client *client, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = client};
    return epoll_ctl(hub->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

int hub_change(struct bench_hub *hub, int fd, struct client *client, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = client};
    return epoll_ctl(hub->epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

char *hub_buffer(const struct bench_hub *hub, size_t *ret_size)
{
    *ret_size = hub->buffer_size;
    return hub->buffer;
}

int64_t hub_now_ns(const struct bench_hub *hub)
{
    return hub->now_ns;
}

void hub_update_now(struct bench_hub *hub)
{
    hub->now_ns = bench_now_ns();
}
