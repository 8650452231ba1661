/*
 * fake_clock - time that passes when a test says so; see fake_clock.h.
 */
#include "fake_clock.h"

#include "clock.h"

static int64_t now_ms = 1000000;
static int64_t now_us = 0; /* more than that */

int64_t clock_now_ms(void)
{
    return now_ms;
}

int64_t clock_now_us(void)
{
    return now_ms * 1000 + now_us;
}

int64_t clock_wall_ms(void)
{
    return now_ms;
}

void fake_clock_advance(int64_t ms)
{
    now_ms += ms;
}

void fake_clock_work(int64_t us)
{
    now_us += us;
}
