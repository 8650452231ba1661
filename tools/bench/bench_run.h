/*
 * bench_run - one run from the first connection to the last delivery, seen from above.
 *
 * The coordinator forks the workers, moves them through the phases, and looks at the
 * servers' processes at the edges of each; it holds no connection itself.
 */
#pragma once

#include "bench_options.h"
#include "bench_process.h"
#include "bench_series.h"
#include "bench_shared.h"

struct process_result {
    pid_t pid;
    bool is_floor;
    bool is_lost; /* could not be looked at to the end */
    struct process_sample before;
    struct process_sample connected; /* handshakes done */
    struct process_sample started;   /* measuring, or idling, begins */
    struct process_sample ended;
};

struct bench_result {
    struct plan plan;
    double connect_s;
    double measured_s; /* of messages, or of idling */
    bool is_interrupted;
    bool is_complete; /* all phases were gone through */
    uint64_t published;
    uint64_t delivered; /* while measuring; totals are below */
    uint64_t bytes;
    uint64_t total_published;
    uint64_t totals[COUNTER_COUNT];
    double bench_cpu_s;
    struct process_result processes[OPTIONS_MAX_PIDS];
    int process_count;
    struct histogram latency;
    struct series series;   /* of the whole run */
    double measure_start_s; /* in the series' time */
    char problem[256];      /* the first that was reported, or "" */
};

void run_bench(const struct bench_options *given, struct bench_result *ret_result);

/* Everything arrived once, in order, and nobody was turned away. */
bool run_is_ok(const struct bench_options *options, const struct bench_result *result);
