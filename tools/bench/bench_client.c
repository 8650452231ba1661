/*
 * bench_client - one WebSocket client connection; see bench_client.h.
 *
 *   client_on_ready -> client_read -> consume -> consume_answer (handshake)
 *                                             -> consume_frame -> on_message
 *
 * Frames larger than the shared buffer are shown by their beginning and skipped.
 */
#include "bench_client.h"

#include "bench_bytes.h"
#include "bench_frame.h"
#include "bench_hub.h"

#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum client_state {
    CLIENT_IDLE,       /* not connected yet */
    CLIENT_CONNECTING, /* TCP */
    CLIENT_HANDSHAKE,  /* hello sent, answer awaited */
    CLIENT_OPEN,
    CLIENT_CLOSED,
};

struct client {
    struct bench_hub *hub;
    const struct client_events *events;
    void *owner;
    int index;
    int fd;
    enum client_state state;
    bool is_bare;
    bool wants_write;  /* EPOLLOUT is asked for */
    uint64_t skip;     /* bytes left of a frame too large to look at */
    struct bytes tail; /* an unfinished frame */
    struct bytes unsent;
};

struct client *client_create(struct bench_hub *hub, const struct client_events *events,
                             void *owner, int index)
{
    struct client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        errx(1, "out of memory");
    }
    client->hub = hub;
    client->events = events;
    client->owner = owner;
    client->index = index;
    client->fd = -1;
    return client;
}

static void shut(struct client *client)
{
    if (client->fd >= 0) {
        close(client->fd);
        client->fd = -1;
    }
    client->state = CLIENT_CLOSED;
}

void client_destroy(struct client *client)
{
    if (client == NULL) {
        return;
    }
    shut(client);
    free(client->tail.data);
    free(client->unsent.data);
    free(client);
}

static void fail(struct client *client, const char *reason)
{
    if (client->state == CLIENT_CLOSED) {
        return;
    }
    bool was_open = client->state == CLIENT_OPEN;
    shut(client);
    client->events->on_closed(client->owner, client, was_open, reason);
}

static void fail_errno(struct client *client, int error)
{
    const char *reason = strerror(error);
    if (error == EADDRNOTAVAIL) {
        reason = "out of local ports for this destination";
    }
    fail(client, reason);
}

/* ---- sending ---- */

static void want_write(struct client *client, bool should_write)
{
    if (client->wants_write != should_write) {
        client->wants_write = should_write;
        uint32_t events = EPOLLIN | (should_write ? (uint32_t)EPOLLOUT : 0U);
        hub_change(client->hub, client->fd, client, events);
    }
}

/* Returns how much the socket took; fails the client on errors. */
static size_t send_some(struct client *client, const void *bytes, size_t length)
{
    ssize_t sent = send(client->fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        fail_errno(client, errno);
    }
    return sent < 0 ? 0 : (size_t)sent;
}

static void flush(struct client *client)
{
    struct bytes *unsent = &client->unsent;
    if (unsent->length > 0) {
        size_t sent = send_some(client, unsent->data, unsent->length);
        unsent->length -= sent;
        memmove(unsent->data, unsent->data + sent, unsent->length);
    }
    if (client->state != CLIENT_CLOSED) {
        want_write(client, unsent->length > 0);
    }
}

void client_write(struct client *client, const void *bytes, size_t length)
{
    if (client->state == CLIENT_CLOSED) {
        return;
    }
    size_t sent = client->unsent.length > 0 ? 0 : send_some(client, bytes, length);
    if (sent < length && client->state != CLIENT_CLOSED) {
        bytes_append(&client->unsent, (const char *)bytes + sent, length - sent);
        want_write(client, true);
    }
}

static void send_frame(struct client *client, enum frame_opcode opcode, const char *payload,
                       size_t length)
{
    uint8_t header[FRAME_MAX_HEADER];
    char frame[FRAME_MAX_HEADER + 65536];
    length = length < 65536 ? length : 65535;
    size_t header_length = frame_put_header(header, opcode, length, /* is_masked= */ true);
    memcpy(frame, header, header_length);
    memcpy(frame + header_length, payload, length);
    client_write(client, frame, header_length + length);
}

void client_send_text(struct client *client, const char *payload, size_t length)
{
    send_frame(client, FRAME_TEXT, payload, length);
}

void client_send_ping(struct client *client)
{
    send_frame(client, FRAME_PING, "", 0);
}

void client_close(struct client *client)
{
    if (client->state == CLIENT_OPEN && !client->is_bare) {
        send_frame(client, FRAME_CLOSE, "\x03\xe8", 2);
    }
    shut(client);
}

/* ---- connecting ---- */

static bool open_socket(struct client *client, const struct client_request *request)
{
    int yes = 1;
    client->fd =
        socket(request->address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) {
        return false;
    }
    if (request->source != NULL) {
        /* The port is chosen at connect(), where one pair of addresses has all of them. */
        setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
        if (bind(client->fd, request->source, request->source_length) != 0) {
            return false;
        }
    }
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    return connect(client->fd, request->address, request->address_length) == 0 ||
           errno == EINPROGRESS;
}

void client_connect(struct client *client, const struct client_request *request)
{
    client->is_bare = request->is_bare;
    client->state = CLIENT_CONNECTING;
    if (!open_socket(client, request)) {
        fail_errno(client, errno);
        return;
    }
    bytes_append(&client->unsent, request->hello, request->hello_length);
    client->wants_write = true;
    if (hub_add(client->hub, client->fd, client, EPOLLIN | EPOLLOUT) != 0) {
        fail_errno(client, errno);
    }
}

