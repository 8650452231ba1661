/*
 * bench_run - one run seen from above; see bench_run.h.
 *
 *   connect -> settle -> warm up -> measure -> drain -> finish
 *                    \-> idle ------------------------^
 *
 * An interrupt goes straight to the end. Knows no sockets.
 */
#include "bench_run.h"

#include "bench_floor.h"
#include "bench_frame.h"
#include "bench_report.h"
#include "bench_watch.h"
#include "bench_worker.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    POLL_US = 5000,
    MAX_WORKERS = 256,
};

static const double SETTLE_S = 0.5;
static const double DRAIN_S = 5;
static const double CONNECT_STALL_S = 10;
static const double PROGRESS_EVERY_S = 0.25;

static volatile sig_atomic_t is_interrupted;

struct run {
    const struct bench_options *options;
    struct bench_result *result;
    struct bench_shared *shared;
    pid_t workers[MAX_WORKERS];
    int worker_count;
    pid_t floor_pid; /* 0: none */
    bool has_failed; /* a worker ended too early */
    int64_t start_ns;
    int64_t last_progress_ns;
};

typedef bool condition_fn(struct run *run);

static double seconds_since(int64_t then_ns)
{
    return (double)(bench_now_ns() - then_ns) / 1e9;
}

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    is_interrupted = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static int raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        err(1, "getrlimit");
    }
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        err(1, "getrlimit");
    }
    return limit.rlim_cur > 1000000 ? 1000000 : (int)limit.rlim_cur;
}

/* ---- waiting ---- */

static void see_workers(struct run *run)
{
    for (int i = 0; i < run->worker_count; i++) {
        int status;
        if (run->workers[i] > 0 && waitpid(run->workers[i], &status, WNOHANG) > 0) {
            run->workers[i] = 0;
            run->has_failed = true;
            shared_report(run->shared, "worker %d ended unexpectedly", i);
        }
    }
}

static void show_progress(struct run *run)
{
    if (seconds_since(run->last_progress_ns) >= PROGRESS_EVERY_S) {
        run->last_progress_ns = bench_now_ns();
        report_progress(run->shared, run->result->plan.connections,
                        seconds_since(run->start_ns));
    }
}

/* Waits until the condition is true (NULL: never) or time is up. False: the run is over. */
static bool wait_for(struct run *run, double seconds, condition_fn *condition)
{
    int64_t start_ns = bench_now_ns();
    while (!is_interrupted && !run->has_failed) {
        double left_s = seconds - seconds_since(start_ns);
        if (left_s <= 0 || (condition != NULL && condition(run))) {
            return true;
        }
        usleep(left_s * 1e6 < POLL_US ? (useconds_t)(left_s * 1e6) : POLL_US);
        see_workers(run);
        watch_point(run->result, run->shared, seconds_since(run->start_ns), run->workers,
                    run->worker_count);
        show_progress(run);
    }
    return false;
}

static uint64_t arrivals(struct run *run)
{
    return shared_sum(run->shared, COUNTER_OPENED) + shared_sum(run->shared, COUNTER_JOINED);
}

static bool is_connected(struct run *run)
{
    uint64_t all = (uint64_t)run->result->plan.connections;
    return shared_sum(run->shared, COUNTER_FAILED) > 0 ||
           arrivals(run) >= all * (run->options->is_online ? 2 : 1);
}

static uint64_t published(struct run *run)
{
    uint64_t sum = 0;
    for (int p = 0; p < run->result->plan.publishers; p++) {
        sum += shared_sent(run->shared, p);
    }
    return sum;
}

/* What was published comes to so many deliveries. */
static uint64_t expected(struct run *run)
{
    const struct plan *plan = &run->result->plan;
    uint64_t sum = 0;
    for (int p = 0; p < plan->publishers; p++) {
        int subscribers =
            plan_subscribers(plan, plan_channel_of(plan, p), 0, plan->connections);
        sum += (uint64_t)shared_sent(run->shared, p) * (uint64_t)subscribers;
    }
    return sum;
}

