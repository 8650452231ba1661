/*
 * bench_report - the results as text for people, and the line of progress.
 *
 * Only derives and prints: whether a run was good is run_is_ok()'s to say.
 */
#pragma once

struct bench_options;
struct bench_result;
struct bench_shared;

/* One line, rewritten in place; nothing unless stdout is a terminal. */
void report_progress(struct bench_shared *shared, int connections, double elapsed_s);
void report_progress_end(void);

void report_print(const struct bench_options *options, const struct bench_result *result);
