/*
 * supervisor - several processes of parleyd, and the one that minds them; see supervisor.h.
 *
 * The supervisor does nothing but wait for signals (they are blocked and fetched one by one)
 * and for the moment when a worker is to be started again. A worker that was killed, by a
 * signal or by a fault of its own, is replaced; one that ends with an error has said why, and
 * would say it again: then all end. One that dies soon after each start is not tried for ever.
 * Workers hear of the supervisor's death as of a SIGTERM.
 */
#include "supervisor.h"

#include "clock.h"
#include "log.h"
#include "mem.h"
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
    BACKOFF_MAX_MS = 5000,
    LIFE_MIN_MS = 10000, /* who dies earlier has died soon */
    SOON_DEATHS_MAX = 6, /* in a row, of one worker; the pauses between them are 3 s */
    WAIT_MAX_MS = 60000,
};

struct worker {
    pid_t pid; /* 0: none */
    int64_t started_ms;
    int64_t start_at_ms; /* when there is none */
    int64_t backoff_ms;
    int soon_deaths; /* in a row */
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
    log_info("stopping_workers", kv_int("workers", (int64_t)self->options->workers));
    signal_all(self, SIGTERM);
}

static void kill_overdue(struct supervisor *self)
{
    if (!self->is_stopping || self->has_killed || clock_now_ms() < self->kill_at_ms)
        return;
    self->has_killed = true;
    log_error("workers_killed", kv_str("err", "they did not end in time"),
              kv_int("timeout_ms", self->options->stop_timeout_ms));
    self->exit_code = EXIT_FAILURE;
    signal_all(self, SIGKILL);
}

/* ----------------------------------------------------------------------- births, deaths */

/* Only in the new process. */
static void become_worker(const struct supervisor *self, size_t number, pid_t supervisor)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != supervisor)
        _exit(EXIT_FAILURE); /* it died before we could ask to be told */
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
    log_error("fork_failed", kv_int("worker", (int64_t)i + 1),
              kv_int("retry_ms", BACKOFF_MAX_MS));
    worker->start_at_ms = worker->started_ms + BACKOFF_MAX_MS;
    return false;
}

static void schedule(struct supervisor *self, struct worker *worker, bool was_asked_to)
{
    int64_t now_ms = clock_now_ms();
    if (now_ms - worker->started_ms >= LIFE_MIN_MS || was_asked_to) {
        worker->soon_deaths = 0;
        worker->backoff_ms = BACKOFF_FIRST_MS;
    } else if (++worker->soon_deaths >= SOON_DEATHS_MAX) {
        log_error("worker_keeps_dying", kv_int("worker", worker - self->workers + 1),
                  kv_int("deaths", worker->soon_deaths),
                  kv_str("err", "each time soon after its start: giving up"));
        stop(self, EXIT_FAILURE);
    }
    worker->start_at_ms = now_ms + worker->backoff_ms;
    worker->backoff_ms *= 2;
    if (worker->backoff_ms > BACKOFF_MAX_MS)
        worker->backoff_ms = BACKOFF_MAX_MS;
}

/* Before it has set up what SIGTERM does, a worker just dies of it. */
static bool has_ended_well(int status)
{
    return (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) ||
           (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void on_death(struct supervisor *self, struct worker *worker, int status)
{
    bool is_well = has_ended_well(status);
    int64_t number = worker - self->workers + 1;
    int64_t pid = worker->pid;
    worker->pid = 0;
    workers_mark_down((size_t)number);
    if (self->is_stopping) {
        if (!is_well)
            stop(self, EXIT_FAILURE);
        return;
    }
    if (WIFEXITED(status) && !is_well) {
        log_error("worker_failed", kv_int("worker", number), kv_int("pid", pid),
                  kv_int("exit_code", WEXITSTATUS(status)));
        stop(self, WEXITSTATUS(status));
        return;
    }
    schedule(self, worker, is_well);
    if (!self->is_stopping)
        log_warn("worker_ended", kv_int("worker", number), kv_int("pid", pid),
                 kv_int("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
                 kv_int("restart_ms", worker->start_at_ms - clock_now_ms()));
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
    if (signal_number == SIGTERM || signal_number == SIGINT)
        stop(self, EXIT_SUCCESS);
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
    sigemptyset(&self->awaited);
    sigaddset(&self->awaited, SIGCHLD);
    sigaddset(&self->awaited, SIGTERM);
    sigaddset(&self->awaited, SIGINT);
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
    log_info("supervising", kv_int("workers", (int64_t)options->workers),
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
