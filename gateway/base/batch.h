/*
 * batch - ready-made WebSocket frames, shared by reference.
 *
 * A batch is written once (per dialect, channel and turn of the loop) and sent to any number
 * of connections as it is: it holds whole server frames (RFC 6455 section 5.2, unmasked), so
 * that all the messages of a turn leave a connection by one write.
 * A long text goes out in several frames (section 5.4), so that what a connection has begun to
 * send, and must end before anything else, is never long.
 * Knows the frame format; nothing of connections.
 */
#ifndef PARLEY_BATCH_H
#define PARLEY_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct slice;

/* A new batch with one reference. */
struct batch *batch_create(void);
struct batch *batch_ref(struct batch *batch);
void batch_unref(struct batch *batch); /* takes NULL */

/* A text of more octets is sent in fragments of so many. */
enum { BATCH_FRAME_BYTES_MAX = 128 * 1024 };

/* Appends one text message whose payload is the parts one after another. Only the sole owner
 * of a batch may append to it. */
void batch_append_text(struct batch *batch, const struct slice *parts, size_t part_count);

/* Appends what is in the other one. Only the sole owner may. */
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

/* bytes are whole frames, length of them. Where the first frame ends that ends at or behind
 * place, which is at most length. */
size_t batch_frame_end(const unsigned char *bytes, size_t length, size_t place);

#endif
