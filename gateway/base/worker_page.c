/*
 * worker_page - what the workers of one parleyd show each other; see worker_page.h.
 *
 * Every number is written and read as a whole; numbers of one slot may be of two turns, which
 * sums do not mind.
 */
#include "worker_page.h"

#include "clock.h"
#include "fatal.h"
#include "mem.h"
#include "metrics.h"
#include "random.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* A slot holds a struct metrics as numbers. */
#define IS_NUMBER(name, help)                                                                  \
    static_assert(_Generic(metrics.name, int64_t : 1, default : 0), #name);
METRICS(IS_NUMBER, IS_NUMBER)
#undef IS_NUMBER
static_assert(sizeof(struct metrics) % sizeof(int64_t) == 0, "numbers, and nothing else");

enum { METRIC_COUNT = sizeof(struct metrics) / sizeof(int64_t) };

struct slot {
    int64_t values[METRIC_COUNT]; /* a struct metrics */
    int64_t state;
    int64_t turned_ms;
    int64_t life;
    int64_t starts;
    int64_t started_ms;
    int64_t deaths; /* in a row */
    int64_t was_ready;
    char reason[WORKER_REASON_BYTES]; /* its last octet stays 0 */
};

static struct slot only_slot;
static struct slot *slots = &only_slot;
static size_t slot_count = 1;
static size_t own = 1;
static uint64_t life_before;

static void put(int64_t *place, int64_t value)
{
    __atomic_store_n(place, value, __ATOMIC_RELAXED);
}

static int64_t get(const int64_t *place)
{
    return __atomic_load_n(place, __ATOMIC_RELAXED);
}

static struct slot *slot_of(size_t number)
{
    assert(number >= 1 && number <= slot_count);
    return &slots[number - 1];
}

static void write_values(struct slot *slot, const struct metrics *values)
{
    int64_t numbers[METRIC_COUNT];
    memcpy(numbers, values, sizeof(numbers));
    for (size_t i = 0; i < METRIC_COUNT; i++)
        put(&slot->values[i], numbers[i]);
}

static struct metrics read_values(const struct slot *slot)
{
    int64_t numbers[METRIC_COUNT];
    struct metrics values;
    for (size_t i = 0; i < METRIC_COUNT; i++)
        numbers[i] = get(&slot->values[i]);
    memcpy(&values, numbers, sizeof(values));
    return values;
}

bool workers_share(size_t count)
{
    size_t bytes = count * sizeof(struct slot);
    void *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return false;
    slots = shared;
    slot_count = count;
    return true;
}

size_t workers_count(void)
{
    return slot_count;
}

void workers_become(size_t number)
{
    struct slot *slot = slot_of(number);
    own = number;
    metrics = read_values(slot);
    metrics_forget_gauges(&metrics);
    life_before = (uint64_t)get(&slot->life);
    put(&slot->life, (int64_t)random_number());
    put(&slot->starts, get(&slot->starts) + 1);
    put(&slot->started_ms, clock_now_ms());
    workers_show(WORKER_NOT_READY, "starting");
}

size_t workers_own(void)
{
    return own;
}

uint64_t workers_life(void)
{
    return (uint64_t)get(&slot_of(own)->life);
}

uint64_t workers_life_before(void)
{
    return life_before;
}

void workers_show(enum worker_state state, const char *reason)
{
    struct slot *slot = slot_of(own);
    if (slots != &only_slot)
        write_values(slot, &metrics); /* an only one is not looked at by others */
    if (strncmp(slot->reason, reason, sizeof(slot->reason) - 1) != 0)
        (void)snprintf(slot->reason, sizeof(slot->reason), "%s", reason);
    put(&slot->state, state);
    put(&slot->turned_ms, clock_now_ms());
    if (state == WORKER_READY)
        put(&slot->was_ready, true);
}

bool workers_was_ready(size_t number)
{
    return get(&slot_of(number)->was_ready) != 0;
}

void workers_mark_down(size_t number, int64_t deaths)
{
    struct slot *slot = slot_of(number);
    struct metrics values = read_values(slot);
    metrics_forget_gauges(&values);
    write_values(slot, &values);
    put(&slot->state, WORKER_DOWN);
    put(&slot->deaths, deaths);
}

static int64_t deaths_in_a_row(const struct slot *slot, enum worker_state state)
{
    bool is_proven =
        state != WORKER_DOWN && clock_now_ms() - get(&slot->started_ms) >= WORKER_PROVEN_MS;
    return is_proven ? 0 : get(&slot->deaths);
}

void workers_view(size_t number, struct worker_view *ret_view)
{
    const struct slot *slot = slot_of(number);
    enum worker_state state = (enum worker_state)get(&slot->state);
    bool is_another = number != own;
    if (is_another && state != WORKER_DOWN &&
        clock_now_ms() - get(&slot->turned_ms) > WORKER_SILENT_MS)
        state = WORKER_SILENT;
    ret_view->deaths = deaths_in_a_row(slot, state);
    ret_view->state = state;
    ret_view->reason[0] = '\0';
    if (state == WORKER_NOT_READY)
        memcpy(ret_view->reason, slot->reason, sizeof(ret_view->reason));
    ret_view->reason[sizeof(ret_view->reason) - 1] = '\0';
}

const char *workers_state_name(enum worker_state state)
{
    static const char *const names[] = {"down", "not ready", "ready", "draining", "silent"};
    return names[state];
}

int64_t workers_connections(void)
{
    int64_t count = metrics.connections; /* our own, as of now */
    for (size_t i = 1; i <= slot_count; i++) {
        struct metrics values = read_values(slot_of(i));
        count += i == own ? 0 : values.connections;
    }
    return count;
}

/* ------------------------------------------------------------------------------ /metrics */

static struct metrics sum_up(void)
{
    struct metrics total = read_values(slot_of(1));
    for (size_t i = 2; i <= slot_count; i++) {
        struct metrics values = read_values(slot_of(i));
        metrics_add(&total, &values);
    }
    return total;
}

static int64_t is_up(size_t number)
{
    struct worker_view view;
    workers_view(number, &view);
    return view.state != WORKER_DOWN && view.state != WORKER_SILENT;
}

static int64_t connections_of(size_t number)
{
    return read_values(slot_of(number)).connections;
}

static int64_t deliveries_of(size_t number)
{
    return read_values(slot_of(number)).deliveries_total;
}

static int64_t restarts_of(size_t number)
{
    int64_t starts = get(&slot_of(number)->starts);
    return starts > 0 ? starts - 1 : 0;
}

static void write_each(FILE *out)
{
    static const struct {
        const char *name;
        const char *type;
        const char *help;
        int64_t (*value_of)(size_t number);
    } families[] = {
        {"parley_worker_up", "gauge", "The worker runs", is_up},
        {"parley_worker_connections", "gauge", "Its WebSocket connections", connections_of},
        {"parley_worker_deliveries_total", "counter", "Messages it gave to connections",
         deliveries_of},
        {"parley_worker_restarts_total", "counter", "How often it died and was replaced",
         restarts_of},
    };
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        metrics_write_row(out, families[i].name, families[i].type, families[i].help);
        for (size_t number = 1; number <= slot_count; number++)
            (void)fprintf(out, "%s{worker=\"%zu\"} %lld\n", families[i].name, number,
                          (long long)families[i].value_of(number));
    }
}

char *workers_print_metrics(size_t *ret_length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_length);
    if (!out)
        fatal(LOG_EVENT_out_of_memory, "the page of metrics");
    write_values(slot_of(own), &metrics); /* others are as of their last turn */
    struct metrics total = sum_up();
    metrics_write(out, &total);
    if (slot_count > 1)
        write_each(out);
    (void)fclose(out);
    return text;
}
