/*
 * claims - how often it is believed that somebody has seen more of a log than there is.
 *
 * Any client can say so, and what follows sends all clients of the channel back to subscribe
 * again: the first claim is believed at once, the next one a minute later, and each one after
 * it twice as late, up to a day. What is kept outlives the channel, or leaving it would be the
 * way round; it is of a fixed size, so that some channels share a place and wait for each
 * other. Pure memory.
 */
#ifndef PARLEY_CLAIMS_H
#define PARLEY_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

enum { CLAIMS_FIRST_WAIT_MS = 60000, CLAIMS_WAIT_MAX_MS = 24 * 3600 * 1000 };

struct claims;

struct claims *claims_create(void);
void claims_destroy(struct claims *claims); /* takes NULL */

/* A claim about the channel is made. False: it is not to be believed now. */
__attribute__((warn_unused_result)) bool claims_take(struct claims *claims, const char *channel,
                                                     int64_t now_ms);

#endif
