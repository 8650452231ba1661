/*
 * sendq - what a connection that is behind has yet to be sent; see sendq.h.
 *
 * A ring of references that doubles when full.
 */
#include "sendq.h"

#include "batch.h"
#include "mem.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 8 }; /* a power of two, like all that follow */

struct sendq {
    struct batch **ring;
    size_t capacity;
    size_t first;
    size_t count;
    size_t bytes;
};

struct sendq *sendq_create(void)
{
    struct sendq *queue = mem_zalloc(sizeof(*queue));
    queue->capacity = FIRST_CAPACITY;
    queue->ring = mem_alloc(queue->capacity * sizeof(*queue->ring));
    return queue;
}

void sendq_destroy(struct sendq *queue)
{
    if (!queue)
        return;
    while (queue->count > 0)
        sendq_pop(queue);
    free(queue->ring);
    free(queue);
}

static struct batch **at(const struct sendq *queue, size_t position)
{
    return &queue->ring[(queue->first + position) & (queue->capacity - 1)];
}

static void grow(struct sendq *queue)
{
    struct batch **ring = mem_alloc(2 * queue->capacity * sizeof(*ring));
    for (size_t i = 0; i < queue->count; i++)
        ring[i] = *at(queue, i);
    free(queue->ring);
    queue->ring = ring;
    queue->capacity *= 2;
    queue->first = 0;
}

bool sendq_push(struct sendq *queue, struct batch *batch, size_t limit_bytes)
{
    if (queue->bytes + batch_length(batch) > limit_bytes)
        return false;
    if (queue->count == queue->capacity)
        grow(queue);
    *at(queue, queue->count) = batch_ref(batch);
    queue->count++;
    queue->bytes += batch_length(batch);
    return true;
}

struct batch *sendq_first(const struct sendq *queue)
{
    return queue->count > 0 ? *at(queue, 0) : NULL;
}

void sendq_pop(struct sendq *queue)
{
    assert(queue->count > 0);
    struct batch *batch = *at(queue, 0);
    queue->bytes -= batch_length(batch);
    queue->first = (queue->first + 1) & (queue->capacity - 1);
    queue->count--;
    batch_unref(batch);
}

size_t sendq_bytes(const struct sendq *queue)
{
    return queue->bytes;
}
