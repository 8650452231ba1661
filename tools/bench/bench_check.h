/*
 * bench_check - does a message sent through any address reach all of them?
 *
 * One connection to each; small enough to be the health check of a cluster that just came up.
 */
#pragma once

#include <stdbool.h>

struct bench_options;

/* Prints a line per address and "ok"; false when something was not heard within 5 s. */
bool check_run(const struct bench_options *options);
