/*
 * fuzz_frames - any bytes as the frames of a client, whole and in pieces of a size that the
 * first byte says: what is read must not depend on where the stream was cut.
 */
#include "fuzz.h"

#include "mem.h"
#include "ws_frames.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What was read so far, as numbers that tell one reading from another. */
struct heard {
    uint64_t messages;
    uint64_t controls;
    uint64_t sum; /* over all octets, by their order */
    int close_code;
};

static void add(struct heard *heard, const struct ws_event *event)
{
    if (event->kind == WS_PIECE || event->kind == WS_CONTROL) {
        for (size_t i = 0; i < event->length; i++)
            heard->sum = heard->sum * 31 + event->bytes[i] + (uint64_t)event->opcode;
    }
    heard->messages += event->kind == WS_PIECE && event->is_end_of_message;
    heard->controls += event->kind == WS_CONTROL;
    if (event->kind == WS_BROKEN)
        heard->close_code = event->close_code;
}

static void read_piece(struct ws_frames *frames, const uint8_t *bytes, size_t length,
                       struct heard *heard)
{
    struct ws_event event = {.kind = WS_HEAD};
    unsigned char *copy = mem_alloc(length + 1); /* of its own size: reading past it shows */
    unsigned char *at = copy;
    memcpy(copy, bytes, length);
    while (event.kind != WS_NOTHING && heard->close_code == 0) {
        size_t taken = ws_frames_read(frames, at, length, &event);
        assert(taken <= length);
        at += taken;
        length -= taken;
        add(heard, &event);
    }
    assert(heard->close_code || length == 0);
    free(copy);
}

static struct heard read_in(const uint8_t *bytes, size_t length, size_t piece)
{
    struct ws_frames frames = {.left = 0};
    struct heard heard = {.close_code = 0};
    for (size_t at = 0; at < length && heard.close_code == 0; at += piece)
        read_piece(&frames, bytes + at, length - at < piece ? length - at : piece, &heard);
    ws_frames_finish(&frames);
    return heard;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < 2)
        return 0;
    struct heard whole = read_in(bytes + 1, length - 1, length);
    struct heard pieces = read_in(bytes + 1, length - 1, (size_t)bytes[0] % 32 + 1);
    assert(whole.close_code == pieces.close_code);
    assert(whole.messages == pieces.messages && whole.controls == pieces.controls);
    assert(whole.close_code || whole.sum == pieces.sum);
    return 0;
}
