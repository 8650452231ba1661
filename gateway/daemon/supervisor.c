/*
 * supervisor - several processes of parleyd, and the one that minds them; see supervisor.h.
 *
 * The supervisor does nothing but wait for signals (they are blocked and fetched one by one)
 * and for the moment when a worker is to be started again. One that died is replaced, later
 * and later if it dies again and again: what ends a worker must not end the others, since a
 * stranger may have found a way to do it often. Only where no worker ever got as far as to
 * serve has the program failed to start, and ends. Workers hear of the supervisor's death as of
 * a SIGTERM.
 */
#include "supervisor.h"

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "service.h"
#include "worker_page.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MAX_MS = 10000,
    START_DEATHS_MAX = 5, /* in a row; the pauses between them are 1.5 s */
    WAIT_MAX_MS = 60000,
};

struct worker {
    pid_t pid; /* 0: none */
    int64_t started_ms;
    int64_t start_at_ms; /* when there is none */
    int64_t backoff_ms;
    int64_t deaths;      /* in a row: none of these lives was WORKER_PROVEN_MS long */
    bool has_said_error; /* it ended with one, and would say it again */
};

struct supervisor {
    const struct supervisor_options *options;
    struct worker *workers;
    sigset_t awaited;
    sigset_t mask_before;
    bool is_stopping;
    bool has_killed;
    int64_t kill_at_ms; /* when it is stopping */
    int exit_code;
};

/* ------------------------------------------------------------------------------ the end */

static void signal_all(const struct supervisor *self, int signal_number)
{
    for (size_t i = 0; i < self->options->workers; i++) {
        if (self->workers[i].pid > 0)
            (void)kill(self->workers[i].pid, signal_number);
    }
}

static void stop(struct supervisor *self, int exit_code)
{
    if (self->exit_code == 0)
        self->exit_code = exit_code;
    if (self->is_stopping)
        return;
    self->is_stopping = true;
    self->kill_at_ms = clock_now_ms() + self->options->stop_timeout_ms;
    service_say_stopping(self->options->stop_timeout_ms);
    log_event(stopping_workers, kv_int("workers", (int64_t)self->options->workers));
    signal_all(self, SIGTERM);
}

static void kill_overdue(struct supervisor *self)
{
    if (!self->is_stopping || self->has_killed || clock_now_ms() < self->kill_at_ms)
        return;
    self->has_killed = true;
    log_event(workers_killed, kv_str("err", "they did not end in time"),
              kv_int("timeout_ms", self->options->stop_timeout_ms));
    self->exit_code = EXIT_FAILURE;
    signal_all(self, SIGKILL);
}

/* ----------------------------------------------------------------------- births, deaths */

/* Only in the new process. What asks it to read anew must not end it before it can listen: it
 * has read everything itself by then. */
static void become_worker(const struct supervisor *self, size_t number, pid_t supervisor)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != supervisor)
        _exit(EXIT_FAILURE); /* it died before we could ask to be told */
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGUSR1, SIG_IGN);
    (void)signal(SIGUSR2, SIG_IGN);
    (void)sigprocmask(SIG_SETMASK, &self->mask_before, NULL);
    workers_become(number);
}

/* True: this is the new process. */
static bool start(struct supervisor *self, size_t i)
{
    struct worker *worker = &self->workers[i];
    pid_t supervisor = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        become_worker(self, i + 1, supervisor);
        return true;
    }
    worker->started_ms = clock_now_ms();
    if (pid > 0) {
        worker->pid = pid;
        return false;
    }
    log_event(fork_failed, kv_int("worker", (int64_t)i + 1),
              kv_int("retry_ms", BACKOFF_MAX_MS));
    worker->start_at_ms = worker->started_ms + BACKOFF_MAX_MS;
    return false;
}

/* Answers how long the pause is. */
static int64_t schedule(struct worker *worker)
{
    int64_t now_ms = clock_now_ms();
    if (now_ms - worker->started_ms >= WORKER_PROVEN_MS) {
        worker->deaths = 0;
        worker->backoff_ms = BACKOFF_FIRST_MS;
    }
    worker->deaths++;
    int64_t pause_ms = worker->backoff_ms;
    worker->start_at_ms = now_ms + pause_ms;
    worker->backoff_ms = pause_ms * 2 < BACKOFF_MAX_MS ? pause_ms * 2 : BACKOFF_MAX_MS;
    return pause_ms;
}

/* Nobody has served yet, and all have shown that they will not. */
static bool cannot_start(const struct supervisor *self)
{
    for (size_t i = 0; i < self->options->workers; i++) {
        const struct worker *worker = &self->workers[i];
        if (workers_was_ready(i + 1) ||
            (!worker->has_said_error && worker->deaths < START_DEATHS_MAX))
            return false;
    }
    return true;
}

