/*
 * batch - messages made ready for a transport, shared by reference; see batch.h.
 */
#include "batch.h"

#include "framing.h"
#include "mem.h"
#include "metrics.h"
#include "slice.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 1024,
    KEPT_CAPACITY = 65536, /* an emptied batch keeps no more memory than this */
};

struct batch {
    const struct framing *framing;
    uint32_t refs;
    uint32_t queue_count; /* how many queues hold it */
    uint32_t message_count;
    size_t length;
    size_t capacity;
    unsigned char *bytes;
};

struct batch *batch_create(const struct framing *framing)
{
    assert(framing);
    struct batch *batch = mem_zalloc(sizeof(*batch));
    batch->framing = framing;
    batch->refs = 1;
    return batch;
}

struct batch *batch_ref(struct batch *batch)
{
    assert(batch->refs > 0);
    batch->refs++;
    return batch;
}

void batch_unref(struct batch *batch)
{
    assert(!batch || batch->refs > 0);
    if (!batch || --batch->refs > 0)
        return;
    free(batch->bytes);
    free(batch);
}

static void reserve(struct batch *batch, size_t more)
{
    size_t needed = batch->length + more;
    if (needed <= batch->capacity)
        return;
    if (batch->capacity == 0) /* many get but one message: no more than that, then */
        batch->capacity = needed > FIRST_CAPACITY ? needed : FIRST_CAPACITY;
    while (batch->capacity < needed)
        batch->capacity *= 2;
    batch->bytes = mem_resize(batch->bytes, batch->capacity);
}

static void append(struct batch *batch, enum message_kind kind, const struct slice *parts,
                   size_t part_count)
{
    assert(batch->refs == 1);
    size_t length = 0;
    for (size_t i = 0; i < part_count; i++)
        length += parts[i].length;
    reserve(batch, batch->framing->size_max(length));
    batch->length += batch->framing->write(batch->bytes + batch->length, kind, parts, length);
    assert(batch->length <= batch->capacity);
    batch->message_count++;
}

void batch_append_text(struct batch *batch, const struct slice *parts, size_t part_count)
{
    append(batch, MESSAGE_TEXT, parts, part_count);
}

void batch_append_binary(struct batch *batch, const struct slice *parts, size_t part_count)
{
    append(batch, MESSAGE_BINARY, parts, part_count);
}

void batch_append_batch(struct batch *batch, const struct batch *other)
{
    assert(batch->refs == 1 && batch->framing == other->framing);
    if (other->length == 0)
        return;
    reserve(batch, other->length);
    memcpy(batch->bytes + batch->length, other->bytes, other->length);
    batch->length += other->length;
    batch->message_count += other->message_count;
}

void batch_trim(struct batch *batch)
{
    assert(batch->refs == 1);
    if (batch->length == 0 || batch->length == batch->capacity)
        return;
    batch->capacity = batch->length;
    batch->bytes = mem_resize(batch->bytes, batch->capacity);
}

struct batch *batch_renew(struct batch *batch)
{
    if (batch->refs > 1) {
        struct batch *other = batch_create(batch->framing);
        batch_unref(batch);
        return other;
    }
    if (batch->capacity > KEPT_CAPACITY) {
        free(batch->bytes);
        batch->bytes = NULL;
        batch->capacity = 0;
    }
    batch->length = 0;
    batch->message_count = 0;
    return batch;
}

const unsigned char *batch_bytes(const struct batch *batch)
{
    return batch->bytes;
}

size_t batch_length(const struct batch *batch)
{
    return batch->length;
}

uint32_t batch_message_count(const struct batch *batch)
{
    return batch->message_count;
}

void batch_entered_queue(struct batch *batch)
{
    assert(batch->refs > 0);
    if (batch->queue_count++ == 0)
        metrics.backlog_bytes += (int64_t)batch->length;
}

void batch_left_queue(struct batch *batch)
{
    assert(batch->queue_count > 0);
    if (--batch->queue_count == 0)
        metrics.backlog_bytes -= (int64_t)batch->length;
}
