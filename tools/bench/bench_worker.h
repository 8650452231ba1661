/*
 * bench_worker - one process's share of the connections: opens them, listens, keeps the books.
 *
 * It follows the phases that the coordinator sets in shared memory, and knows nothing of
 * servers' processes, reports or terminals.
 */
#pragma once

struct bench_options;
struct bench_shared;
struct plan;

/* Returns when the phase says so. For a process of its own. */
void worker_run(const struct bench_options *options, const struct plan *plan,
                struct bench_shared *shared, int number);
