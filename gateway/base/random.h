/*
 * random - numbers that nobody can guess, from the kernel.
 */
#ifndef PARLEY_RANDOM_H
#define PARLEY_RANDOM_H

#include <stdint.h>

/* The process ends with a log line if the kernel has none: without it two processes could take
 * each other's name. */
uint64_t random_number(void);

#endif
