/*
 * limit - hits of the limits, counted and logged; see limit.h.
 */
#include "limit.h"

#include "clock.h"
#include "log.h"
#include "metrics.h"

enum { LOG_EVERY_MS = 1000 };

#define LIMIT_NAME(name) #name,
static const char *const names[] = {LIMITS(LIMIT_NAME)};
#undef LIMIT_NAME

/* What was last said of a limit. */
struct said {
    int64_t next_ms; /* not before this; 0: nothing was said yet */
    int64_t hits;    /* of which the log was told */
};

static struct said said_of[LIMIT_COUNT];

const char *limit_name(enum limit limit)
{
    return names[limit];
}

void limit_hit(enum limit limit)
{
    struct said *said = &said_of[limit];
    int64_t hits = ++metrics.limit_hits[limit];
    int64_t now_ms = clock_now_ms();
    if (now_ms < said->next_ms)
        return;
    log_event(limit_hit, kv_str("limit", names[limit]), kv_int("hits", hits - said->hits));
    said->next_ms = now_ms + LOG_EVERY_MS;
    said->hits = hits;
}
