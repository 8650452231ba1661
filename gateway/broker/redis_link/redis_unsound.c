/*
 * redis_unsound - what is found in Redis and is not believed; see redis_unsound.h.
 */
#include "redis_unsound.h"

#include "clock.h"
#include "log.h"

#include <stddef.h>
#include <stdint.h>

enum { SAY_EVERY_MS = 1000 };

void redis_unsound(const char *what, const char *channel)
{
    static int64_t next_ms;
    static int64_t count;
    int64_t now_ms = clock_now_ms();
    count++;
    if (now_ms < next_ms)
        return;
    log_event(redis_content_unsound, kv_str("what", what), kv_str("channel", channel),
              kv_int("count", count));
    next_ms = now_ms + SAY_EVERY_MS;
    count = 0;
}