/* Before it has set up what SIGTERM does, a worker just dies of it. */
static bool has_ended_well(int status)
{
    return (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) ||
           (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void replace(struct supervisor *self, struct worker *worker, int64_t pid, int status)
{
    int64_t number = worker - self->workers + 1;
    int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SUCCESS;
    worker->has_said_error = exit_code != EXIT_SUCCESS;
    int64_t pause_ms = schedule(worker);
    workers_mark_down((size_t)number, worker->deaths);
    log_event(worker_ended, kv_int("worker", number), kv_int("pid", pid),
              kv_int("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
              kv_int("exit_code", exit_code), kv_int("deaths", worker->deaths),
              kv_int("restart_ms", pause_ms));
    if (!cannot_start(self))
        return;
    log_event(workers_cannot_start, kv_int("workers", (int64_t)self->options->workers),
              kv_str("err", "none of them got as far as to serve"));
    stop(self, exit_code != EXIT_SUCCESS ? exit_code : EXIT_FAILURE);
}

static void on_death(struct supervisor *self, struct worker *worker, int status)
{
    int64_t pid = worker->pid;
    worker->pid = 0;
    if (!self->is_stopping)
        replace(self, worker, pid, status);
    else if (!has_ended_well(status))
        stop(self, EXIT_FAILURE);
}

static void reap(struct supervisor *self)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < self->options->workers; i++) {
            if (self->workers[i].pid == pid)
                on_death(self, &self->workers[i], status);
        }
    }
}

/* ----------------------------------------------------------------------------- the loop */

/* The number of the worker that this process is now; 0: it is the supervisor still. */
static size_t start_due(struct supervisor *self)
{
    for (size_t i = 0; i < self->options->workers && !self->is_stopping; i++) {
        const struct worker *worker = &self->workers[i];
        if (worker->pid == 0 && worker->start_at_ms <= clock_now_ms() && start(self, i))
            return i + 1;
    }
    return 0;
}

static int64_t time_until(int64_t wait_ms, int64_t at_ms)
{
    int64_t left_ms = at_ms - clock_now_ms();
    if (left_ms < 0)
        return 0;
    return left_ms < wait_ms ? left_ms : wait_ms;
}

/* -1: none came. */
static void on_signal(struct supervisor *self, int signal_number)
{
    switch (signal_number) {
    case SIGTERM:
    case SIGINT:
    case SIGQUIT:
        stop(self, EXIT_SUCCESS);
        break;
    case SIGHUP: /* each says what came of it */
    case SIGUSR1:
    case SIGUSR2:
        signal_all(self, signal_number);
        break;
    default:
        break;
    }
}

static void wait_for_signal(struct supervisor *self)
{
    int64_t wait_ms = WAIT_MAX_MS;
    if (self->is_stopping && !self->has_killed)
        wait_ms = time_until(wait_ms, self->kill_at_ms);
    for (size_t i = 0; i < self->options->workers && !self->is_stopping; i++) {
        if (self->workers[i].pid == 0)
            wait_ms = time_until(wait_ms, self->workers[i].start_at_ms);
    }
    /* a few ms more, since the clock is coarse */
    struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000 + 4999999};
    if (wait.tv_nsec > 999999999)
        wait.tv_nsec = 999999999;
    int signal_number = sigtimedwait(&self->awaited, NULL, &wait);
    on_signal(self, signal_number);
}

static bool is_over(const struct supervisor *self)
{
    bool is_anybody_there = false;
    for (size_t i = 0; i < self->options->workers; i++)
        is_anybody_there = is_anybody_there || self->workers[i].pid > 0;
    return self->is_stopping && !is_anybody_there;
}

static void block_signals(struct supervisor *self)
{
    static const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};
    sigemptyset(&self->awaited);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaddset(&self->awaited, numbers[i]);
    (void)sigprocmask(SIG_BLOCK, &self->awaited, &self->mask_before);
}

static struct worker *make_workers(size_t count)
{
    struct worker *workers = mem_zalloc(count * sizeof(*workers));
    for (size_t i = 0; i < count; i++)
        workers[i].backoff_ms = BACKOFF_FIRST_MS;
    return workers;
}

size_t supervisor_run(const struct supervisor_options *options, int *ret_exit_code)
{
    struct supervisor self = {.options = options, .workers = make_workers(options->workers)};
    size_t number = 0;
    block_signals(&self);
    log_event(supervising, kv_int("workers", (int64_t)options->workers),
              kv_int("pid", getpid()));
    while (number == 0 && !is_over(&self)) {
        number = start_due(&self);
        if (number > 0)
            break;
        wait_for_signal(&self);
        reap(&self);
        kill_overdue(&self);
    }
    *ret_exit_code = self.exit_code;
    free(self.workers);
    return number;
}
