/*
 * bench_plots - which plots a result has, as figures of a page.
 */
#pragma once

#include <stdio.h>

struct bench_result;

/* Leaves out those there is nothing for: latencies of an idle run. */
void plots_write(FILE *out, const struct bench_result *result);
