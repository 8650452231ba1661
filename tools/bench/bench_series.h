/*
 * bench_series - what a run looked like over time, in at most SERIES_MAX_POINTS points.
 *
 * A point holds totals since the run began, so that rates come from the difference of two.
 * When there are too many, every other one is dropped and the interval doubles: a run of
 * ten minutes costs no more memory than one of ten seconds.
 */
#pragma once

#include "bench_options.h"

#include <stdbool.h>
#include <stdint.h>

enum { SERIES_MAX_POINTS = 512 }; /* even */

struct series_point {
    double at_s;
    uint64_t opened; /* connections open now */
    uint64_t delivered;
    double bench_cpu_s;
    double cpu_s[OPTIONS_MAX_PIDS]; /* by process */
};

/* All zeros is an empty one. */
struct series {
    int count;
    double interval_s; /* 0: the first, 0.1 s */
    struct series_point points[SERIES_MAX_POINTS];
};

/* Has an interval passed since the last point? */
bool series_is_due(const struct series *series, double at_s);

/* The new point (borrowed), all zeros but for its time. */
struct series_point *series_add(struct series *series, double at_s);
