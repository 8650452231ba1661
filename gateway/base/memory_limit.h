/*
 * memory_limit - how much memory this process may take: what the machine has, or less where its
 * control group says so (containers, services).
 */
#ifndef PARLEY_MEMORY_LIMIT_H
#define PARLEY_MEMORY_LIMIT_H

#include <stddef.h>

/* Bytes. Reads files of the system: for the start. */
size_t memory_limit(void);

#endif
