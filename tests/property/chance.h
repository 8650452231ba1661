/*
 * chance - where a run's decisions come from: a seed, or the bytes of a fuzzer.
 *
 * The same decisions lead to the same run.
 */
#ifndef PARLEY_CHANCE_H
#define PARLEY_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void chance_from_seed(uint64_t seed);
/* Borrowed until the end of the run. When they are used up all decisions are 0. */
void chance_from_bytes(const uint8_t *bytes, size_t length);
/* The bytes are used up; never so with a seed. */
bool chance_is_over(void);

/* 0 to count - 1; count: 1 to 65536. */
unsigned chance_below(unsigned count);
/* Once in so many. */
bool chance_one_in(unsigned count);

#endif
