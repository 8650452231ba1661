/*
 * bench_shared - memory in common between coordinator and workers; see bench_shared.h.
 *
 * One anonymous shared mapping, made before the forks: pointers into it are good everywhere.
 */
#include "bench_shared.h"

#include <err.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

struct bench_shared {
    _Atomic int phase;
    _Atomic bool is_sent_final;
    _Atomic int problem_state; /* 0 none, 1 being written, 2 readable */
    char problem[256];
    char run[16];
    int64_t epoch_ns;
    int wake_fd;
    int workers;
    int publishers;
    size_t done_stride; /* rows of `done` do not share cache lines */
    struct bench_area *areas;
    _Atomic uint32_t *sent;
    _Atomic uint32_t *done;
};

static void *map_shared(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        err(1, "cannot map %zu bytes of shared memory", bytes);
    }
    return memory;
}

struct bench_shared *shared_create(int workers, int publishers)
{
    struct bench_shared *shared = map_shared(sizeof(*shared));
    uint32_t random = 0;
    if (getrandom(&random, sizeof(random), 0) != sizeof(random)) {
        random = (uint32_t)bench_now_ns();
    }
    (void)snprintf(shared->run, sizeof(shared->run), "%08x", random);
    shared->epoch_ns = bench_now_ns();
    shared->workers = workers;
    shared->publishers = publishers;
    shared->done_stride = ((size_t)publishers + 31) / 16 * 16;
    shared->areas = map_shared((size_t)workers * sizeof(*shared->areas));
    shared->sent = map_shared((size_t)publishers * sizeof(*shared->sent));
    shared->done = map_shared((size_t)workers * shared->done_stride * sizeof(*shared->done));
    shared->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (shared->wake_fd < 0) {
        err(1, "eventfd");
    }
    return shared;
}

enum bench_phase shared_phase(const struct bench_shared *shared)
{
    return (enum bench_phase)atomic_load_explicit(&shared->phase, memory_order_acquire);
}

void shared_set_phase(struct bench_shared *shared, enum bench_phase phase)
{
    atomic_store_explicit(&shared->phase, (int)phase, memory_order_release);
}

const char *shared_run(const struct bench_shared *shared)
{
    return shared->run;
}

int64_t shared_epoch_ns(const struct bench_shared *shared)
{
    return shared->epoch_ns;
}

struct bench_area *shared_area(struct bench_shared *shared, int worker)
{
    return &shared->areas[worker];
}

uint64_t shared_sum(struct bench_shared *shared, enum counter counter)
{
    uint64_t sum = 0;
    for (int i = 0; i < shared->workers; i++) {
        sum += atomic_load_explicit(&shared->areas[i].counters[counter], memory_order_acquire);
    }
    return sum;
}

void shared_set_sent(struct bench_shared *shared, int publisher, uint32_t sequence)
{
    atomic_store_explicit(&shared->sent[publisher], sequence, memory_order_relaxed);
}

uint32_t shared_sent(const struct bench_shared *shared, int publisher)
{
    return atomic_load_explicit(&shared->sent[publisher], memory_order_relaxed);
}

void shared_set_sent_final(struct bench_shared *shared)
{
    atomic_store_explicit(&shared->is_sent_final, true, memory_order_release);
}

bool shared_is_sent_final(const struct bench_shared *shared)
{
    return atomic_load_explicit(&shared->is_sent_final, memory_order_acquire);
}

void shared_set_done(struct bench_shared *shared, int worker, int publisher, uint32_t sequence)
{
    atomic_store_explicit(
        &shared->done[(size_t)worker * shared->done_stride + (size_t)publisher], sequence,
        memory_order_release);
}

uint32_t shared_done(const struct bench_shared *shared, int publisher)
{
    uint32_t least = UINT32_MAX;
    for (int i = 0; i < shared->workers; i++) {
        uint32_t done = atomic_load_explicit(
            &shared->done[(size_t)i * shared->done_stride + (size_t)publisher],
            memory_order_acquire);
        least = done < least ? done : least;
    }
    return least;
}

int shared_wake_fd(const struct bench_shared *shared)
{
    return shared->wake_fd;
}

void shared_report(struct bench_shared *shared, const char *format, ...)
{
    int none = 0;
    if (!atomic_compare_exchange_strong(&shared->problem_state, &none, 1)) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is, one line above
    (void)vsnprintf(shared->problem, sizeof(shared->problem), format, arguments);
    va_end(arguments);
    atomic_store_explicit(&shared->problem_state, 2, memory_order_release);
}

const char *shared_problem(const struct bench_shared *shared)
{
    bool is_readable = atomic_load_explicit(&shared->problem_state, memory_order_acquire) == 2;
    return is_readable ? shared->problem : NULL;
}

int64_t bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
