/*
 * fake_loop - timers on the fake clock; see fake_loop.h.
 */
#include "fake_loop.h"

#include "clock.h"
#include "fake_clock.h"
#include "loop.h"

#include <utlist.h>

#include <stdlib.h>

struct loop_timer {
    int64_t period_ms;
    int64_t due_ms;
    void (*on_due)(void *context);
    void *context;
    struct loop_timer *next;
};

static struct loop_timer *timers;

struct loop_timer *loop_timer_create(struct loop *loop, int64_t period_ms,
                                     void (*on_due)(void *context), void *context)
{
    struct loop_timer *timer = calloc(1, sizeof(*timer));
    (void)loop;
    timer->period_ms = period_ms;
    timer->due_ms = clock_now_ms() + period_ms;
    timer->on_due = on_due;
    timer->context = context;
    LL_APPEND(timers, timer);
    return timer;
}

void loop_timer_destroy(struct loop_timer *timer)
{
    if (!timer)
        return;
    LL_DELETE(timers, timer);
    free(timer);
}

void loop_again(struct loop *loop)
{
    (void)loop;
}

void fake_loop_advance(int64_t ms)
{
    struct loop_timer *timer;
    fake_clock_advance(ms);
    LL_FOREACH(timers, timer)
    {
        if (timer->due_ms > clock_now_ms())
            continue;
        timer->due_ms = clock_now_ms() + timer->period_ms;
        timer->on_due(timer->context);
    }
}
