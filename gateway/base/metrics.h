/*
 * metrics - what the gateway counts about itself, in Prometheus's text form.
 *
 * Plain numbers in one struct; whoever sees the event adds one. The list below is the only
 * place that names them.
 */
#ifndef PARLEY_METRICS_H
#define PARLEY_METRICS_H

#include "limit.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* clang-format off */
#define METRICS(COUNTER, GAUGE) \
    GAUGE(connections, "WebSocket connections open") \
    GAUGE(users, "Different users connected; the anonymous are one") \
    GAUGE(subscriptions, "Connections in channels, each counted in each") \
    GAUGE(channels, "Channels with a subscriber on this node") \
    GAUGE(unfinished_bytes, "Memory that holds messages whose end has not come yet") \
    GAUGE(members, "Connections present in a channel") \
    GAUGE(backlog_bytes, "Bytes that wait for connections which are behind") \
    COUNTER(connections_opened_total, "WebSocket handshakes completed") \
    COUNTER(handshakes_refused_total, "WebSocket handshakes refused") \
    COUNTER(origins_refused_total, "Of these, because of their Origin: see --allowed-origins") \
    COUNTER(hosts_refused_total, "Of these, because of their Host: see --allowed-hosts") \
    COUNTER(messages_received_total, "Messages received from clients") \
    COUNTER(messages_refused_total, "Messages answered with an error") \
    COUNTER(api_calls_total, "Calls of the server API") \
    COUNTER(files_stored_total, "Files taken from clients") \
    COUNTER(files_refused_total, "Files refused") \
    COUNTER(files_read_total, "Files read by clients") \
    COUNTER(publications_total, "Publications that arrived for this node's channels") \
    COUNTER(deliveries_total, "Messages given to connections") \
    COUNTER(writes_total, "Writes to connections that carried messages") \
    COUNTER(writes_deferred_total, "Writes queued because the connection was behind") \
    COUNTER(slow_consumers_total, "Connections closed for being too far behind") \
    COUNTER(idle_closed_total, "Connections closed because nothing was heard") \
    COUNTER(gaps_total, "Gaps found in a channel's offsets and read from its log") \
    COUNTER(gaps_lost_total, "Gaps that the log no longer covered") \
    COUNTER(leases_reaped_total, "Leases of other nodes cleaned up by this one") \
    COUNTER(members_reaped_total, "Members removed in doing so") \
    COUNTER(redis_timeouts_total, "Redis commands not answered in time") \
    COUNTER(redis_reconnects_total, "Connections to Redis that came back") \
    COUNTER(log_lines_lost_total, "Log lines that standard error had no room for") \
    GAUGE(redis_up_commands, "The connection to Redis for commands works") \
    GAUGE(redis_up_subscriber, "The connection to Redis for subscriptions works")
/* clang-format on */

#define METRICS_FIELD(name, help) int64_t name;
struct metrics {
    METRICS(METRICS_FIELD, METRICS_FIELD)
    int64_t limit_hits[LIMIT_COUNT]; /* see limit.h */
};
#undef METRICS_FIELD

extern struct metrics metrics;

/* For the page of /metrics. */
void metrics_write(FILE *out, const struct metrics *values);
/* The two lines before the values of a metric; type: "counter", "gauge". */
void metrics_write_row(FILE *out, const char *name, const char *type, const char *help);

/* Sums; a link to Redis is up where both say so. */
void metrics_add(struct metrics *total, const struct metrics *values);
/* What was open is open no more; what was counted stays. */
void metrics_forget_gauges(struct metrics *values);

#endif
