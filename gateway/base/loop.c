/*
 * loop - one event loop per process; see loop.h.
 *
 * EVLOOP_ONCE makes libevent poll once, run what is active and come back, which gives the
 * turn an end that others can build on: batches leave then, one write for all they hold.
 */
#include "loop.h"

#include "mem.h"

#include <event2/event.h>
#include <stdlib.h>

struct loop {
    struct event_base *base;
    struct event *alarm; /* ends a wait */
    bool is_stopped;
    bool has_more;
};

struct loop_timer {
    struct event *event;
    void (*on_due)(void *context);
    void *context;
};

static void on_alarm(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    (void)context; /* that the turn ends is all that is wanted */
}

struct loop *loop_create(void)
{
    struct event_config *config = event_config_new();
    if (!config)
        return NULL;
    /* fewer epoll_ctl: changes to one descriptor within a turn are folded into one */
    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    if (!base)
        return NULL;
    struct loop *loop = mem_zalloc(sizeof(*loop));
    loop->base = base;
    loop->alarm = event_new(base, -1, 0, on_alarm, NULL);
    return loop;
}

void loop_destroy(struct loop *loop)
{
    if (!loop)
        return;
    event_free(loop->alarm);
    event_base_free(loop->base);
    free(loop);
}

struct event_base *loop_event_base(struct loop *loop)
{
    return loop->base;
}

void loop_wait(struct loop *loop)
{
    int flags = EVLOOP_ONCE | (loop->has_more ? EVLOOP_NONBLOCK : 0);
    loop->has_more = false;
    event_base_loop(loop->base, flags);
}

void loop_again(struct loop *loop)
{
    loop->has_more = true;
}

void loop_wait_no_longer(struct loop *loop, int64_t ms)
{
    struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    if (ms <= 0)
        loop_again(loop);
    else
        event_add(loop->alarm, &wait);
}

void loop_stop(struct loop *loop)
{
    loop->is_stopped = true;
    loop->has_more = true;
}

bool loop_is_stopped(const struct loop *loop)
{
    return loop->is_stopped;
}

static void on_event(evutil_socket_t descriptor, short what, void *context)
{
    struct loop_timer *timer = context;
    (void)descriptor;
    (void)what;
    timer->on_due(timer->context);
}

static struct loop_timer *timer_create_for(void (*on_due)(void *context), void *context)
{
    struct loop_timer *timer = mem_zalloc(sizeof(*timer));
    timer->on_due = on_due;
    timer->context = context;
    return timer;
}

struct loop_timer *loop_timer_create(struct loop *loop, int64_t period_ms,
                                     void (*on_due)(void *context), void *context)
{
    struct loop_timer *timer = timer_create_for(on_due, context);
    struct timeval period = {.tv_sec = period_ms / 1000, .tv_usec = period_ms % 1000 * 1000};
    timer->event = event_new(loop->base, -1, EV_PERSIST, on_event, timer);
    event_add(timer->event, &period);
    return timer;
}

struct loop_timer *loop_signal_create(struct loop *loop, int signal_number,
                                      void (*on_signal)(void *context), void *context)
{
    struct loop_timer *timer = timer_create_for(on_signal, context);
    timer->event = evsignal_new(loop->base, signal_number, on_event, timer);
    event_add(timer->event, NULL);
    return timer;
}

void loop_timer_destroy(struct loop_timer *timer)
{
    if (!timer)
        return;
    event_free(timer->event);
    free(timer);
}
