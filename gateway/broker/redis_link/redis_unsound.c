/*
 * redis_unsound - what is found in Redis and is not believed; see redis_unsound.h.
 */
#include "redis_unsound.h"

#include "log.h"

#include <stddef.h>

void redis_unsound(const char *what, const char *channel)
{
    log_event_at_times(redis_content_unsound, kv_str("what", what), kv_str("channel", channel));
}
