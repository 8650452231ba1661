/*
 * bench_json - the results as JSON, for scripts.
 *
 * Latencies are in ns, memory in bytes, everything else in the unit its name ends with.
 */
#pragma once

#include <stdbool.h>

struct bench_options;
struct bench_result;

/* False, with errno, when the file cannot be written. */
bool bench_json_write(const struct bench_options *options, const struct bench_result *result,
                      const char *path);
