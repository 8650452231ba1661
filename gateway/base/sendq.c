/*
 * sendq - what a connection that is behind has yet to be sent; see sendq.h.
 *
 * A ring of references that doubles when full.
 */
#include "sendq.h"

#include "batch.h"
#include "clock.h"
#include "mem.h"

#include <utlist.h>

#include <assert.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 8 }; /* a power of two, like all that follow */

struct sendq {
    struct sendq_list *list;
    struct sendq *next;
    struct sendq *prev;
    void *owner;
    int64_t created_ms;
    struct batch **ring;
    size_t capacity;
    size_t first;
    size_t count;
    size_t bytes;       /* what is left of all of them */
    size_t taken;       /* of the first */
    bool is_first_free; /* the first found the queue empty: it does not count */
};

struct sendq *sendq_create(struct sendq_list *list, void *owner)
{
    struct sendq *queue = mem_zalloc(sizeof(*queue));
    queue->list = list;
    queue->owner = owner;
    queue->created_ms = clock_now_ms();
    queue->capacity = FIRST_CAPACITY;
    queue->ring = mem_alloc(queue->capacity * sizeof(*queue->ring));
    DL_APPEND(list->first, queue);
    return queue;
}

int64_t sendq_created_ms(const struct sendq *queue)
{
    return queue->created_ms;
}

static struct batch **at(const struct sendq *queue, size_t position)
{
    return &queue->ring[(queue->first + position) & (queue->capacity - 1)];
}

static void pop(struct sendq *queue)
{
    struct batch *batch = *at(queue, 0);
    queue->bytes -= batch_length(batch) - queue->taken;
    queue->taken = 0;
    queue->is_first_free = false;
    queue->first = (queue->first + 1) & (queue->capacity - 1);
    queue->count--;
    batch_left_queue(batch);
    batch_unref(batch);
}

void sendq_destroy(struct sendq *queue)
{
    if (!queue)
        return;
    while (queue->count > 0)
        pop(queue);
    DL_DELETE(queue->list->first, queue);
    free(queue->ring);
    free(queue);
}

void *sendq_owner(const struct sendq *queue)
{
    return queue->owner;
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

static size_t rest_of_first(const struct sendq *queue)
{
    return batch_length(*at(queue, 0)) - queue->taken;
}

bool sendq_push(struct sendq *queue, struct batch *batch, size_t taken, size_t limit_bytes)
{
    bool is_free = queue->count == 0;
    size_t counted = queue->bytes - (queue->is_first_free ? rest_of_first(queue) : 0);
    assert(taken < batch_length(batch) && (taken == 0 || is_free));
    if (!is_free && counted + batch_length(batch) > limit_bytes)
        return false;
    if (queue->count == queue->capacity)
        grow(queue);
    *at(queue, queue->count) = batch_ref(batch);
    batch_entered_queue(batch);
    queue->count++;
    queue->bytes += batch_length(batch) - taken;
    if (is_free) {
        queue->taken = taken;
        queue->is_first_free = true;
    }
    return true;
}

struct batch *sendq_first(const struct sendq *queue)
{
    return queue->count > 0 ? *at(queue, 0) : NULL;
}

const unsigned char *sendq_rest(const struct sendq *queue, size_t *ret_length)
{
    assert(queue->count > 0);
    *ret_length = rest_of_first(queue);
    return batch_bytes(*at(queue, 0)) + queue->taken;
}

void sendq_take(struct sendq *queue, size_t bytes)
{
    assert(queue->count > 0 && bytes <= rest_of_first(queue));
    queue->taken += bytes;
    queue->bytes -= bytes;
    if (rest_of_first(queue) == 0)
        pop(queue);
}

size_t sendq_bytes(const struct sendq *queue)
{
    return queue->bytes;
}

struct sendq *sendq_next(const struct sendq *queue)
{
    return queue->next;
}

struct sendq *sendq_longest(const struct sendq_list *list)
{
    struct sendq *longest = list->first;
    struct sendq *queue;
    DL_FOREACH(list->first, queue)
    {
        if (queue->bytes > longest->bytes)
            longest = queue;
    }
    return longest;
}
