/*
 * bench_series - points over time; see bench_series.h.
 */
#include "bench_series.h"

static const double FIRST_INTERVAL_S = 0.1;

static double interval_s(const struct series *series)
{
    return series->interval_s > 0 ? series->interval_s : FIRST_INTERVAL_S;
}

bool series_is_due(const struct series *series, double at_s)
{
    return series->count == 0 ||
           at_s >= series->points[series->count - 1].at_s + interval_s(series);
}

static void thin_out(struct series *series)
{
    for (int i = 0; i < series->count / 2; i++) {
        series->points[i] = series->points[2 * i + 1];
    }
    series->count /= 2;
    series->interval_s = 2 * interval_s(series);
}

struct series_point *series_add(struct series *series, double at_s)
{
    if (series->count == SERIES_MAX_POINTS) {
        thin_out(series);
    }
    struct series_point *point = &series->points[series->count++];
    *point = (struct series_point){.at_s = at_s};
    return point;
}
