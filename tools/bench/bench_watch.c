/*
 * bench_watch - looks at processes from outside; see bench_watch.h.
 */
#include "bench_watch.h"

#include "bench_run.h"

void watch_processes(struct bench_result *result, struct bench_shared *shared, size_t offset)
{
    for (int i = 0; i < result->process_count; i++) {
        struct process_result *process = &result->processes[i];
        struct process_sample *sample = (void *)((char *)process + offset);
        if (!process_sample(process->pid, sample)) {
            process->is_lost = true;
            shared_report(shared, "process %d cannot be looked at: is it gone?",
                          (int)process->pid);
        }
    }
}

double watch_cpu(const pid_t *pids, int count)
{
    double sum_s = 0;
    for (int i = 0; i < count; i++) {
        double cpu_s;
        if (pids[i] > 0 && process_cpu(pids[i], &cpu_s)) {
            sum_s += cpu_s;
        }
    }
    return sum_s;
}

void watch_point(struct bench_result *result, struct bench_shared *shared, double at_s,
                 const pid_t *workers, int worker_count)
{
    if (!series_is_due(&result->series, at_s)) {
        return;
    }
    struct series_point *point = series_add(&result->series, at_s);
    point->opened = shared_sum(shared, COUNTER_OPENED) - shared_sum(shared, COUNTER_CLOSED);
    point->delivered = shared_sum(shared, COUNTER_DELIVERED);
    point->bench_cpu_s = watch_cpu(workers, worker_count);
    for (int i = 0; i < result->process_count; i++) {
        (void)process_cpu(result->processes[i].pid, &point->cpu_s[i]);
    }
}
