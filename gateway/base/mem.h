/*
 * mem - allocation that cannot fail.
 *
 * Out of memory aborts with a log line. That is sound because every size a stranger can
 * choose has a cap with a name. Everything returned is *new*: the caller frees it with free().
 */
#ifndef PARLEY_MEM_H
#define PARLEY_MEM_H

#include <stddef.h>

void *mem_alloc(size_t bytes);
void *mem_zalloc(size_t bytes);
void *mem_resize(void *old, size_t bytes);
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t length);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes room for one more element in a growing array: doubles *capacity when count fills it. */
void *mem_grow(void *array, size_t count, size_t *capacity, size_t element_bytes);

#endif
