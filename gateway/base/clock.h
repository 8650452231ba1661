/*
 * clock - the times the gateway uses.
 *
 * Deadlines live on the monotonic clock (coarse: a few milliseconds, a few nanoseconds to
 * read). How long work takes is measured on the fine one, in microseconds: 20 ns or so to
 * read. Wall time appears only in logs and in what people read.
 */
#ifndef PARLEY_CLOCK_H
#define PARLEY_CLOCK_H

#include <stdint.h>

int64_t clock_now_ms(void);  /* monotonic */
int64_t clock_now_us(void);  /* monotonic, fine; not to be compared with clock_now_ms */
int64_t clock_wall_ms(void); /* since 1970, UTC */

#endif