static bool is_drained(struct run *run)
{
    return shared_is_sent_final(run->shared) &&
           shared_sum(run->shared, COUNTER_DELIVERED) >= expected(run) &&
           shared_sum(run->shared, COUNTER_PONGS) >= shared_sum(run->shared, COUNTER_PINGS);
}

/* ---- measuring ---- */

#define SAMPLE_ALL(run, field)                                                                 \
    watch_processes((run)->result, (run)->shared, offsetof(struct process_result, field))

static double workers_cpu(const struct run *run)
{
    return watch_cpu(run->workers, run->worker_count);
}

/* Adds the time that passes until `seconds` are over to the result, and what it brought. */
static bool measure(struct run *run, double seconds)
{
    struct bench_result *result = run->result;
    SAMPLE_ALL(run, started);
    double cpu_s = workers_cpu(run);
    uint64_t delivered = shared_sum(run->shared, COUNTER_DELIVERED);
    uint64_t bytes = shared_sum(run->shared, COUNTER_BYTES);
    uint64_t published_before = published(run);
    int64_t start_ns = bench_now_ns();
    result->measure_start_s = seconds_since(run->start_ns);

    bool is_whole = wait_for(run, seconds, NULL);

    result->measured_s = seconds_since(start_ns);
    result->published = published(run) - published_before;
    result->delivered = shared_sum(run->shared, COUNTER_DELIVERED) - delivered;
    result->bytes = shared_sum(run->shared, COUNTER_BYTES) - bytes;
    result->bench_cpu_s = workers_cpu(run) - cpu_s;
    SAMPLE_ALL(run, ended);
    return is_whole;
}

/* ---- phases ---- */

static bool connect_all(struct run *run)
{
    int64_t start_ns = bench_now_ns();
    int64_t progress_ns = start_ns;
    uint64_t seen = 0;
    while (!is_connected(run)) {
        if (!wait_for(run, 0.1, is_connected)) {
            return false;
        }
        if (arrivals(run) != seen) {
            seen = arrivals(run);
            progress_ns = bench_now_ns();
        } else if (seconds_since(progress_ns) > CONNECT_STALL_S) {
            shared_report(run->shared, "no connection has come further for %.0f s",
                          CONNECT_STALL_S);
            return false;
        }
    }
    run->result->connect_s = seconds_since(start_ns);
    SAMPLE_ALL(run, connected);
    return shared_sum(run->shared, COUNTER_FAILED) == 0;
}

static bool pass_phases(struct run *run)
{
    const struct bench_options *options = run->options;
    bool is_idle = options->idle_s > 0;
    if (!connect_all(run)) {
        return false;
    }
    if (!is_idle) {
        shared_set_phase(run->shared, PHASE_IDLE);
    }
    if (!wait_for(run, SETTLE_S, NULL)) {
        return false;
    }
    if (!is_idle) {
        shared_set_phase(run->shared, PHASE_WARMUP);
        if (!wait_for(run, options->warmup_s, NULL)) {
            return false;
        }
    }
    shared_set_phase(run->shared, is_idle ? PHASE_IDLE : PHASE_MEASURE);
    return measure(run, is_idle ? options->idle_s : options->duration_s);
}

/* Whatever happened before: what is on its way may still arrive. */
static void drain(struct run *run)
{
    bool was_interrupted = is_interrupted != 0;
    run->result->is_interrupted = was_interrupted;
    is_interrupted = 0; /* a second interrupt ends the wait */
    shared_set_phase(run->shared, PHASE_DRAIN);
    if (shared_sum(run->shared, COUNTER_FAILED) == 0) {
        wait_for(run, DRAIN_S, is_drained);
    }
}

