/*
 * bench_json - the results as JSON, for scripts; see bench_json.h.
 */
#include "bench_json.h"

#include "bench_figures.h"
#include "bench_options.h"
#include "bench_protocol.h"
#include "bench_run.h"
#include "bench_shared.h"

#include <jansson.h>

static json_t *json_load(const struct bench_options *options, const struct bench_result *result)
{
    return json_pack("{s:i, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:b, s:b}",
                     "connections", result->plan.connections, "protocol",
                     options->protocol->name, "addresses", result->plan.addresses, "channels",
                     result->plan.channels, "publishers", result->plan.publishers, "workers",
                     result->plan.workers, "size", options->size, "window", options->window,
                     "rate", options->rate, "idle_s", options->idle_s, "floor",
                     (int)options->is_floor, "online", (int)options->is_online);
}

static json_t *json_latency(const struct histogram *latency)
{
    return json_pack(
        "{s:I, s:f, s:I, s:I, s:I, s:I, s:I}", "count", (json_int_t)latency->count, "mean",
        histogram_mean(latency), "p50", (json_int_t)histogram_quantile(latency, 0.5), "p90",
        (json_int_t)histogram_quantile(latency, 0.9), "p99",
        (json_int_t)histogram_quantile(latency, 0.99), "p999",
        (json_int_t)histogram_quantile(latency, 0.999), "max", (json_int_t)latency->max);
}

static json_t *json_totals(const struct bench_result *result)
{
    static const char *const NAMES[COUNTER_COUNT] = {
        [COUNTER_OPENED] = "opened",         [COUNTER_FAILED] = "failed",
        [COUNTER_CLOSED] = "closed",         [COUNTER_JOINED] = "joined",
        [COUNTER_DELIVERED] = "delivered",   [COUNTER_LOST] = "lost",
        [COUNTER_DUPLICATED] = "duplicated", [COUNTER_DISORDERED] = "out_of_order",
        [COUNTER_STRAYED] = "wrong_channel", [COUNTER_REFUSED] = "error_replies",
        [COUNTER_OTHER] = "other",           [COUNTER_PINGS] = "pings",
        [COUNTER_PONGS] = "pongs",           [COUNTER_BYTES] = "bytes",
    };
    json_t *totals = json_object();
    json_object_set_new(totals, "published", json_integer((json_int_t)result->total_published));
    for (int i = 0; i < COUNTER_COUNT; i++) {
        json_object_set_new(totals, NAMES[i], json_integer((json_int_t)result->totals[i]));
    }
    return totals;
}

static json_t *json_processes(const struct bench_result *result)
{
    json_t *processes = json_array();
    for (int i = 0; i < result->process_count; i++) {
        const struct process_result *process = &result->processes[i];
        json_array_append_new(
            processes,
            json_pack("{s:i, s:f, s:f, s:I, s:I, s:I}", "pid", (int)process->pid, "cpu_s",
                      process->ended.cpu_s - process->started.cpu_s, "connect_cpu_s",
                      process->connected.cpu_s - process->before.cpu_s, "rss_before",
                      (json_int_t)process->before.rss_bytes, "rss_connected",
                      (json_int_t)process->started.rss_bytes, "rss_end",
                      (json_int_t)process->ended.rss_bytes));
    }
    return processes;
}

static json_t *json_cost(const struct bench_result *result)
{
    if (result->process_count == 0) {
        return json_null();
    }
    struct cost cost = cost_of(result);
    return json_pack("{s:f, s:f, s:f, s:f, s:f}", "cpu_s", cost.cpu_s, "deliveries_per_cpu_s",
                     cost.deliveries, "bytes_per_connection", cost.memory, "handshake_us",
                     cost.connect_us, "cpu_us_per_connection_s", cost.idle_us);
}

/* What the points have in common lies in one array each, all of the same length. */
static json_t *json_series(const struct bench_result *result)
{
    const struct series *series = &result->series;
    json_t *at = json_array();
    json_t *opened = json_array();
    json_t *delivered = json_array();
    json_t *bench = json_array();
    json_t *processes = json_array();
    for (int i = 0; i < series->count; i++) {
        const struct series_point *point = &series->points[i];
        json_array_append_new(at, json_real(point->at_s));
        json_array_append_new(opened, json_integer((json_int_t)point->opened));
        json_array_append_new(delivered, json_integer((json_int_t)point->delivered));
        json_array_append_new(bench, json_real(point->bench_cpu_s));
    }
    for (int p = 0; p < result->process_count; p++) {
        json_t *cpu = json_array();
        for (int i = 0; i < series->count; i++) {
            json_array_append_new(cpu, json_real(series->points[i].cpu_s[p]));
        }
        json_array_append_new(processes, cpu);
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "at_s", at, "opened", opened, "delivered",
                     delivered, "bench_cpu_s", bench, "process_cpu_s", processes);
}

bool bench_json_write(const struct bench_options *options, const struct bench_result *result,
                      const char *path)
{
    json_t *root = json_pack(
        "{s:b, s:b, s:s, s:o, s:f, s:f, s:I, s:I, s:f, s:f, s:o, s:o, s:o, s:o, s:f, s:o}",
        "ok", (int)run_is_ok(options, result), "interrupted", (int)result->is_interrupted,
        "problem", result->problem, "load", json_load(options, result), "connect_s",
        result->connect_s, "measured_s", result->measured_s, "published",
        (json_int_t)result->published, "delivered", (json_int_t)result->delivered,
        "published_per_s", per_second(result->published, result), "delivered_per_s",
        per_second(result->delivered, result), "latency_ns", json_latency(&result->latency),
        "totals", json_totals(result), "processes", json_processes(result), "servers",
        json_cost(result), "bench_cpu_s", result->bench_cpu_s, "timeline", json_series(result));
    if (root == NULL) {
        return false;
    }
    bool is_written = json_dump_file(root, path, JSON_INDENT(2)) == 0;
    json_decref(root);
    return is_written;
}
