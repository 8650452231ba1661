/*
 * loop - one event loop per process, on libevent.
 *
 * A turn is: wait, then everything that is ready now (clients' bytes, Redis's replies,
 * timers), then return to the caller, who ends the turn: main.c's loop_turn reads as that
 * list. The base is given to libwebsockets and hiredis, which put their own events on it.
 */
#ifndef PARLEY_LOOP_H
#define PARLEY_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct loop;
struct loop_timer;

/* NULL when the system has no usable poller. */
struct loop *loop_create(void);
void loop_destroy(struct loop *loop);
struct event_base *loop_event_base(struct loop *loop); /* borrowed */

/* Waits for events and handles all that are ready; does not wait after loop_again. */
void loop_wait(struct loop *loop);

/* There is work left over: the next turn is not to wait. */
void loop_again(struct loop *loop);

/* The next turn is to wait for ms at most; 0 is loop_again. */
void loop_wait_no_longer(struct loop *loop, int64_t ms);

void loop_stop(struct loop *loop);
bool loop_is_stopped(const struct loop *loop);

/* Calls on_due each period_ms (>= 1) until destroyed. */
struct loop_timer *loop_timer_create(struct loop *loop, int64_t period_ms,
                                     void (*on_due)(void *context), void *context);
void loop_timer_destroy(struct loop_timer *timer);

/* Calls on_signal in the loop, not in the signal's own context. */
struct loop_timer *loop_signal_create(struct loop *loop, int signal_number,
                                      void (*on_signal)(void *context), void *context);

#endif
