/*
 * redis_envelope - what travels on a channel's pub/sub channel; see redis_envelope.h.
 */
#include "redis_envelope.h"

#include <string.h>

struct cursor {
    const char *at;
    const char *end;
};

static bool take_number(struct cursor *cursor, uint64_t *ret_number)
{
    const char *start = cursor->at;
    uint64_t number = 0;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
        number = number * 10 + (uint64_t)(*cursor->at - '0');
        cursor->at++;
    }
    *ret_number = number;
    return cursor->at > start && cursor->at - start < 20;
}

static bool take_char(struct cursor *cursor, char expected)
{
    if (cursor->at >= cursor->end || *cursor->at != expected)
        return false;
    cursor->at++;
    return true;
}

/* Up to the end of the line, which is passed over. */
static bool take_line(struct cursor *cursor, char *out, size_t out_size)
{
    size_t left = (size_t)(cursor->end - cursor->at);
    const char *newline = memchr(cursor->at, '\n', left < out_size ? left : out_size);
    if (!newline || newline - cursor->at >= (ptrdiff_t)out_size)
        return false;
    size_t length = (size_t)(newline - cursor->at);
    memcpy(out, cursor->at, length);
    out[length] = '\0';
    cursor->at = newline + 1;
    return true;
}

static bool parse(struct cursor *cursor, struct envelope *envelope)
{
    envelope->kind = (enum envelope_kind) * cursor->at++;
    if (!take_char(cursor, ' ') || !take_number(cursor, &envelope->number))
        return false;
    switch (envelope->kind) {
    case ENVELOPE_PUBLICATION:
        return take_char(cursor, ' ') &&
               take_line(cursor, envelope->epoch, sizeof(envelope->epoch));
    case ENVELOPE_JOIN:
    case ENVELOPE_LEAVE:
        return take_char(cursor, '\n') &&
               take_line(cursor, envelope->user, sizeof(envelope->user));
    }
    return false;
}

bool envelope_parse(const char *text, size_t length, struct envelope *ret_envelope)
{
    struct cursor cursor = {text, text + length};
    struct envelope envelope;
    if (length == 0 || !parse(&cursor, &envelope))
        return false;
    envelope.body = cursor.at;
    envelope.body_length = (size_t)(cursor.end - cursor.at);
    *ret_envelope = envelope;
    return true;
}
