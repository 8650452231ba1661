/*
 * sendq - what a connection that is behind has yet to be sent.
 *
 * Holds references to batches, not copies, in order. The limit is the caller's policy: a
 * push that would pass it is refused and changes nothing, and the owner closes the
 * connection. A connection that keeps up has no queue at all.
 */
#ifndef PARLEY_SENDQ_H
#define PARLEY_SENDQ_H

#include <stdbool.h>
#include <stddef.h>

struct batch;
struct sendq;

struct sendq *sendq_create(void);
void sendq_destroy(struct sendq *queue); /* takes NULL; gives its references back */

/* Takes a reference of its own. False when the queue would then hold over limit_bytes. */
__attribute__((warn_unused_result)) bool sendq_push(struct sendq *queue, struct batch *batch,
                                                    size_t limit_bytes);

struct batch *sendq_first(const struct sendq *queue); /* borrowed; NULL when empty */
void sendq_pop(struct sendq *queue);                  /* must not be empty */
size_t sendq_bytes(const struct sendq *queue);

#endif
