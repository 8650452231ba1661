/*
 * slice - bytes that belong to somebody else.
 */
#ifndef PARLEY_SLICE_H
#define PARLEY_SLICE_H

#include <stddef.h>
#include <string.h>

struct slice {
    const void *bytes;
    size_t length;
};

static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

#endif
