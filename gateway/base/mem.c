/*
 * mem - allocation that cannot fail; see mem.h.
 */
#include "mem.h"

#include "fatal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROW_FIRST_COUNT = 4 };

static void *checked(void *memory, size_t bytes)
{
    if (!memory && bytes > 0) {
        char wanted[40];
        (void)snprintf(wanted, sizeof(wanted), "%zu bytes", bytes);
        fatal(LOG_EVENT_out_of_memory, wanted);
    }
    return memory;
}

void *mem_alloc(size_t bytes)
{
    return checked(malloc(bytes), bytes);
}

void *mem_zalloc(size_t bytes)
{
    return checked(calloc(1, bytes), bytes);
}

void *mem_resize(void *old, size_t bytes)
{
    return checked(realloc(old, bytes), bytes);
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

char *mem_strndup(const char *text, size_t length)
{
    char *copy = mem_alloc(length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *mem_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int length = vasprintf(&text, format, args);
    va_end(args);
    return checked(length < 0 ? NULL : text, 1);
}

void *mem_grow(void *array, size_t count, size_t *capacity, size_t element_bytes)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : GROW_FIRST_COUNT;
    return mem_resize(array, *capacity * element_bytes);
}
