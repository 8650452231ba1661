/*
 * report - the results as text and as JSON; see bench_report.h.
 */
#include "bench_report.h"

#include "bench_options.h"
#include "bench_run.h"
#include "bench_shared.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

/* What the processes of the server cost together. */
struct cost {
    double cpu_s;      /* while measuring */
    double connect_us; /* CPU of one handshake */
    double memory;     /* bytes per connection */
    double idle_us;    /* CPU per connection and second */
    double deliveries; /* per CPU second */
};

static struct cost cost_of(const struct bench_result *result)
{
    struct cost cost = {0};
    double connect_s = 0;
    double connections = result->plan.connections;
    for (int i = 0; i < result->process_count; i++) {
        const struct process_result *process = &result->processes[i];
        cost.cpu_s += process->ended.cpu_s - process->started.cpu_s;
        connect_s += process->connected.cpu_s - process->before.cpu_s;
        cost.memory += (double)(process->started.rss_bytes - process->before.rss_bytes);
    }
    cost.memory /= connections;
    cost.connect_us = connect_s * 1e6 / connections;
    if (cost.cpu_s > 0 && result->measured_s > 0) {
        cost.idle_us = cost.cpu_s * 1e6 / connections / result->measured_s;
        cost.deliveries = (double)result->delivered / cost.cpu_s;
    }
    return cost;
}

static double per_second(uint64_t count, const struct bench_result *result)
{
    return result->measured_s > 0 ? (double)count / result->measured_s : 0;
}

/* ---- text ---- */

/* 1234567 as "1,234,567"; the text is good until eight more calls. */
static const char *grouped(double value)
{
    static char texts[8][32];
    static int next;
    char digits[24];
    char *text = texts[next++ % 8];
    int length = snprintf(digits, sizeof(digits), "%.0f", value);
    int at = 0;
    for (int i = 0; i < length; i++) {
        text[at++] = digits[i];
        int left = length - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-') {
            text[at++] = ',';
        }
    }
    text[at] = '\0';
    return text;
}

void report_progress(struct bench_shared *shared, int connections, double elapsed_s)
{
    if (!isatty(STDOUT_FILENO)) {
        return;
    }
    static uint64_t last_delivered;
    static double last_elapsed_s;
    uint64_t delivered = shared_sum(shared, COUNTER_DELIVERED);
    double rate = (double)(delivered - last_delivered) / (elapsed_s - last_elapsed_s);
    last_delivered = delivered;
    last_elapsed_s = elapsed_s;
    printf("\r%6.1f s  open %" PRIu64 "/%d  delivered %s  %s/s  lost %" PRIu64 "   \033[K",
           elapsed_s, shared_sum(shared, COUNTER_OPENED) - shared_sum(shared, COUNTER_CLOSED),
           connections, grouped((double)delivered), grouped(rate),
           shared_sum(shared, COUNTER_LOST));
    (void)fflush(stdout);
}

void report_progress_end(void)
{
    if (isatty(STDOUT_FILENO)) {
        printf("\r\033[K");
    }
}

static void print_load(const struct bench_options *options, const struct bench_result *result)
{
    const struct plan *plan = &result->plan;
    printf("load        %s connections", grouped(plan->connections));
    if (options->is_floor) {
        printf(" to a bare sender (floor)");
    } else {
        printf(" to %d address%s", plan->addresses, plan->addresses == 1 ? "" : "es");
    }
    printf(", %d channel%s, %d worker%s", plan->channels, plan->channels == 1 ? "" : "s",
           plan->workers, plan->workers == 1 ? "" : "s");
    if (options->idle_s > 0) {
        printf(", idle\n");
        return;
    }
    printf(", %d publisher%s, %d bytes", plan->publishers, plan->publishers == 1 ? "" : "s",
           options->size);
    if (options->window > 0) {
        printf(", window %d\n", options->window);
    } else {
        printf(", %g messages/s\n", options->rate);
    }
}

static void print_traffic(const struct bench_result *result)
{
    const struct histogram *latency = &result->latency;
    printf("published   %s messages in %.1f s (%s/s)\n", grouped((double)result->published),
           result->measured_s, grouped(per_second(result->published, result)));
    printf("delivered   %s (%s/s, %.1f MB/s)\n", grouped((double)result->delivered),
           grouped(per_second(result->delivered, result)),
           per_second(result->bytes, result) / 1e6);
    printf("latency ms  p50 %.3f  p90 %.3f  p99 %.3f  p99.9 %.3f  max %.3f\n",
           (double)histogram_quantile(latency, 0.5) / 1e6,
           (double)histogram_quantile(latency, 0.9) / 1e6,
           (double)histogram_quantile(latency, 0.99) / 1e6,
           (double)histogram_quantile(latency, 0.999) / 1e6, (double)latency->max / 1e6);
}

