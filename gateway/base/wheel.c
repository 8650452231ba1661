/*
 * wheel - deadlines of many connections at constant cost; see wheel.h.
 *
 * A hashed timing wheel (Varghese and Lauck, 1987, scheme 6): slot = due tick modulo the
 * number of slots; a timer more than a revolution away stays in its slot until the tick is
 * its own. With 1,024 slots of 100 ms a revolution is 102 s, longer than any deadline a
 * connection usually has, so nearly every timer a tick meets is due.
 */
#include "wheel.h"

#include "mem.h"

#include <assert.h>
#include <stdlib.h>

enum { SLOT_COUNT = 1024 };

struct wheel {
    int64_t tick_ms;
    int64_t done_tick; /* all ticks up to and with this one are handled */
    void (*on_due)(struct wheel_timer *timer);
    struct wheel_timer *slots[SLOT_COUNT];
};

struct wheel *wheel_create(int64_t now_ms, int64_t tick_ms,
                           void (*on_due)(struct wheel_timer *timer))
{
    assert(tick_ms > 0 && on_due);
    struct wheel *wheel = mem_zalloc(sizeof(*wheel));
    wheel->tick_ms = tick_ms;
    wheel->done_tick = now_ms / tick_ms;
    wheel->on_due = on_due;
    return wheel;
}

void wheel_destroy(struct wheel *wheel)
{
    free(wheel);
}

/* The first tick that begins at or after due_ms, and is still to come. */
static int64_t tick_of(const struct wheel *wheel, int64_t due_ms)
{
    int64_t tick = (due_ms + wheel->tick_ms - 1) / wheel->tick_ms;
    return tick > wheel->done_tick ? tick : wheel->done_tick + 1;
}

static void put(struct wheel_timer **head, struct wheel_timer *timer)
{
    timer->next = *head;
    timer->link = head;
    if (timer->next)
        timer->next->link = &timer->next;
    *head = timer;
}

void wheel_set(struct wheel *wheel, struct wheel_timer *timer, int64_t due_ms)
{
    wheel_cancel(timer);
    timer->due_ms = due_ms;
    put(&wheel->slots[tick_of(wheel, due_ms) % SLOT_COUNT], timer);
}

void wheel_cancel(struct wheel_timer *timer)
{
    if (!timer->link)
        return;
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    timer->next = NULL;
    timer->link = NULL;
}

bool wheel_is_set(const struct wheel_timer *timer)
{
    return timer->link != NULL;
}

/* The slot is emptied into a list of its own first: on_due may set timers into the slot. */
static void run_tick(struct wheel *wheel, int64_t tick)
{
    struct wheel_timer **slot = &wheel->slots[tick % SLOT_COUNT];
    struct wheel_timer *pending = *slot;
    *slot = NULL;
    if (pending)
        pending->link = &pending;
    while (pending) {
        struct wheel_timer *timer = pending;
        bool is_due = timer->due_ms <= tick * wheel->tick_ms;
        wheel_cancel(timer);
        if (is_due)
            wheel->on_due(timer);
        else
            put(slot, timer);
    }
}

void wheel_advance(struct wheel *wheel, int64_t now_ms)
{
    int64_t now_tick = now_ms / wheel->tick_ms;
    /* after a long pause one revolution meets every timer there is */
    if (now_tick - wheel->done_tick > SLOT_COUNT)
        wheel->done_tick = now_tick - SLOT_COUNT;
    while (wheel->done_tick < now_tick) {
        wheel->done_tick++;
        run_tick(wheel, wheel->done_tick);
    }
}
