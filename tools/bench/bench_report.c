/*
 * bench_report - the results as text, and the line of progress; see bench_report.h.
 */
#include "bench_report.h"

#include "bench_figures.h"
#include "bench_options.h"
#include "bench_run.h"
#include "bench_shared.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

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
    char load[256];
    describe_load(options, result, load, sizeof(load));
    printf("load        %s\n", load);
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
