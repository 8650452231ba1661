/*
 * redis_unsound - what is found in Redis and is not believed.
 *
 * Whoever reads something that no node of ours can have written leaves it out and says so here:
 * a log line for it a second at most, with how many there were.
 */
#ifndef PARLEY_REDIS_UNSOUND_H
#define PARLEY_REDIS_UNSOUND_H

/* what: a word for the thing, in logs; channel: where. */
void redis_unsound(const char *what, const char *channel);

#endif
