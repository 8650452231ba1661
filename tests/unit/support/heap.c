/*
 * heap - how much memory the program holds; see heap.h.
 */
#include "heap.h"

#include <malloc.h>

/* The sanitizers' allocator, where it is linked, takes malloc's place and counts by itself. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

size_t heap_bytes(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    return mallinfo2().uordblks;
}
