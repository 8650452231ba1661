/*
 * ws_frames - the frames of a client, read from whatever pieces its bytes come in; see
 * ws_frames.h.
 *
 * Each octet of a head is judged as soon as it is there, so that who breaks the protocol is
 * told at once, however slowly he does it.
 */
#include "ws_frames.h"

#include "mem.h"
#include "transport.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    FINAL_BIT = 0x80,
    RESERVED_BITS = 0x70,
    OPCODE_BITS = 0x0f,
    CONTROL_BIT = 0x08,
    MASK_BIT = 0x80,
    LENGTH_BITS = 0x7f,
    LENGTH_16 = 126,
    LENGTH_64 = 127,
    MASK_BYTES = 4,
};

static const uint64_t LENGTH_MAX = INT64_MAX;

/* ------------------------------------------------------------------------- what a head says */

static enum ws_opcode opcode_of(const struct ws_frames *frames)
{
    return (enum ws_opcode)(frames->head[0] & OPCODE_BITS);
}

static bool is_control(const struct ws_frames *frames)
{
    return frames->head[0] & CONTROL_BIT;
}

static bool is_final(const struct ws_frames *frames)
{
    return frames->head[0] & FINAL_BIT;
}

/* Octets of the extended length. */
static size_t length_octets(const struct ws_frames *frames)
{
    int form = frames->head[1] & LENGTH_BITS;
    if (form == LENGTH_64)
        return 8;
    return form == LENGTH_16 ? 2 : 0;
}

static size_t head_bytes(const struct ws_frames *frames)
{
    return frames->head_length < 2 ? 2 : 2 + length_octets(frames) + MASK_BYTES;
}

static uint64_t length_of(const struct ws_frames *frames)
{
    size_t octets = length_octets(frames);
    uint64_t length = 0;
    if (octets == 0)
        return frames->head[1] & LENGTH_BITS;
    for (size_t i = 0; i < octets; i++)
        length = length << 8 | frames->head[2 + i];
    return length;
}

static const unsigned char *mask_of(const struct ws_frames *frames)
{
    return frames->head + 2 + length_octets(frames);
}

/* ------------------------------------------------------------------- what is wrong with it */

static const char *judge_opcode(const struct ws_frames *frames)
{
    switch (opcode_of(frames)) {
    case WS_CONTINUATION:
        return frames->message ? NULL : "a continuation of nothing";
    case WS_TEXT:
    case WS_BINARY:
        return frames->message ? "a message inside another" : NULL;
    case WS_CLOSE:
    case WS_PING:
    case WS_PONG:
        return is_final(frames) ? NULL : "a control frame in fragments";
    default:
        return "an opcode that means nothing";
    }
}

static const char *judge_lengths_first(const struct ws_frames *frames)
{
    if (!(frames->head[1] & MASK_BIT))
        return "a frame without a mask";
    if (is_control(frames) && length_octets(frames) > 0)
        return "a control frame that is too long";
    return NULL;
}

static const char *judge_length(const struct ws_frames *frames)
{
    uint64_t length = length_of(frames);
    if (length > LENGTH_MAX)
        return "a length that is no number";
    if (length_octets(frames) == 8 ? length <= UINT16_MAX : length < LENGTH_16)
        return "a length that is not in its shortest form";
    return NULL;
}

/* Of the octet of the head that came last; NULL: nothing is wrong. */
static const char *judge_head(const struct ws_frames *frames)
{
    size_t octets = length_octets(frames);
    if (frames->head_length == 1)
        return frames->head[0] & RESERVED_BITS ? "a reserved bit" : judge_opcode(frames);
    if (frames->head_length == 2)
        return judge_lengths_first(frames);
    return octets > 0 && frames->head_length == 2 + octets ? judge_length(frames) : NULL;
}

static void break_with(struct ws_event *ret_event, enum close_code code, const char *reason)
{
    *ret_event =
        (struct ws_event){.kind = WS_BROKEN, .close_code = (int)code, .reason = reason};
}

/* ----------------------------------------------------------------------------- the payload */

static void unmask(struct ws_frames *frames, unsigned char *bytes, size_t length)
{
    const unsigned char *mask = mask_of(frames);
    uint64_t wide_mask;
    unsigned char turned[sizeof(wide_mask)];
    size_t i = 0;
    for (size_t k = 0; k < sizeof(turned); k++)
        turned[k] = mask[(frames->mask_turn + k) % MASK_BYTES];
    memcpy(&wide_mask, turned, sizeof(wide_mask));
    for (; i + sizeof(wide_mask) <= length; i += sizeof(wide_mask)) {
        uint64_t eight;
        memcpy(&eight, bytes + i, sizeof(eight));
        eight ^= wide_mask;
        memcpy(bytes + i, &eight, sizeof(eight));
    }
    for (; i < length; i++)
        bytes[i] ^= turned[i % sizeof(turned)];
    frames->mask_turn = (uint8_t)((frames->mask_turn + length) % MASK_BYTES);
}

static void end_frame(struct ws_frames *frames)
{
    frames->head_length = 0;
    if (!is_control(frames) && is_final(frames))
        frames->message = 0;
}

