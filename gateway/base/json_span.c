/*
 * json_span - where a value stands in a JSON text; see json_span.h.
 */
#include "json_span.h"

#include <string.h>

struct cursor {
    const char *at;
    const char *end;
};

const char *json_skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at;
}

static void skip_blanks(struct cursor *cursor)
{
    cursor->at = json_skip_blanks(cursor->at, cursor->end);
}

static bool take_char(struct cursor *cursor, char wanted)
{
    skip_blanks(cursor);
    if (cursor->at >= cursor->end || *cursor->at != wanted)
        return false;
    cursor->at++;
    return true;
}

/* At the opening quote; leaves behind the closing one. */
static void skip_string(struct cursor *cursor)
{
    for (cursor->at++; cursor->at < cursor->end && *cursor->at != '"'; cursor->at++) {
        if (*cursor->at == '\\')
            cursor->at++;
    }
    if (cursor->at < cursor->end)
        cursor->at++;
}

/* A value of any kind. Brackets need only be counted: the text is valid. */
static void skip_value(struct cursor *cursor)
{
    size_t depth = 0;
    while (cursor->at < cursor->end) {
        char c = *cursor->at;
        if (c == '"') {
            skip_string(cursor);
            if (depth == 0)
                return;
            continue;
        }
        if (depth == 0 && strchr(",]} \t\r\n", c))
            return;
        cursor->at++;
        if (c == '{' || c == '[')
            depth++;
        if ((c == '}' || c == ']') && --depth == 0)
            return;
    }
}

static struct json_span take(struct cursor *cursor, void (*skip)(struct cursor *cursor))
{
    skip_blanks(cursor);
    const char *start = cursor->at;
    skip(cursor);
    return (struct json_span){start, (size_t)(cursor->at - start)};
}

bool json_span_member(const char *text, size_t length, const char *key,
                      struct json_span *ret_value)
{
    struct cursor cursor = {text, text + length};
    size_t key_length = strlen(key);
    bool is_found = false;
    if (!take_char(&cursor, '{'))
        return false;
    for (;;) {
        skip_blanks(&cursor);
        if (cursor.at >= cursor.end || *cursor.at != '"')
            return is_found; /* the closing brace */
        struct json_span name = take(&cursor, skip_string);
        if (!take_char(&cursor, ':'))
            return false;
        struct json_span value = take(&cursor, skip_value);
        if (name.length == key_length + 2 && memcmp(name.start + 1, key, key_length) == 0) {
            *ret_value = value;
            is_found = true;
        }
        if (!take_char(&cursor, ','))
            return is_found;
    }
}

/* *cursor stands behind the value that was answered last, at its comma or the bracket. */
bool json_span_next(const char *text, size_t length, size_t *cursor,
                    struct json_span *ret_value)
{
    struct cursor at = {text + *cursor, text + length};
    if (!take_char(&at, *cursor == 0 ? '[' : ','))
        return false;
    skip_blanks(&at);
    if (at.at >= at.end || *at.at == ']')
        return false;
    *ret_value = take(&at, skip_value);
    *cursor = (size_t)(at.at - text);
    return true;
}
