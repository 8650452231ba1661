/*
 * json_check - is a text JSON? See json_check.h.
 *
 * One pass without recursion: a bit for each open bracket says which kind it is.
 */
#include "json_check.h"

#include "json_span.h"
#include "text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum { WORD_BITS = 64, HEX_DIGITS = 4 };

struct checker {
    const char *at;
    const char *end;
    size_t depth;
    bool has_others;                              /* than ASCII */
    uint64_t objects[JSON_DEPTH_MAX / WORD_BITS]; /* of the open brackets, a bit each */
};

enum step {
    STEP_VALUE,
    STEP_KEY,
    STEP_AFTER, /* a value: a comma, a closing bracket, or the end */
    STEP_WRONG,
};

static bool take(struct checker *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_word(struct checker *c, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0)
        return false;
    c->at += length;
    return true;
}

static bool take_digits(struct checker *c)
{
    const char *start = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return c->at > start;
}

static bool take_number(struct checker *c)
{
    (void)take(c, '-');
    if (!take(c, '0') && !take_digits(c))
        return false;
    if (take(c, '.') && !take_digits(c))
        return false;
    if (!take(c, 'e') && !take(c, 'E'))
        return true;
    if (!take(c, '+'))
        (void)take(c, '-');
    return take_digits(c);
}

/* Behind the backslash. */
static bool take_escape(struct checker *c)
{
    if (c->at == c->end)
        return false;
    char kind = *c->at++;
    if (kind != 'u')
        return kind != '\0' && strchr("\"\\/bfnrt", kind);
    for (int i = 0; i < HEX_DIGITS; i++) {
        if (c->at == c->end || !isxdigit((unsigned char)*c->at++))
            return false;
    }
    return true;
}

static bool take_string(struct checker *c)
{
    if (!take(c, '"'))
        return false;
    while (c->at < c->end) {
        unsigned char octet = (unsigned char)*c->at++;
        if (octet == '"')
            return true;
        if (octet < 0x20 || (octet == '\\' && !take_escape(c)))
            return false;
        if (octet >= 0x80)
            c->has_others = true;
    }
    return false;
}

/* ----------------------------------------------------------------------------- brackets */

static bool is_in_object(const struct checker *c)
{
    size_t bracket = c->depth - 1;
    return c->objects[bracket / WORD_BITS] >> bracket % WORD_BITS & 1;
}

static enum step open_bracket(struct checker *c, bool is_object)
{
    if (c->depth == JSON_DEPTH_MAX)
        return STEP_WRONG;
    size_t bracket = c->depth++;
    if (bracket % WORD_BITS == 0)
        c->objects[bracket / WORD_BITS] = 0; /* the first of its word: nothing is kept there */
    uint64_t bit = UINT64_C(1) << bracket % WORD_BITS;
    if (is_object)
        c->objects[bracket / WORD_BITS] |= bit;
    else
        c->objects[bracket / WORD_BITS] &= ~bit;
    c->at = json_skip_blanks(c->at, c->end);
    if (take(c, is_object ? '}' : ']')) {
        c->depth--;
        return STEP_AFTER;
    }
    return is_object ? STEP_KEY : STEP_VALUE;
}

static enum step take_value(struct checker *c)
{
    if (c->at == c->end)
        return STEP_WRONG;
    if (take(c, '{'))
        return open_bracket(c, true);
    if (take(c, '['))
        return open_bracket(c, false);
    bool is_value = false;
    if (*c->at == '"')
        is_value = take_string(c);
    else if (*c->at == '-' || (*c->at >= '0' && *c->at <= '9'))
        is_value = take_number(c);
    else
        is_value = take_word(c, "true") || take_word(c, "false") || take_word(c, "null");
    return is_value ? STEP_AFTER : STEP_WRONG;
}

static enum step take_key(struct checker *c)
{
    if (!take_string(c))
        return STEP_WRONG;
    c->at = json_skip_blanks(c->at, c->end);
    return take(c, ':') ? STEP_VALUE : STEP_WRONG;
}

/* In a bracket. */
static enum step take_after(struct checker *c)
{
    bool is_object = is_in_object(c);
    if (take(c, ','))
        return is_object ? STEP_KEY : STEP_VALUE;
    if (!take(c, is_object ? '}' : ']'))
        return STEP_WRONG;
    c->depth--;
    return STEP_AFTER;
}

static enum step take_step(struct checker *c, enum step step)
{
    switch (step) {
    case STEP_VALUE:
        return take_value(c);
    case STEP_KEY:
        return take_key(c);
    case STEP_AFTER:
        return take_after(c);
    case STEP_WRONG:
        break;
    }
    return STEP_WRONG;
}

bool json_is_valid(const char *text, size_t length)
{
    struct checker c; /* objects[] is written before it is read */
    enum step step = STEP_VALUE;
    c.at = text;
    c.end = text + length;
    c.depth = 0;
    c.has_others = false;
    do {
        c.at = json_skip_blanks(c.at, c.end);
        step = take_step(&c, step);
    } while (step != STEP_WRONG && (step != STEP_AFTER || c.depth > 0));
    if (step == STEP_WRONG || json_skip_blanks(c.at, c.end) != c.end)
        return false;
    return !c.has_others || text_is_utf8(text, length);
}
