/*
 * bench_shared - the memory that the coordinator and its worker processes have in common.
 *
 * The coordinator writes the phase, workers write counters, each its own, at the end of
 * every turn of their loops; nobody locks. For --window, worker w tells in `done` up to which
 * message of each publisher all *its* subscribers have come; the publishers, in worker 0,
 * take the minimum over the workers.
 */
#pragma once

#include "histogram.h"

#include <stdbool.h>
#include <stdint.h>

enum bench_phase {
    PHASE_CONNECT, /* connections open at the ramp's pace */
    PHASE_IDLE,    /* connections are held; only pings, and those only with --idle */
    PHASE_WARMUP,  /* messages flow */
    PHASE_MEASURE, /* messages flow, latencies are kept */
    PHASE_DRAIN,   /* publishers have stopped, outstanding deliveries arrive */
    PHASE_FINISH,  /* workers settle their books and end */
};

enum counter {
    COUNTER_OPENED, /* and subscribed */
    COUNTER_FAILED, /* could not connect, or the handshake was refused */
    COUNTER_CLOSED, /* closed by the server or the network after that */
    COUNTER_JOINED, /* got the list of users (--online) */
    COUNTER_DELIVERED,
    COUNTER_LOST,
    COUNTER_DUPLICATED,
    COUNTER_DISORDERED,
    COUNTER_STRAYED, /* arrived in a channel it was not sent to */
    COUNTER_REFUSED, /* error replies */
    COUNTER_OTHER,   /* presence, history of earlier runs */
    COUNTER_PINGS,
    COUNTER_PONGS,
    COUNTER_BYTES,
    COUNTER_COUNT,
};

struct bench_shared;

/* One worker's part. */
struct bench_area {
    _Alignas(64) _Atomic uint64_t counters[COUNTER_COUNT];
    struct histogram latency;
};

/* Before any fork. Lives until the process ends. */
struct bench_shared *shared_create(int workers, int publishers);

enum bench_phase shared_phase(const struct bench_shared *shared);
void shared_set_phase(struct bench_shared *shared, enum bench_phase phase);

/* Eight hex digits, random, the same in all processes; and when the run began. */
const char *shared_run(const struct bench_shared *shared);
int64_t shared_epoch_ns(const struct bench_shared *shared);

struct bench_area *shared_area(struct bench_shared *shared, int worker);
uint64_t shared_sum(struct bench_shared *shared, enum counter counter);

/* Messages published so far, and whether that number is final. */
void shared_set_sent(struct bench_shared *shared, int publisher, uint32_t sequence);
uint32_t shared_sent(const struct bench_shared *shared, int publisher);
void shared_set_sent_final(struct bench_shared *shared);
bool shared_is_sent_final(const struct bench_shared *shared);

/* How far a worker's subscribers have come; UINT32_MAX says that it has none. */
void shared_set_done(struct bench_shared *shared, int worker, int publisher, uint32_t sequence);
uint32_t shared_done(const struct bench_shared *shared, int publisher);

/* An eventfd by which workers wake the publishers. */
int shared_wake_fd(const struct bench_shared *shared);

/* The first problem anyone reports is the one kept. NULL: none yet. */
void shared_report(struct bench_shared *shared, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *shared_problem(const struct bench_shared *shared);

int64_t bench_now_ns(void);
