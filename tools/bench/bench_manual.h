/*
 * bench_manual - the manual page of parley-bench, and what shells complete.
 */
#pragma once

#include "manual.h"

/* what: see manual_print. */
void bench_manual_print(const char *what, const struct options_table *options);