static void end_workers(struct run *run)
{
    shared_set_phase(run->shared, PHASE_FINISH);
    for (int i = 0; i < run->worker_count; i++) {
        int status;
        if (run->workers[i] == 0) {
            continue;
        }
        if (run->has_failed) {
            kill(run->workers[i], SIGKILL);
        }
        while (waitpid(run->workers[i], &status, 0) < 0 && errno == EINTR) {
        }
        run->workers[i] = 0;
    }
    if (run->floor_pid > 0) {
        floor_stop(run->floor_pid);
    }
}

static void collect(struct run *run)
{
    struct bench_result *result = run->result;
    const char *problem = shared_problem(run->shared);
    (void)snprintf(result->problem, sizeof(result->problem), "%s",
                   problem != NULL ? problem : "");
    result->total_published = published(run);
    for (int i = 0; i < COUNTER_COUNT; i++) {
        result->totals[i] = shared_sum(run->shared, (enum counter)i);
    }
    for (int i = 0; i < run->worker_count; i++) {
        histogram_add(&result->latency, &shared_area(run->shared, i)->latency);
    }
}

/* ---- beginning ---- */

static void fork_workers(struct run *run)
{
    pid_t parent = getpid();
    run->worker_count = run->result->plan.workers;
    for (int i = 0; i < run->worker_count; i++) {
        run->workers[i] = fork();
        if (run->workers[i] < 0) {
            err(1, "fork");
        }
        if (run->workers[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent) {
                _exit(1);
            }
            (void)signal(SIGINT, SIG_IGN);
            (void)signal(SIGTERM, SIG_IGN);
            worker_run(run->options, &run->result->plan, run->shared, i);
            _exit(0);
        }
    }
}

/* The sender takes the place of the server: an address, and a process to look at. */
static void start_floor(struct run *run, struct bench_options *options)
{
    uint8_t header[FRAME_MAX_HEADER];
    size_t size = (size_t)options->size;
    size_t length = frame_put_header(header, FRAME_TEXT, size, /* is_masked= */ false) + size;
    struct sockaddr_in address;
    run->floor_pid = floor_start(&run->result->plan, length, &address);
    memcpy(&options->addresses[0].address, &address, sizeof(address));
    options->addresses[0].address_length = sizeof(address);
    struct process_result *process = &run->result->processes[run->result->process_count++];
    process->pid = run->floor_pid;
    process->is_floor = true;
}

void run_bench(const struct bench_options *given, struct bench_result *ret_result)
{
    struct bench_options options = *given;
    struct run run = {.options = &options, .result = ret_result};
    memset(ret_result, 0, sizeof(*ret_result));
    ret_result->plan = bench_options_plan(&options, raise_descriptor_limit());
    run.shared = shared_create(ret_result->plan.workers, ret_result->plan.publishers);
    catch_signals();
    for (int i = 0; i < options.pid_count; i++) {
        ret_result->processes[ret_result->process_count++].pid = options.pids[i];
    }
    if (options.is_floor) {
        start_floor(&run, &options);
    }
    SAMPLE_ALL(&run, before);
    for (int i = 0; i < ret_result->process_count; i++) {
        if (ret_result->processes[i].is_lost) {
            errx(2, "--pid %d: no such process, or not ours to look at", (int)options.pids[i]);
        }
    }
    run.start_ns = bench_now_ns();
    fork_workers(&run);
    ret_result->is_complete = pass_phases(&run);
    drain(&run);
    end_workers(&run);
    report_progress_end();
    collect(&run);
}

bool run_is_ok(const struct bench_options *options, const struct bench_result *result)
{
    static const enum counter BAD[] = {COUNTER_FAILED,     COUNTER_CLOSED,  COUNTER_LOST,
                                       COUNTER_DUPLICATED, COUNTER_STRAYED, COUNTER_DISORDERED,
                                       COUNTER_REFUSED};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        if (result->totals[BAD[i]] > 0) {
            return false;
        }
    }
    bool is_quiet = options->is_floor || options->idle_s == 0 ||
                    result->totals[COUNTER_PONGS] == result->totals[COUNTER_PINGS];
    return is_quiet && result->problem[0] == '\0' &&
           (result->is_complete || result->is_interrupted);
}
