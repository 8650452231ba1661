/*
 * fake_loop - timers on the fake clock.
 */
#ifndef PARLEY_FAKE_LOOP_H
#define PARLEY_FAKE_LOOP_H

#include <stdint.h>

/* Time passes, and each timer that is due is called once. */
void fake_loop_advance(int64_t ms);

#endif
