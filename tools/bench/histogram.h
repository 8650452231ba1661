/*
 * histogram - counts durations in log-linear buckets (the idea of HdrHistogram).
 *
 * Each power of two is cut into 128 equal buckets, so any value from 1 ns to centuries is
 * kept with an error below 0.8 %, and recording is a shift and an increment. The struct is
 * plain memory: it may lie in an area shared by processes, one writer each.
 */
#pragma once

#include <stdint.h>

enum {
    HISTOGRAM_SUB_BITS = 7,
    HISTOGRAM_BUCKETS = (64 - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS,
};

struct histogram {
    uint64_t count;
    uint64_t max;
    uint64_t sum;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_record(struct histogram *histogram, uint64_t value);

/* Adds all of `other`; valid once the writer of `other` has ended. */
void histogram_add(struct histogram *histogram, const struct histogram *other);

/* The value that the given part (0..1) of all values does not exceed; 0 when empty. */
uint64_t histogram_quantile(const struct histogram *histogram, double quantile);

/* How many values are not above `value`, as near as the buckets tell. */
uint64_t histogram_up_to(const struct histogram *histogram, uint64_t value);

double histogram_mean(const struct histogram *histogram);
