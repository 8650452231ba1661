/*
 * bench_watch - looks at processes from outside, the servers' and the bench's own, as a run
 * goes on.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct bench_result;
struct bench_shared;

/* Samples every server's process into the member of its struct process_result at `offset`. */
void watch_processes(struct bench_result *result, struct bench_shared *shared, size_t offset);

/* CPU seconds of so many processes together; a pid of 0 is left out. */
double watch_cpu(const pid_t *pids, int count);

/* Adds a point to the series if one is due; the pids are those of the bench's workers. */
void watch_point(struct bench_result *result, struct bench_shared *shared, double at_s,
                 const pid_t *workers, int worker_count);
