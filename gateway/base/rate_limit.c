/*
 * rate_limit - how often somebody may do something; see rate_limit.h.
 *
 * A bucket is one number: when it will be full again. Taking from it puts that off by the time
 * that one drop needs; it is empty when it would be full later than a minute from now.
 */
#include "rate_limit.h"

#include "clock.h"
#include "keyed_hash.h"
#include "mem.h"

#include <stdlib.h>

enum { BUCKETS = 4096, MINUTE_MS = 60000 };

struct rate_limit {
    int64_t cost_us; /* of one */
    int64_t full_at_us[BUCKETS];
};

struct rate_limit *rate_limit_create(int64_t per_minute)
{
    struct rate_limit *limit = mem_zalloc(sizeof(*limit));
    limit->cost_us = MINUTE_MS * INT64_C(1000) / per_minute;
    return limit;
}

void rate_limit_destroy(struct rate_limit *limit)
{
    free(limit);
}

bool rate_limit_take(struct rate_limit *limit, const void *who, size_t length,
                     int64_t *ret_wait_ms)
{
    int64_t *full_at_us = &limit->full_at_us[keyed_hash(who, length) % BUCKETS];
    int64_t now_us = clock_now_ms() * 1000;
    int64_t from_us = *full_at_us > now_us ? *full_at_us : now_us;
    int64_t over_us = from_us + limit->cost_us - now_us - MINUTE_MS * INT64_C(1000);
    if (over_us > 0) {
        *ret_wait_ms = (over_us + 999) / 1000;
        return false;
    }
    *full_at_us = from_us + limit->cost_us;
    return true;
}