static bool is_text_broken(struct ws_frames *frames, const struct ws_event *piece)
{
    return frames->message == WS_TEXT &&
           (!text_utf8_take(&frames->utf8, piece->bytes, piece->length) ||
            (piece->is_end_of_message && !text_utf8_is_whole(&frames->utf8)));
}

static void give_piece(struct ws_frames *frames, unsigned char *bytes, size_t length,
                       struct ws_event *ret_event)
{
    bool is_end = frames->left == 0;
    *ret_event = (struct ws_event){
        .kind = WS_PIECE,
        .opcode = (enum ws_opcode)frames->message,
        .bytes = bytes,
        .length = length,
        .is_last_frame = is_final(frames),
        .is_end_of_frame = is_end,
        .is_end_of_message = is_end && is_final(frames),
    };
    if (is_text_broken(frames, ret_event))
        break_with(ret_event, CLOSE_INVALID_DATA, "not UTF-8");
    else if (is_end)
        end_frame(frames);
}

/* One that does not come in one piece, as nearly all do, is put together. */
static void keep_control(struct ws_frames *frames, const unsigned char *bytes, size_t length)
{
    if (!frames->control)
        frames->control = mem_zalloc(1 + WS_CONTROL_BYTES_MAX);
    memcpy(frames->control + 1 + frames->control[0], bytes, length);
    frames->control[0] = (unsigned char)(frames->control[0] + length);
}

static void give_control(struct ws_frames *frames, unsigned char *bytes, size_t length,
                         struct ws_event *ret_event)
{
    bool is_end = frames->left == 0;
    if (!is_end || frames->control)
        keep_control(frames, bytes, length);
    *ret_event = (struct ws_event){.kind = WS_NOTHING};
    if (!is_end)
        return;
    *ret_event = (struct ws_event){
        .kind = WS_CONTROL,
        .opcode = opcode_of(frames),
        .bytes = frames->control ? frames->control + 1 : bytes,
        .length = frames->control ? frames->control[0] : length,
    };
    end_frame(frames);
}

static size_t read_payload(struct ws_frames *frames, unsigned char *bytes, size_t length,
                           struct ws_event *ret_event)
{
    size_t taken = frames->left < length ? (size_t)frames->left : length;
    unmask(frames, bytes, taken);
    frames->left -= taken;
    if (is_control(frames))
        give_control(frames, bytes, taken, ret_event);
    else
        give_piece(frames, bytes, taken, ret_event);
    return taken;
}

/* ----------------------------------------------------------------------------- from outside */

static void begin_payload(struct ws_frames *frames, struct ws_event *ret_event)
{
    enum ws_opcode opcode = opcode_of(frames);
    frames->left = length_of(frames);
    frames->mask_turn = 0;
    if (is_control(frames)) {
        ws_frames_finish(frames); /* what the last one was put together in */
        return;
    }
    if (opcode != WS_CONTINUATION) {
        frames->message = (uint8_t)opcode;
        frames->utf8 = (struct text_utf8){.missing = 0};
    }
    *ret_event = (struct ws_event){
        .kind = WS_HEAD,
        .opcode = (enum ws_opcode)frames->message,
        .frame_bytes = frames->left,
    };
}

/* Answers how many octets of the head were taken. */
static size_t read_head(struct ws_frames *frames, const unsigned char *bytes, size_t length,
                        struct ws_event *ret_event)
{
    size_t taken = 0;
    while (taken < length && frames->head_length < head_bytes(frames)) {
        frames->head[frames->head_length++] = bytes[taken++];
        const char *fault = judge_head(frames);
        if (fault) {
            break_with(ret_event, CLOSE_PROTOCOL_ERROR, fault);
            return taken;
        }
    }
    if (frames->head_length == head_bytes(frames))
        begin_payload(frames, ret_event);
    return taken;
}

size_t ws_frames_read(struct ws_frames *frames, unsigned char *bytes, size_t length,
                      struct ws_event *ret_event)
{
    size_t taken = 0;
    bool had_head = frames->head_length == head_bytes(frames) && frames->head_length > 2;
    *ret_event = (struct ws_event){.kind = WS_NOTHING};
    if (!had_head) {
        taken = read_head(frames, bytes, length, ret_event);
        had_head = frames->head_length == head_bytes(frames) && frames->head_length > 2;
        if (ret_event->kind != WS_NOTHING || !had_head)
            return taken;
    }
    if (taken < length || frames->left == 0)
        taken += read_payload(frames, bytes + taken, length - taken, ret_event);
    return taken;
}

void ws_frames_finish(struct ws_frames *frames)
{
    free(frames->control);
    frames->control = NULL;
}

size_t ws_frames_print_control(unsigned char *out, enum ws_opcode opcode, const void *payload,
                               size_t length)
{
    assert(length <= WS_CONTROL_BYTES_MAX);
    out[0] = (unsigned char)(FINAL_BIT | opcode);
    out[1] = (unsigned char)length;
    if (length > 0)
        memcpy(out + 2, payload, length);
    return 2 + length;
}

bool ws_frames_is_close_code(unsigned code)
{
    if (code >= 1000 && code <= 1014)
        return code < 1004 || code > 1006;
    return code >= 3000 && code <= 4999;
}
