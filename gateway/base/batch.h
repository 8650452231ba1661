/*
 * batch - messages made ready for a transport, shared by reference.
 *
 * A batch is written once (for each wire format, channel and turn of the loop) and sent to any
 * number of connections as it is: it holds whole messages in the transport's framing, so that
 * all the messages of a turn leave a connection by one write.
 * Knows nothing of connections, nor of what a framing looks like.
 */
#ifndef PARLEY_BATCH_H
#define PARLEY_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct framing;
struct slice;

/* A batch with one reference; all its messages have this framing. *new* */
struct batch *batch_create(const struct framing *framing);
struct batch *batch_ref(struct batch *batch);
void batch_unref(struct batch *batch); /* takes NULL */

/* Appends one message whose payload is the parts one after another. Only the sole owner of a
 * batch may append to it. */
void batch_append_text(struct batch *batch, const struct slice *parts, size_t part_count);
void batch_append_binary(struct batch *batch, const struct slice *parts, size_t part_count);

/* Appends what is in the other one, which has the same framing. Only the sole owner may. */
void batch_append_batch(struct batch *batch, const struct batch *other);
/* Nothing will be appended: memory that is left over is given back. Only the sole owner may. */
void batch_trim(struct batch *batch);

/* Empties the batch for the next turn when nobody else holds it; else gives the reference
 * up and answers a new one. */
struct batch *batch_renew(struct batch *batch);

const unsigned char *batch_bytes(const struct batch *batch);
size_t batch_length(const struct batch *batch);
uint32_t batch_message_count(const struct batch *batch);

/* For queues: while any of them holds the batch, its bytes are in metrics.backlog_bytes. */
void batch_entered_queue(struct batch *batch);
void batch_left_queue(struct batch *batch);

#endif
