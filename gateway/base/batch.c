/*
 * batch - ready-made WebSocket frames, shared by reference; see batch.h.
 */
#include "batch.h"

#include "mem.h"
#include "slice.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 1024,
    KEPT_CAPACITY = 65536, /* an emptied batch keeps no more memory than this */
    HEADER_BYTES_MAX = 10,
    FIN_AND_TEXT = 0x81,
    LENGTH_16_BIT = 126,
    LENGTH_64_BIT = 127,
};

struct batch {
    uint32_t refs;
    uint32_t frame_count;
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
    if (batch->capacity == 0)
        batch->capacity = FIRST_CAPACITY;
    while (batch->capacity < needed)
        batch->capacity *= 2;
    batch->bytes = mem_resize(batch->bytes, batch->capacity);
}

/* Lengths go out in their shortest form, as section 5.2 demands. */
static size_t encode_header(unsigned char *out, size_t length)
{
    out[0] = FIN_AND_TEXT;
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

void batch_append_text(struct batch *batch, const struct slice *parts, size_t part_count)
{
    assert(batch->refs == 1);
    size_t length = 0;
    for (size_t i = 0; i < part_count; i++)
        length += parts[i].length;
    reserve(batch, HEADER_BYTES_MAX + length);
    batch->length += encode_header(batch->bytes + batch->length, length);
    for (size_t i = 0; i < part_count; i++) {
        memcpy(batch->bytes + batch->length, parts[i].bytes, parts[i].length);
        batch->length += parts[i].length;
    }
    batch->frame_count++;
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
    batch->frame_count = 0;
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

uint32_t batch_frame_count(const struct batch *batch)
{
    return batch->frame_count;
}
