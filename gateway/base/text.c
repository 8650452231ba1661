/*
 * text - the few questions about text that several layers ask; see text.h.
 */
#include "text.h"

#include "mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many octets follow a first octet, and what the second may be: Unicode 15, table 3-7. */
static size_t sequence_of(unsigned char first, unsigned char *ret_low, unsigned char *ret_high)
{
    *ret_low = 0x80;
    *ret_high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf)
        return 1;
    if (first >= 0xe0 && first <= 0xef) {
        if (first == 0xe0)
            *ret_low = 0xa0;
        if (first == 0xed)
            *ret_high = 0x9f;
        return 2;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if (first == 0xf0)
            *ret_low = 0x90;
        if (first == 0xf4)
            *ret_high = 0x8f;
        return 3;
    }
    return 0;
}

/* The length of the multi-octet character at the start, 0 if there is none. */
static size_t character_length(const unsigned char *bytes, size_t left)
{
    unsigned char low;
    unsigned char high;
    size_t following = sequence_of(bytes[0], &low, &high);
    if (following == 0 || following >= left || bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i <= following; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    return following + 1;
}

bool text_is_utf8(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    const unsigned char *end = at + length;
    while (at < end) {
        if (*at < 0x80) {
            at++;
            continue;
        }
        size_t step = character_length(at, (size_t)(end - at));
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

size_t text_character(const char *text)
{
    enum { CHARACTER_BYTES_MAX = 4 };
    if ((unsigned char)*text < 0x80)
        return *text != '\0';
    return character_length((const unsigned char *)text, strnlen(text, CHARACTER_BYTES_MAX));
}

bool text_utf8_take(struct text_utf8 *utf8, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    const unsigned char *end = at + length;
    for (; at < end; at++) {
        if (utf8->missing > 0) {
            if (*at < utf8->low || *at > utf8->high)
                return false;
            utf8->missing--;
            utf8->low = 0x80;
            utf8->high = 0xbf;
        } else if (*at >= 0x80) {
            utf8->missing = (uint8_t)sequence_of(*at, &utf8->low, &utf8->high);
            if (utf8->missing == 0)
                return false;
        }
    }
    return true;
}

bool text_utf8_is_whole(const struct text_utf8 *utf8)
{
    return utf8->missing == 0;
}

size_t text_cut(const char *text, size_t max)
{
    size_t length = strnlen(text, max + 1);
    if (length <= max)
        return length;
    while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}

bool text_has_control(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++) {
        if (at[i] < 0x20 || at[i] == 0x7f)
            return true;
    }
    return false;
}

bool text_to_int(const char *text, int64_t min, int64_t max, int64_t *ret_number)
{
    char *end = NULL;
    if (*text != '-' && (*text < '0' || *text > '9'))
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || end == text || number < min || number > max)
        return false;
    *ret_number = number;
    return true;
}

size_t text_print_int(char out[TEXT_INT_BYTES], int64_t number)
{
    char digits[TEXT_INT_BYTES];
    char *at = digits + sizeof(digits);
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    *--at = '\0';
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--at = '-';
    size_t bytes = (size_t)(digits + sizeof(digits) - at);
    memcpy(out, at, bytes);
    return bytes - 1;
}

size_t text_quote(char *out, const char *text)
{
    char *end = out;
    *end++ = '"';
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            *end++ = '\\';
            *end++ = (char)c;
        } else if (c < 0x20) {
            end += sprintf(end, "\\u%04x", c);
        } else {
            *end++ = (char)c;
        }
    }
    *end++ = '"';
    *end = '\0';
    return (size_t)(end - out);
}

char *text_to_json(const char *text)
{
    char *json = mem_alloc(text_quoted_max(strlen(text)));
    (void)text_quote(json, text);
    return json;
}

char *text_print_error(int code, const char *message)
{
    char *quoted = text_to_json(message);
    char *json = mem_printf("{\"error\":{\"code\":%d,\"message\":%s}}", code, quoted);
    free(quoted);
    return json;
}
