/*
 * bench_html - the results as one page that needs nothing else: no script, no other file.
 *
 * Latency as distribution and by percentile; deliveries, CPU and connections over time.
 */
#pragma once

#include <stdbool.h>

struct bench_options;
struct bench_result;

/* False, with errno, when the file cannot be written. */
bool html_write(const struct bench_options *options, const struct bench_result *result,
                const char *path);
