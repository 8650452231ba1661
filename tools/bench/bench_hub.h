/*
 * bench_hub - the event loop of a process: epoll, one read buffer for all, the time of the
 * turn.
 *
 * Clients share one large buffer because only one is read at a time: frames are parsed where
 * recv() put them, and only an unfinished tail is ever copied.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct client;
struct bench_hub;

/* The buffer holds at least two messages of `message_bytes`. Exits on failure. */
struct bench_hub *hub_create(size_t message_bytes);

/* Waits for events, at most `timeout_ms`, and gives them to their clients. */
void hub_turn(struct bench_hub *hub, int timeout_ms);

/* A timerfd or eventfd: being readable ends the wait, no more. */
void hub_watch(struct bench_hub *hub, int fd);

/* `events` are epoll's; client_on_ready() is called with those that occurred. */
int hub_add(struct bench_hub *hub, int fd, struct client *client, uint32_t events);
int hub_change(struct bench_hub *hub, int fd, struct client *client, uint32_t events);

char *hub_buffer(const struct bench_hub *hub, size_t *ret_size);

/* Monotonic time, taken after the last recv() or wait. */
int64_t hub_now_ns(const struct bench_hub *hub);
void hub_update_now(struct bench_hub *hub);
