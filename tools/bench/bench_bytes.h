/*
 * bench_bytes - a buffer that grows: what a socket has not taken, or has not given whole.
 */
#pragma once

#include <stddef.h>

/* All zeros is an empty one; `data` is the owner's to free(). */
struct bytes {
    char *data;
    size_t length;
    size_t capacity;
};

void bytes_append(struct bytes *bytes, const void *data, size_t length);
