/*
 * batch - ready-made WebSocket frames, shared by reference; see batch.h.
 */
#include "batch.h"

#include "mem.h"
#include "metrics.h"
#include "slice.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 1024,
    KEPT_CAPACITY = 65536, /* an emptied batch keeps no more memory than this */
    HEADER_BYTES_MAX = 10,
    FIN = 0x80,
    TEXT = 1,
    CONTINUATION = 0,
    LENGTH_BITS = 0x7f,
    LENGTH_16_BIT = 126,
    LENGTH_64_BIT = 127,
};

struct batch {
    uint32_t refs;
    uint32_t queue_count; /* how many queues hold it */
    uint32_t message_count;
    size_t length;
    size_t capacity;
    unsigned char *bytes;
};

struct batch *batch_create(void)
{
    struct batch *batch = mem_zalloc(sizeof(*batch));
    batch->refs = 1;
    return batch;
}

struct batch *batch_ref(struct batch *batch)
{
    batch->refs++;
    return batch;
}

void batch_unref(struct batch *batch)
{
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

/* Lengths go out in their shortest form, as section 5.2 demands. */
static size_t encode_header(unsigned char *out, unsigned char first, size_t length)
{
    out[0] = first;
    if (length < LENGTH_16_BIT) {
        out[1] = (unsigned char)length;
        return 2;
    }
    size_t octets = length <= UINT16_MAX ? 2 : 8;
    out[1] = octets == 2 ? LENGTH_16_BIT : LENGTH_64_BIT;
    for (size_t i = 0; i < octets; i++)
        out[2 + i] = (unsigned char)(length >> (8 * (octets - 1 - i)));
    return 2 + octets;
}

/* So many octets of the parts, from *at on, which moves. */
static void copy_parts(struct batch *batch, const struct slice **part, size_t *at,
                       size_t length)
{
    while (length > 0) {
        size_t left = (*part)->length - *at;
        size_t now = left < length ? left : length;
        if (now > 0)
            memcpy(batch->bytes + batch->length, (*part)->bytes + *at, now);
        batch->length += now;
        length -= now;
        *at += now;
        if (*at == (*part)->length) {
            (*part)++;
            *at = 0;
        }
    }
}

void batch_append_text(struct batch *batch, const struct slice *parts, size_t part_count)
{
    assert(batch->refs == 1);
    size_t left = 0;
    size_t at = 0;
    unsigned char opcode = TEXT;
    for (size_t i = 0; i < part_count; i++)
        left += parts[i].length;
    reserve(batch, (1 + left / BATCH_FRAME_BYTES_MAX) * HEADER_BYTES_MAX + left);
    do {
        size_t length = left > BATCH_FRAME_BYTES_MAX ? BATCH_FRAME_BYTES_MAX : left;
        left -= length;
        unsigned char first = opcode | (left == 0 ? FIN : 0);
        batch->length += encode_header(batch->bytes + batch->length, first, length);
        copy_parts(batch, &parts, &at, length);
        opcode = CONTINUATION;
    } while (left > 0);
    batch->message_count++;
}

void batch_append_batch(struct batch *batch, const struct batch *other)
{
    assert(batch->refs == 1);
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
        batch_unref(batch);
        return batch_create();
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
    if (batch->queue_count++ == 0)
        metrics.backlog_bytes += (int64_t)batch->length;
}

void batch_left_queue(struct batch *batch)
{
    assert(batch->queue_count > 0);
    if (--batch->queue_count == 0)
        metrics.backlog_bytes -= (int64_t)batch->length;
}

static size_t frame_bytes(const unsigned char *frame)
{
    size_t length = frame[1] & LENGTH_BITS;
    if (length < LENGTH_16_BIT)
        return 2 + length;
    size_t octets = length == LENGTH_16_BIT ? 2 : 8;
    length = 0;
    for (size_t i = 0; i < octets; i++)
        length = length << 8 | frame[2 + i];
    return 2 + octets + length;
}

size_t batch_frame_end(const unsigned char *bytes, size_t length, size_t place)
{
    size_t end = 0;
    while (end < place)
        end += frame_bytes(bytes + end);
    assert(end <= length);
    return end;
}
