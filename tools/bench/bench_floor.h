/*
 * bench_floor - the least that a server can do: one send() of the same bytes per delivery.
 *
 * A process of its own takes plain TCP connections over loopback. Each names its channel by
 * four bytes and gets one byte back; after that, every frame of fixed length that comes in
 * is sent to all connections of its channel as it is. Its CPU time is what no server that
 * writes once per message and subscriber can go below.
 */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <sys/types.h>

struct plan;

/* Forks the sender; it ends with its parent, or by floor_stop(). Exits on failure. */
pid_t floor_start(const struct plan *plan, size_t frame_length,
                  struct sockaddr_in *ret_address);

void floor_stop(pid_t pid);
