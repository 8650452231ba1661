/*
 * fake_clock - time that passes when a test says so. Linked in, it takes the place of the
 * gateway's clock.
 */
#ifndef PARLEY_FAKE_CLOCK_H
#define PARLEY_FAKE_CLOCK_H

#include <stdint.h>

void fake_clock_advance(int64_t ms);
/* Something took so long; only clock_now_us tells. */
void fake_clock_work(int64_t us);

#endif
