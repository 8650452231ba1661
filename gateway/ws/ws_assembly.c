/*
 * ws_assembly - messages that come in pieces; see ws_assembly.h.
 *
 * Room grows with what has come, not with what a frame's head promises.
 */
#include "ws_assembly.h"

#include "clock.h"
#include "mem.h"
#include "metrics.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 512 };

struct ws_assembly {
    struct ws_assemblies *assemblies;
    struct ws_assembly *before; /* began earlier */
    struct ws_assembly *behind;
    void *owner;
    int64_t begun_ms;
    char *bytes;
    size_t length;
    size_t capacity;
    unsigned int fragments;
};

struct ws_assemblies {
    struct ws_assembly *oldest;
    struct ws_assembly *youngest;
};

struct ws_assemblies *ws_assemblies_create(void)
{
    return mem_zalloc(sizeof(struct ws_assemblies));
}

void ws_assemblies_destroy(struct ws_assemblies *assemblies)
{
    if (!assemblies)
        return;
    assert(!assemblies->oldest);
    free(assemblies);
}

/* At the end of the list. */
static void join(struct ws_assembly *assembly)
{
    struct ws_assemblies *assemblies = assembly->assemblies;
    assembly->begun_ms = clock_now_ms();
    assembly->behind = NULL;
    assembly->before = assemblies->youngest;
    if (assembly->before)
        assembly->before->behind = assembly;
    else
        assemblies->oldest = assembly;
    assemblies->youngest = assembly;
}

static void leave(const struct ws_assembly *assembly)
{
    struct ws_assemblies *assemblies = assembly->assemblies;
    if (assembly->before)
        assembly->before->behind = assembly->behind;
    else
        assemblies->oldest = assembly->behind;
    if (assembly->behind)
        assembly->behind->before = assembly->before;
    else
        assemblies->youngest = assembly->before;
}

struct ws_assembly *ws_assembly_begin(struct ws_assemblies *assemblies, void *owner)
{
    struct ws_assembly *assembly = mem_zalloc(sizeof(*assembly));
    assembly->assemblies = assemblies;
    assembly->owner = owner;
    join(assembly);
    return assembly;
}

void ws_assembly_restart(struct ws_assembly *assembly)
{
    leave(assembly);
    join(assembly);
}

void ws_assembly_end(struct ws_assembly *assembly)
{
    if (!assembly)
        return;
    leave(assembly);
    metrics.unfinished_bytes -= (int64_t)assembly->capacity;
    free(assembly->bytes);
    free(assembly);
}

static void make_room(struct ws_assembly *assembly, size_t needed, size_t expected)
{
    size_t capacity = 2 * needed > CAPACITY_MIN ? 2 * needed : CAPACITY_MIN;
    if (capacity > expected)
        capacity = expected > needed ? expected : needed;
    metrics.unfinished_bytes += (int64_t)capacity - (int64_t)assembly->capacity;
    assembly->bytes = mem_resize(assembly->bytes, capacity);
    assembly->capacity = capacity;
}

void ws_assembly_append(struct ws_assembly *assembly, const char *bytes, size_t length,
                        size_t expected)
{
    size_t needed = assembly->length + length;
    if (needed > assembly->capacity)
        make_room(assembly, needed, expected);
    if (length > 0)
        memcpy(assembly->bytes + assembly->length, bytes, length);
    assembly->length = needed;
}

const char *ws_assembly_bytes(const struct ws_assembly *assembly)
{
    return assembly->bytes;
}

size_t ws_assembly_length(const struct ws_assembly *assembly)
{
    return assembly ? assembly->length : 0;
}

unsigned int ws_assembly_count_fragment(struct ws_assembly *assembly)
{
    return ++assembly->fragments;
}

void *ws_assemblies_oldest(const struct ws_assemblies *assemblies)
{
    return assemblies->oldest ? assemblies->oldest->owner : NULL;
}

void *ws_assemblies_overdue(const struct ws_assemblies *assemblies, int64_t timeout_ms)
{
    const struct ws_assembly *oldest = assemblies->oldest;
    return oldest && clock_now_ms() - oldest->begun_ms > timeout_ms ? oldest->owner : NULL;
}
