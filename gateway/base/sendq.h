/*
 * sendq - what a connection that is behind has yet to be sent.
 *
 * Holds references to batches, not copies, in order; of the first a part may have gone
 * already. The limit is the caller's policy: a push that would pass it is refused and changes
 * nothing, and the owner closes the connection. The batch that finds the queue empty is taken
 * whatever its length, and does not count against the limit while it goes out: else a long
 * history would never reach who reads slowly. A connection that keeps up has no queue at all.
 *
 * metrics.backlog_bytes is what all queues of the process hold; a batch that is in several of
 * them counts once, since it is there once.
 */
#ifndef PARLEY_SENDQ_H
#define PARLEY_SENDQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct sendq;

/* All queues of one owner of connections. Zeroed memory is an empty list. */
struct sendq_list {
    struct sendq *first;
};

struct sendq *sendq_create(struct sendq_list *list, void *owner);
/* When that was; on clock_now_ms's clock. */
int64_t sendq_created_ms(const struct sendq *queue);
void sendq_destroy(struct sendq *queue); /* takes NULL; gives its references back */
void *sendq_owner(const struct sendq *queue);

/* Takes a reference of its own. taken: so many bytes of it are gone already; only when the
 * queue is empty. False when what counts would then be over limit_bytes. */
__attribute__((warn_unused_result)) bool sendq_push(struct sendq *queue, struct batch *batch,
                                                    size_t taken, size_t limit_bytes);

struct batch *sendq_first(const struct sendq *queue); /* borrowed; NULL when empty */
/* What is left of the first; it must not be empty. Borrowed. */
const unsigned char *sendq_rest(const struct sendq *queue, size_t *ret_length);
/* So many more bytes of the first are gone; when they are all, it is taken out. */
void sendq_take(struct sendq *queue, size_t bytes);
size_t sendq_bytes(const struct sendq *queue);

/* The next queue of the list; NULL: it was the last. */
struct sendq *sendq_next(const struct sendq *queue);

/* The one with the most bytes, of several the oldest; NULL: there is none. Looks at each. */
struct sendq *sendq_longest(const struct sendq_list *list);

#endif
