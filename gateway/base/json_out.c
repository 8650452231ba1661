/*
 * json_out - writes JSON, piece by piece; see json_out.h.
 */
#include "json_out.h"

#include "mem.h"
#include "text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 128, NUMBER_BYTES = 24 };

/* Room for so many octets and a zero behind what is there. */
static void reserve(struct json_out *out, size_t more)
{
    size_t needed = out->length + more + 1;
    if (needed <= out->capacity)
        return;
    if (out->capacity == 0)
        out->capacity = FIRST_CAPACITY;
    while (out->capacity < needed)
        out->capacity *= 2;
    out->bytes = mem_resize(out->bytes, out->capacity);
}

static void append(struct json_out *out, const void *bytes, size_t length)
{
    reserve(out, length);
    memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
    out->bytes[out->length] = '\0';
}

/* What every value begins with. */
static void begin_value(struct json_out *out)
{
    if (out->wants_comma)
        append(out, ",", 1);
    out->wants_comma = true;
}

static void open_bracket(struct json_out *out, const char *bracket)
{
    begin_value(out);
    append(out, bracket, 1);
    out->wants_comma = false;
    out->depth++;
}

static void close_bracket(struct json_out *out, const char *bracket)
{
    assert(out->depth > 0 && out->bytes[out->length - 1] != ':');
    append(out, bracket, 1);
    out->wants_comma = true;
    out->depth--;
}

void json_out_open_object(struct json_out *out)
{
    open_bracket(out, "{");
}

void json_out_close_object(struct json_out *out)
{
    close_bracket(out, "}");
}

void json_out_open_array(struct json_out *out)
{
    open_bracket(out, "[");
}

void json_out_close_array(struct json_out *out)
{
    close_bracket(out, "]");
}

void json_out_key(struct json_out *out, const char *key)
{
    assert(out->depth > 0 && out->bytes[out->length - 1] != ':');
    json_out_text(out, key);
    append(out, ":", 1);
    out->wants_comma = false;
}

void json_out_text(struct json_out *out, const char *text)
{
    begin_value(out);
    if (!text) {
        append(out, "null", strlen("null"));
        return;
    }
    reserve(out, text_quoted_max(strlen(text)));
    out->length += text_quote(out->bytes + out->length, text);
}

void json_out_int(struct json_out *out, int64_t number)
{
    char text[NUMBER_BYTES];
    int length = snprintf(text, sizeof(text), "%" PRId64, number);
    begin_value(out);
    append(out, text, (size_t)length);
}

void json_out_uint(struct json_out *out, uint64_t number)
{
    char text[NUMBER_BYTES];
    int length = snprintf(text, sizeof(text), "%" PRIu64, number);
    begin_value(out);
    append(out, text, (size_t)length);
}

void json_out_bool(struct json_out *out, bool is_true)
{
    begin_value(out);
    append(out, is_true ? "true" : "false", is_true ? 4 : 5);
}

void json_out_raw(struct json_out *out, struct slice json)
{
    assert(json.length > 0);
    begin_value(out);
    append(out, json.bytes, json.length);
}

void json_out_member_text(struct json_out *out, const char *key, const char *text)
{
    json_out_key(out, key);
    json_out_text(out, text);
}

void json_out_member_int(struct json_out *out, const char *key, int64_t number)
{
    json_out_key(out, key);
    json_out_int(out, number);
}

void json_out_member_uint(struct json_out *out, const char *key, uint64_t number)
{
    json_out_key(out, key);
    json_out_uint(out, number);
}

void json_out_member_bool(struct json_out *out, const char *key, bool is_true)
{
    json_out_key(out, key);
    json_out_bool(out, is_true);
}

void json_out_member_raw(struct json_out *out, const char *key, struct slice json)
{
    json_out_key(out, key);
    json_out_raw(out, json);
}

char *json_out_finish(struct json_out *out)
{
    char *bytes = out->bytes;
    assert(bytes && out->depth == 0);
    *out = (struct json_out){.bytes = NULL};
    return bytes;
}
