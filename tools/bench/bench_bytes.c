/*
 * bench_bytes - a buffer that grows; see bench_bytes.h.
 */
#include "bench_bytes.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

void bytes_append(struct bytes *bytes, const void *data, size_t length)
{
    if (bytes->length + length > bytes->capacity) {
        size_t capacity = (bytes->length + length) * 2;
        char *larger = realloc(bytes->data, capacity);
        if (larger == NULL) {
            errx(1, "out of memory");
        }
        bytes->data = larger;
        bytes->capacity = capacity;
    }
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
}