static void print_checks(const struct bench_options *options, const struct bench_result *result)
{
    const uint64_t *totals = result->totals;
    printf("checked     %s messages, %s deliveries: lost %s, duplicated %s, out of order %s, "
           "wrong channel %s\n",
           grouped((double)result->total_published), grouped((double)totals[COUNTER_DELIVERED]),
           grouped((double)totals[COUNTER_LOST]), grouped((double)totals[COUNTER_DUPLICATED]),
           grouped((double)totals[COUNTER_DISORDERED]),
           grouped((double)totals[COUNTER_STRAYED]));
    if (options->idle_s > 0) {
        printf("pings       %s sent, %s answered\n", grouped((double)totals[COUNTER_PINGS]),
               grouped((double)totals[COUNTER_PONGS]));
    }
    if (totals[COUNTER_FAILED] + totals[COUNTER_CLOSED] + totals[COUNTER_REFUSED] > 0) {
        printf("trouble     %s not connected, %s closed by the server, %s error replies\n",
               grouped((double)totals[COUNTER_FAILED]), grouped((double)totals[COUNTER_CLOSED]),
               grouped((double)totals[COUNTER_REFUSED]));
    }
}

static void print_process(const struct bench_result *result,
                          const struct process_result *process)
{
    double cpu_s = process->ended.cpu_s - process->started.cpu_s;
    char name[32];
    (void)snprintf(name, sizeof(name), process->is_floor ? "floor" : "pid %d",
                   (int)process->pid);
    printf("%-11s CPU %.3f s (%.0f %%), RSS %.1f MB before, %.1f MB connected, %.1f MB at the "
           "end%s\n",
           name, cpu_s, result->measured_s > 0 ? 100 * cpu_s / result->measured_s : 0,
           (double)process->before.rss_bytes / 1e6, (double)process->started.rss_bytes / 1e6,
           (double)process->ended.rss_bytes / 1e6, process->is_lost ? " (lost sight of)" : "");
}

static void print_processes(const struct bench_options *options,
                            const struct bench_result *result)
{
    struct cost cost = cost_of(result);
    for (int i = 0; i < result->process_count; i++) {
        print_process(result, &result->processes[i]);
    }
    if (options->idle_s > 0) {
        printf("per conn    %.2f kB of memory, %.3f us of CPU a second, %.1f us a handshake\n",
               cost.memory / 1e3, cost.idle_us, cost.connect_us);
        return;
    }
    if (options->is_floor) {
        printf("floor       %s deliveries per CPU second\n", grouped(cost.deliveries));
        return;
    }
    printf(
        "servers     %s deliveries per CPU second, %.2f kB of memory a connection, %.1f us of "
        "CPU a handshake\n",
        grouped(cost.deliveries), cost.memory / 1e3, cost.connect_us);
}

void report_print(const struct bench_options *options, const struct bench_result *result)
{
    print_load(options, result);
    if (result->connect_s > 0) {
        printf("connected   %s in %.2f s (%s/s)\n",
               grouped((double)result->totals[COUNTER_OPENED]), result->connect_s,
               grouped((double)result->totals[COUNTER_OPENED] / result->connect_s));
    }
    if (options->idle_s == 0 && result->measured_s > 0) {
        print_traffic(result);
    }
    print_checks(options, result);
    if (result->process_count > 0 && result->measured_s > 0) {
        print_processes(options, result);
    }
    if (result->measured_s > 0) {
        printf("bench       CPU %.3f s (%.0f %% of a core)\n", result->bench_cpu_s,
               100 * result->bench_cpu_s / result->measured_s);
    }
    if (result->is_interrupted) {
        printf("interrupted\n");
    }
    if (result->problem[0] != '\0') {
        printf("problem     %s\n", result->problem);
    }
    printf("%s\n", run_is_ok(options, result) ? "ok" : "FAILED");
}

/* ---- JSON ---- */

static json_t *json_load(const struct bench_options *options, const struct bench_result *result)
{
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:b, s:b}", "connections",
                     result->plan.connections, "addresses", result->plan.addresses, "channels",
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

bool report_write_json(const struct bench_options *options, const struct bench_result *result,
                       const char *path)
{
    json_t *root = json_pack(
        "{s:b, s:b, s:s, s:o, s:f, s:f, s:I, s:I, s:f, s:f, s:o, s:o, s:o, s:o, s:f}", "ok",
        (int)run_is_ok(options, result), "interrupted", (int)result->is_interrupted, "problem",
        result->problem, "load", json_load(options, result), "connect_s", result->connect_s,
        "measured_s", result->measured_s, "published", (json_int_t)result->published,
        "delivered", (json_int_t)result->delivered, "published_per_s",
        per_second(result->published, result), "delivered_per_s",
        per_second(result->delivered, result), "latency_ns", json_latency(&result->latency),
        "totals", json_totals(result), "processes", json_processes(result), "servers",
        json_cost(result), "bench_cpu_s", result->bench_cpu_s);
    if (root == NULL) {
        return false;
    }
    bool is_written = json_dump_file(root, path, JSON_INDENT(2)) == 0;
    json_decref(root);
    return is_written;
}
