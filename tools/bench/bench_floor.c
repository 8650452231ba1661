/*
 * bench_floor - the least that a server can do; see bench_floor.h.
 *
 * Sockets of subscribers are blocking for sends: a sender has nothing better to do, and the
 * publishers never wait for it, so nothing can lock up.
 */
#include "bench_floor.h"

#include "bench_plan.h"

#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TURN_EVENTS = 64, READ_BYTES = 64 * 1024 };

struct room {
    int *fds;
    int count;
    int capacity;
};

struct peer {
    int fd;
    bool has_channel;
    int channel;
    char *frame; /* one that has not come whole */
    size_t filled;
};

struct sender {
    const struct plan *plan;
    size_t frame_length;
    int listen_fd;
    int epoll_fd;
    struct room *rooms;
};

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        errx(1, "out of memory");
    }
    return memory;
}

static void watch(struct sender *sender, int fd, void *data)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};
    if (epoll_ctl(sender->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        err(1, "floor: epoll_ctl");
    }
}

static void accept_peer(struct sender *sender)
{
    int yes = 1;
    int fd = accept4(sender->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) {
            return;
        }
        err(1, "floor: accept");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    struct peer *peer = allocate(1, sizeof(*peer));
    peer->fd = fd;
    watch(sender, fd, peer);
} // NOLINT(clang-analyzer-unix.Malloc): epoll holds the peer

static void enter_room(struct sender *sender, struct peer *peer, uint32_t channel)
{
    if (channel >= (uint32_t)sender->plan->channels) {
        errx(1, "floor: no channel %u", channel);
    }
    struct room *room = &sender->rooms[channel];
    if (room->count == room->capacity) {
        room->capacity = room->capacity * 2 + 16;
        room->fds = realloc(room->fds, (size_t)room->capacity * sizeof(int));
        if (room->fds == NULL) {
            errx(1, "out of memory");
        }
    }
    room->fds[room->count++] = peer->fd;
    peer->channel = (int)channel;
    peer->has_channel = true;
    send(peer->fd, "k", 1, MSG_NOSIGNAL);
}

static void send_to_all(const struct room *room, const char *frame, size_t length)
{
    for (int i = 0; i < room->count; i++) {
        send(room->fds[i], frame, length, MSG_NOSIGNAL);
    }
}

/* Sends on every whole frame; keeps the rest for the next read. */
static void take_bytes(struct sender *sender, struct peer *peer, const char *data,
                       size_t length)
{
    const struct room *room = &sender->rooms[peer->channel];
    while (length > 0) {
        if (peer->filled == 0 && length >= sender->frame_length) {
            send_to_all(room, data, sender->frame_length);
            data += sender->frame_length;
            length -= sender->frame_length;
            continue;
        }
        if (peer->frame == NULL) {
            peer->frame = allocate(1, sender->frame_length);
        }
        size_t missing = sender->frame_length - peer->filled;
        size_t part = length < missing ? length : missing;
        memcpy(peer->frame + peer->filled, data, part);
        peer->filled += part;
        data += part;
        length -= part;
        if (peer->filled == sender->frame_length) {
            send_to_all(room, peer->frame, sender->frame_length);
            peer->filled = 0;
        }
    }
}

static void read_peer(struct sender *sender, struct peer *peer)
{
    static char buffer[READ_BYTES];
    ssize_t length =
        recv(peer->fd, buffer, peer->has_channel ? sizeof(buffer) : 4, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (length <= 0) {
        /* The run is over. The socket stays in its room: nothing is sent any more. */
        epoll_ctl(sender->epoll_fd, EPOLL_CTL_DEL, peer->fd, NULL);
    } else if (peer->has_channel) {
        take_bytes(sender, peer, buffer, (size_t)length);
    } else if (length == 4) {
        uint32_t channel;
        memcpy(&channel, buffer, sizeof(channel));
        enter_room(sender, peer, channel);
    }
}

static void run_sender(struct sender *sender)
{
    struct epoll_event events[TURN_EVENTS];
    for (;;) {
        int count = epoll_wait(sender->epoll_fd, events, TURN_EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL) {
                accept_peer(sender);
            } else {
                read_peer(sender, events[i].data.ptr);
            }
        }
    }
}

static int listen_on_loopback(struct sockaddr_in *ret_address)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        err(1, "floor: cannot listen");
    }
    *ret_address = address;
    return fd;
}

pid_t floor_start(const struct plan *plan, size_t frame_length, struct sockaddr_in *ret_address)
{
    int listen_fd = listen_on_loopback(ret_address);
    pid_t pid = fork();
    if (pid < 0) {
        err(1, "fork");
    }
    if (pid > 0) {
        close(listen_fd);
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_DFL);
    struct sender sender = {
        .plan = plan,
        .frame_length = frame_length,
        .listen_fd = listen_fd,
        .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
        .rooms = allocate((size_t)plan->channels, sizeof(struct room)),
    };
    watch(&sender, listen_fd, NULL);
    run_sender(&sender);
    _exit(0);
}

void floor_stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
