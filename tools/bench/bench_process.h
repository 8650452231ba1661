/*
 * bench_process - CPU time and resident memory of a process, by pid.
 *
 * CPU comes from the process's own clock (nanoseconds), memory from smaps_rollup: the
 * figures in /proc/PID/stat go by ticks of 10 ms and by per-CPU counters that lag by
 * hundreds of kilobytes, too coarse for the cost of a handshake or of a connection.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_sample {
    double cpu_s;
    int64_t rss_bytes;
};

/* False when there is no such process, or it may not be looked at. */
bool process_sample(pid_t pid, struct process_sample *ret_sample);

/* CPU seconds alone: cheap, for sampling at the edges of an interval. */
bool process_cpu(pid_t pid, double *ret_cpu_s);
