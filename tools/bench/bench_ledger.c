/*
 * bench_ledger - the books of one worker; see bench_ledger.h.
 *
 * The rows of one subscriber lie together; the ring of counts per publisher is as long as
 * the window at least, so that a slot is free again before it is needed: messages are
 * credited in sequence, gaps included, and so they become complete in sequence.
 */
#include "bench_ledger.h"

#include "bench_plan.h"
#include "bench_shared.h"

#include <err.h>
#include <stdlib.h>

struct row {
    uint32_t next;
    uint64_t missing; /* bit k: next - 1 - k has not come */
};

struct ledger {
    const struct plan *plan;
    struct bench_shared *shared;
    int worker;
    int first;
    int rows_each;
    bool has_window;
    bool has_advanced;
    struct row *rows;
    int *subscribers; /* by channel: of this worker */
    uint32_t ring_mask;
    uint32_t *counts; /* by publisher and slot: subscribers that have the message */
    uint32_t *done;   /* by publisher: as in shared */
};

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory == NULL) {
        errx(1, "out of memory");
    }
    return memory;
}

static void create_window(struct ledger *ledger, int window)
{
    uint32_t ring = 64;
    while (ring < 2 * (uint32_t)window) {
        ring *= 2;
    }
    size_t publishers = (size_t)ledger->plan->publishers;
    ledger->has_window = true;
    ledger->ring_mask = ring - 1;
    ledger->counts = allocate(publishers * ring, sizeof(*ledger->counts));
    ledger->done = allocate(publishers, sizeof(*ledger->done));
    for (int p = 0; p < ledger->plan->publishers; p++) {
        if (ledger->subscribers[plan_channel_of(ledger->plan, p)] == 0) {
            shared_set_done(ledger->shared, ledger->worker, p, UINT32_MAX);
        }
    }
}

struct ledger *ledger_create(const struct plan *plan, struct bench_shared *shared, int worker,
                             int window)
{
    struct ledger *ledger = allocate(1, sizeof(*ledger));
    ledger->plan = plan;
    ledger->shared = shared;
    ledger->worker = worker;
    ledger->first = plan_first(plan, worker);
    ledger->rows_each = plan_publishers_per_channel(plan);
    int end = plan_first(plan, worker + 1);
    size_t row_count = (size_t)(end - ledger->first) * (size_t)ledger->rows_each;
    ledger->rows = allocate(row_count, sizeof(*ledger->rows));
    for (size_t i = 0; i < row_count; i++) {
        ledger->rows[i].next = 1;
    }
    ledger->subscribers = allocate((size_t)plan->channels, sizeof(*ledger->subscribers));
    for (int c = 0; c < plan->channels; c++) {
        ledger->subscribers[c] = plan_subscribers(plan, c, ledger->first, end);
    }
    if (window > 0) {
        create_window(ledger, window);
    }
    return ledger;
}

void ledger_destroy(struct ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    free(ledger->rows);
    free(ledger->subscribers);
    free(ledger->counts);
    free(ledger->done);
    free(ledger);
}

static struct row *row_of(const struct ledger *ledger, int connection, int publisher)
{
    size_t subscriber = (size_t)(connection - ledger->first);
    return &ledger->rows[subscriber * (size_t)ledger->rows_each +
                         (size_t)(publisher / ledger->plan->channels)];
}

static uint32_t *count_of(const struct ledger *ledger, int publisher, uint32_t sequence)
{
    size_t ring = (size_t)ledger->ring_mask + 1;
    return &ledger->counts[(size_t)publisher * ring + (sequence & ledger->ring_mask)];
}

/* Goes on to the last message that all this worker's subscribers have. */
static void advance(struct ledger *ledger, int publisher)
{
    uint32_t all = (uint32_t)ledger->subscribers[plan_channel_of(ledger->plan, publisher)];
    uint32_t done = ledger->done[publisher];
    uint32_t *count = count_of(ledger, publisher, done + 1);
    while (all > 0 && *count == all) {
        *count = 0;
        done++;
        count = count_of(ledger, publisher, done + 1);
    }
    if (all == 0) {
        done = UINT32_MAX;
    }
    if (done != ledger->done[publisher]) {
        ledger->done[publisher] = done;
        ledger->has_advanced = true;
        shared_set_done(ledger->shared, ledger->worker, publisher, done);
    }
}

static void credit(struct ledger *ledger, int publisher, uint32_t sequence)
{
    uint32_t *count = count_of(ledger, publisher, sequence);
    uint32_t all = (uint32_t)ledger->subscribers[plan_channel_of(ledger->plan, publisher)];
    if (++*count == all) {
        advance(ledger, publisher);
    }
}

/* Sequence numbers row->next..sequence have passed, the last of them by arriving. */
static void pass(struct ledger *ledger, struct row *row, int publisher, uint32_t sequence)
{
    uint32_t steps = sequence - row->next + 1;
    row->missing = steps < 64 ? row->missing << steps : 0;
    uint64_t skipped = steps > 64 ? UINT64_MAX : (UINT64_C(1) << (steps - 1)) - 1;
    row->missing |= skipped << 1;
    for (; row->next <= sequence; row->next++) {
        if (ledger->has_window) {
            credit(ledger, publisher, row->next);
        }
    }
}

static enum ledger_verdict take_old(struct row *row, uint32_t sequence, int64_t *ret_lost)
{
    uint32_t age = row->next - 1 - sequence;
    if (age < 64 && (row->missing >> age & 1) != 0) {
        row->missing &= ~(UINT64_C(1) << age);
        *ret_lost -= 1;
        return LEDGER_DISORDERED;
    }
    return LEDGER_DUPLICATED;
}

enum ledger_verdict ledger_take(struct ledger *ledger, int connection, int publisher,
                                uint32_t sequence, int64_t *ret_lost)
{
    const struct plan *plan = ledger->plan;
    if (publisher < 0 || publisher >= plan->publishers ||
        plan_channel_of(plan, publisher) != plan_channel_of(plan, connection) ||
        sequence > shared_sent(ledger->shared, publisher)) {
        return LEDGER_STRAYED;
    }
    struct row *row = row_of(ledger, connection, publisher);
    if (sequence < row->next) {
        return take_old(row, sequence, ret_lost);
    }
    uint32_t skipped = sequence - row->next;
    *ret_lost += skipped;
    pass(ledger, row, publisher, sequence);
    return skipped == 0 ? LEDGER_NEXT : LEDGER_SKIPPED;
}

void ledger_drop(struct ledger *ledger, int connection)
{
    const struct plan *plan = ledger->plan;
    int channel = plan_channel_of(plan, connection);
    ledger->subscribers[channel]--;
    for (int p = channel; ledger->has_window && p < plan->publishers; p += plan->channels) {
        uint32_t next = row_of(ledger, connection, p)->next;
        for (uint32_t s = ledger->done[p] + 1; s < next; s++) { /* it has had those */
            --*count_of(ledger, p, s);
        }
        advance(ledger, p);
    }
}

bool ledger_has_advanced(struct ledger *ledger)
{
    bool has_advanced = ledger->has_advanced;
    ledger->has_advanced = false;
    return has_advanced;
}

uint64_t ledger_outstanding(const struct ledger *ledger)
{
    const struct plan *plan = ledger->plan;
    uint64_t outstanding = 0;
    int end = plan_first(plan, ledger->worker + 1);
    for (int i = ledger->first; i < end; i++) {
        for (int p = plan_channel_of(plan, i); p < plan->publishers; p += plan->channels) {
            outstanding += shared_sent(ledger->shared, p) - (row_of(ledger, i, p)->next - 1);
        }
    }
    return outstanding;
}
