/*
 * redis_envelope - what travels on a channel's pub/sub channel; see redis_envelope.h.
 */
#include "redis_envelope.h"

#include "json_check.h"
#include "text.h"

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

static struct slice take_rest(struct cursor *cursor)
{
    return (struct slice){cursor->at, (size_t)(cursor->end - cursor->at)};
}

/* Up to a blank, which is passed over. */
static bool take_word(struct cursor *cursor, char *out, size_t out_size)
{
    size_t length = 0;
    while (cursor->at + length < cursor->end && cursor->at[length] != ' ' &&
           length < out_size - 1) {
        out[length] = cursor->at[length];
        length++;
    }
    out[length] = '\0';
    cursor->at += length;
    return take_char(cursor, ' ');
}

static bool parse_publication(struct cursor *cursor, struct envelope *envelope)
{
    uint64_t info_length;
    if (!take_char(cursor, ' ') ||
        !take_word(cursor, envelope->epoch, sizeof(envelope->epoch)) ||
        !take_number(cursor, &info_length) || !take_char(cursor, '\n') ||
        info_length > (uint64_t)(cursor->end - cursor->at))
        return false;
    envelope->info = (struct slice){cursor->at, info_length};
    cursor->at += info_length;
    envelope->payload = take_rest(cursor);
    return true;
}

static bool take_user_and_client(struct cursor *cursor, struct envelope *envelope)
{
    return take_line(cursor, envelope->user, sizeof(envelope->user)) &&
           take_line(cursor, envelope->client, sizeof(envelope->client));
}

static bool parse_presence(struct cursor *cursor, struct envelope *envelope)
{
    if (!take_char(cursor, ' ') || !take_number(cursor, &envelope->user_count) ||
        !take_char(cursor, '\n'))
        return false;
    if (envelope->kind != ENVELOPE_SYNC && !take_user_and_client(cursor, envelope))
        return false;
    envelope->info = take_rest(cursor);
    return true;
}

static bool parse(struct cursor *cursor, struct envelope *envelope)
{
    envelope->kind = (enum envelope_kind) * cursor->at++;
    if (!take_char(cursor, ' ') || !take_number(cursor, &envelope->number))
        return false;
    switch (envelope->kind) {
    case ENVELOPE_PUBLICATION:
        return parse_publication(cursor, envelope);
    case ENVELOPE_JOIN:
    case ENVELOPE_LEAVE:
    case ENVELOPE_SYNC:
        return parse_presence(cursor, envelope);
    case ENVELOPE_REMOVED:
        return take_char(cursor, '\n') && cursor->at == cursor->end;
    }
    return false;
}

bool envelope_parse(const char *text, size_t length, struct envelope *ret_envelope)
{
    struct cursor cursor = {text, text + length};
    struct envelope envelope = {.number = 0};
    if (length == 0 || !parse(&cursor, &envelope))
        return false;
    *ret_envelope = envelope;
    return true;
}

/* -------------------------------------------------------------------------- the content */

static bool is_plain_text(const char *text)
{
    size_t length = strlen(text);
    return text_is_utf8(text, length) && !text_has_control(text, length);
}

bool envelope_is_content(struct slice payload, struct slice info)
{
    return json_is_valid(payload.bytes, payload.length) &&
           (info.length == 0 || json_is_valid(info.bytes, info.length));
}

bool envelope_is_sound(const struct envelope *envelope)
{
    if (envelope->number > INT64_MAX)
        return false;
    if (envelope->kind == ENVELOPE_PUBLICATION)
        return broker_is_epoch(envelope->epoch) &&
               envelope_is_content(envelope->payload, envelope->info);
    if (envelope->kind == ENVELOPE_SYNC || envelope->kind == ENVELOPE_REMOVED)
        return true;
    return is_plain_text(envelope->user) && is_plain_text(envelope->client) &&
           json_is_valid(envelope->info.bytes, envelope->info.length);
}
