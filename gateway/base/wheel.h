/*
 * wheel - deadlines of many connections at constant cost.
 *
 * One timer sits in each connection. Setting and cancelling are a few pointer writes and a
 * tick looks only at what is due. Deadlines are early by nothing and late by at most a tick.
 * A timer that is put off often need not be moved each time: let it fall due, see that there
 * is time left, and set it anew.
 */
#ifndef PARLEY_WHEEL_H
#define PARLEY_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

struct wheel;

/* Lives inside its owner; zeroed memory is a timer that is not set. */
struct wheel_timer {
    struct wheel_timer *next;
    struct wheel_timer **link; /* what points at this timer; NULL when not set */
    int64_t due_ms;
};

struct wheel *wheel_create(int64_t now_ms, int64_t tick_ms,
                           void (*on_due)(struct wheel_timer *timer));
void wheel_destroy(struct wheel *wheel); /* timers still set are forgotten */

/* Sets the timer, or moves it. */
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, int64_t due_ms);
void wheel_cancel(struct wheel_timer *timer);
bool wheel_is_set(const struct wheel_timer *timer);

/* Calls on_due for what fell due up to now_ms. on_due may set and cancel any timer. */
void wheel_advance(struct wheel *wheel, int64_t now_ms);

#endif
