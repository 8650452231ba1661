/*
 * clock - the two times the gateway uses.
 *
 * Deadlines live on the monotonic clock (coarse: a few milliseconds, a few nanoseconds to
 * read). Wall time appears only in logs and in what people read.
 */
#ifndef PARLEY_CLOCK_H
#define PARLEY_CLOCK_H

#include <stdint.h>

int64_t clock_now_ms(void);  /* monotonic */
int64_t clock_wall_ms(void); /* since 1970, UTC */

#endif
