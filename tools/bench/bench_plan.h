/*
 * bench_plan - who is who: the worker, address and channel of every connection.
 *
 * Connections are numbered 0..N-1. Connection i listens to channel i % R; the first P also
 * publish, publisher p being connection p. A worker holds a contiguous range of them.
 * Pure arithmetic, the same in every process.
 */
#pragma once

#include <stdbool.h>

struct plan {
    int connections;
    int channels;
    int publishers;
    int addresses;
    int workers;
};

/* First connection of a worker; of worker `workers` it is one past the last. */
int plan_first(const struct plan *plan, int worker);

int plan_channel_of(const struct plan *plan, int connection);

/* Round robin inside each channel, so that every channel spreads over all addresses. */
int plan_address_of(const struct plan *plan, int connection);

/* Subscribers of a channel among connections first..last-1. */
int plan_subscribers(const struct plan *plan, int channel, int first, int last);

/* Publishers of one channel, at most. */
int plan_publishers_per_channel(const struct plan *plan);
