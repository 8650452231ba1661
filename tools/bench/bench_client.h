/*
 * bench_client - one WebSocket client connection: handshake, frames in place, a send queue.
 *
 * Made to cost little beside the server that it measures: no allocation for a message that
 * arrives, a mask of zero for those that leave, a fixed handshake key whose answer is known.
 * A *bare* client has no protocol at all: it is the bench's measure of the floor.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct client;
struct bench_hub;

/* None may destroy the client. A message's payload is good until the callback returns. */
struct client_events {
    void (*on_open)(void *owner, struct client *client);
    void (*on_message)(void *owner, struct client *client, const char *payload, size_t length);
    void (*on_pong)(void *owner, struct client *client);
    /* Closed by the other side, or the handshake failed (was_open tells); once at most. */
    void (*on_closed)(void *owner, struct client *client, bool was_open, const char *reason);
};

struct client_request {
    const struct sockaddr *address;
    socklen_t address_length;
    const struct sockaddr *source; /* NULL: whatever the kernel chooses */
    socklen_t source_length;
    const char *hello; /* sent once connected: the HTTP request, or a bare client's channel */
    size_t hello_length;
    bool is_bare; /* open after one byte of answer */
};

struct client *client_create(struct bench_hub *hub, const struct client_events *events,
                             void *owner, int index);
void client_destroy(struct client *client);

/* Starts connecting. All that can go wrong, even at once, is told to on_closed. */
void client_connect(struct client *client, const struct client_request *request);

int client_index(const struct client *client);
bool client_is_open(const struct client *client);

/* Sends bytes that are a frame already; what the socket does not take is queued, copied. */
void client_write(struct client *client, const void *bytes, size_t length);

/* Sends one text frame of at most 64 KiB. */
void client_send_text(struct client *client, const char *payload, size_t length);

/* WebSocket's own ping. */
void client_send_ping(struct client *client);

/* Says 1000 and closes; no on_closed. */
void client_close(struct client *client);

/* For the hub. */
void client_on_ready(struct client *client, uint32_t events);
