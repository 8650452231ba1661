/*
 * limit - the limits that protect a node from strangers, by name.
 *
 * Whoever enforces a limit calls limit_hit each time it refuses or holds back something. The
 * hits are counted (parley_limit_hits_total{limit="NAME"} in /metrics) and logged, one line a
 * second for each limit at most, with how many hits the line stands for. NAME is the option
 * that sets the limit, with '_' for '-'. README, "Limits of what strangers can take", says what
 * each is for.
 */
#ifndef PARLEY_LIMIT_H
#define PARLEY_LIMIT_H

#include <stdint.h>

/* clang-format off */
#define LIMITS(LIMIT) \
    LIMIT(max_backlog_bytes) \
    LIMIT(commands_in_flight) \
    LIMIT(commands_per_s) \
    LIMIT(publishes_per_s) \
    LIMIT(publish_bytes_per_s) \
    LIMIT(reply_bytes) \
    LIMIT(reply_publications) \
    LIMIT(channels_per_connection) \
    LIMIT(new_channels_per_minute) \
    LIMIT(names_per_connection) \
    LIMIT(backlog_bytes) \
    LIMIT(max_connections) \
    LIMIT(connections_per_address) \
    LIMIT(connections_per_user) \
    LIMIT(handshakes_per_s) \
    LIMIT(handshakes_pending) \
    LIMIT(internal_descriptors) \
    LIMIT(message_timeout_ms) \
    LIMIT(redis_queue_bytes) \
    LIMIT(files_per_minute) \
    LIMIT(http_min_bytes_per_s) \
    LIMIT(uploads_per_address) \
    LIMIT(downloads_per_address) \
    LIMIT(files_share_percent)
/* clang-format on */

#define LIMIT_MEMBER(name) LIMIT_##name,
enum limit { LIMITS(LIMIT_MEMBER) LIMIT_COUNT };
#undef LIMIT_MEMBER

/* Something was refused or held back because of this limit. */
void limit_hit(enum limit limit);

/* As in the option, with '_' for '-'. *borrowed* */
const char *limit_name(enum limit limit);

#endif
