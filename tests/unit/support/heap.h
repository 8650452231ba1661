/*
 * heap - how much memory the program holds, to see whether it grows with what was.
 */
#ifndef PARLEY_HEAP_H
#define PARLEY_HEAP_H

#include <stddef.h>

/* Allocated and not freed; with sanitizers or without. */
size_t heap_bytes(void);

#endif
