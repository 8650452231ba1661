/*
 * rate_limit - how often somebody may do something, for any number of somebodies.
 *
 * A token bucket for each, in a table of fixed size: who falls into one place of it shares a
 * bucket, so a crowd makes the limit stricter for some and memory never grows. The places are
 * chosen by a key that nobody outside knows.
 */
#ifndef PARLEY_RATE_LIMIT_H
#define PARLEY_RATE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rate_limit;

/* per_minute > 0: as many at once, and on average. *new* */
struct rate_limit *rate_limit_create(int64_t per_minute);
void rate_limit_destroy(struct rate_limit *limit); /* takes NULL */

/* False: not now; again in *ret_wait_ms. */
__attribute__((warn_unused_result)) bool
rate_limit_take(struct rate_limit *limit, const void *who, size_t length, int64_t *ret_wait_ms);

#endif