static void finish_connect(struct client *client)
{
    int error = 0;
    socklen_t length = sizeof(error);
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
        fail_errno(client, error);
        return;
    }
    client->state = CLIENT_HANDSHAKE;
    flush(client);
}

/* ---- receiving ---- */

static void become_open(struct client *client)
{
    client->state = CLIENT_OPEN;
    client->events->on_open(client->owner, client);
}

/* Limits that a load of one address meets first. */
static const char *hint_for(const char *answer)
{
    if (strncmp(answer, "HTTP/1.1 429", 12) == 0) {
        return ": a limit of the server's; parleyd has --connections-per-address";
    }
    if (strncmp(answer, "HTTP/1.1 503", 12) == 0) {
        return ": a limit of the server's; parleyd has --handshakes-per-s, --max-connections";
    }
    return "";
}

/* Takes the answer to the hello; 0 while it is not complete. */
static size_t consume_answer(struct client *client, const char *data, size_t length)
{
    if (client->is_bare) {
        become_open(client);
        return 1;
    }
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    if (end == NULL) {
        return 0;
    }
    size_t head_length = (size_t)(end - data) + 4;
    if (frame_is_accepted(data, head_length)) {
        become_open(client);
    } else {
        char reason[192];
        int line_length = (int)strcspn(data, "\r");
        (void)snprintf(reason, sizeof(reason), "answered \"%.*s\" to the handshake%s",
                       line_length, data, hint_for(data));
        fail(client, reason);
    }
    return head_length;
}

static void fail_closed(struct client *client, const char *payload, size_t length)
{
    char reason[160] = "closed without a code";
    if (length >= 2) {
        const uint8_t *code = (const uint8_t *)payload;
        (void)snprintf(reason, sizeof(reason), "closed with code %d %.*s",
                       code[0] << 8 | code[1], (int)(length - 2), payload + 2);
    }
    fail(client, reason);
}

static void take_frame(struct client *client, uint8_t opcode, const char *payload,
                       size_t length)
{
    switch (opcode) {
    case FRAME_TEXT:
    case FRAME_BINARY:
        /* Of a fragmented message the first part is shown: the numbers stand there. */
        client->events->on_message(client->owner, client, payload, length);
        break;
    case FRAME_PING:
        send_frame(client, FRAME_PONG, payload, length);
        break;
    case FRAME_PONG:
        client->events->on_pong(client->owner, client);
        break;
    case FRAME_CLOSE:
        fail_closed(client, payload, length);
        break;
    default:
        break;
    }
}

/* Takes one frame; 0 while it is not complete. */
static size_t consume_frame(struct client *client, const char *data, size_t available)
{
    uint64_t length;
    size_t buffer_size;
    size_t header_length = frame_parse_header((const uint8_t *)data, available, &length);
    if (header_length == 0) {
        return 0;
    }
    if (header_length + length <= available) {
        take_frame(client, (uint8_t)data[0] & 0x0f, data + header_length, length);
        return header_length + length;
    }
    hub_buffer(client->hub, &buffer_size);
    if (header_length + length <= buffer_size / 2) {
        return 0;
    }
    client->skip = header_length + length - available;
    take_frame(client, (uint8_t)data[0] & 0x0f, data + header_length,
               available - header_length);
    return available;
}

/* Takes all that is complete; returns how much that was. */
static size_t consume(struct client *client, const char *data, size_t length)
{
    size_t at = 0;
    while (at < length && client->state != CLIENT_CLOSED) {
        size_t taken;
        if (client->skip > 0) {
            taken = client->skip < length - at ? (size_t)client->skip : length - at;
            client->skip -= taken;
        } else if (client->state == CLIENT_OPEN) {
            taken = consume_frame(client, data + at, length - at);
        } else {
            taken = consume_answer(client, data + at, length - at);
        }
        if (taken == 0) {
            break;
        }
        at += taken;
    }
    return at;
}

static void client_read(struct client *client)
{
    size_t size;
    char *buffer = hub_buffer(client->hub, &size);
    size_t kept = client->tail.length;
    if (kept > 0) {
        memcpy(buffer, client->tail.data, kept);
        client->tail.length = 0;
    }
    ssize_t received = recv(client->fd, buffer + kept, size - kept, 0);
    hub_update_now(client->hub);
    if (received <= 0) {
        if (received == 0) {
            fail(client, "closed by the other side without a close frame");
        } else if (errno != EAGAIN && errno != EINTR) {
            fail_errno(client, errno);
        } else if (kept > 0) {
            bytes_append(&client->tail, buffer, kept);
        }
        return;
    }
    size_t length = kept + (size_t)received;
    size_t taken = consume(client, buffer, length);
    if (taken < length && client->state != CLIENT_CLOSED) {
        bytes_append(&client->tail, buffer + taken, length - taken);
    }
}

void client_on_ready(struct client *client, uint32_t events)
{
    if (client->state == CLIENT_CONNECTING) {
        finish_connect(client);
    } else if ((events & EPOLLOUT) != 0) {
        flush(client);
    }
    bool is_alive = client->state == CLIENT_HANDSHAKE || client->state == CLIENT_OPEN;
    if (is_alive && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        client_read(client);
    }
}

int client_index(const struct client *client)
{
    return client->index;
}

bool client_is_open(const struct client *client)
{
    return client->state == CLIENT_OPEN;
}
