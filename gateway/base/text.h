/*
 * text - the few questions about text that several layers ask.
 */
#ifndef PARLEY_TEXT_H
#define PARLEY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above
 * U+10FFFF. */
bool text_is_utf8(const void *bytes, size_t length);

/* How many octets the well-formed character at the start of a text has; 0: there is none, or
 * the text is over. */
size_t text_character(const char *text);

/* The same for a text that comes in pieces. All zeros: nothing has come yet. */
struct text_utf8 {
    uint8_t missing; /* octets of the character begun */
    uint8_t low;     /* what the next of them may be */
    uint8_t high;
};

/* false: what has come so far cannot become a well-formed text. */
bool text_utf8_take(struct text_utf8 *utf8, const void *bytes, size_t length);
/* Does the text end with a whole character? */
bool text_utf8_is_whole(const struct text_utf8 *utf8);

/* The longest start of a well-formed text that has at most max octets and whole characters. */
size_t text_cut(const char *text, size_t max);

/* Has it an octet below 0x20, or 0x7f? */
bool text_has_control(const void *bytes, size_t length);

/* A whole decimal number between min and max, and nothing else. */
__attribute__((warn_unused_result)) bool text_to_int(const char *text, int64_t min, int64_t max,
                                                     int64_t *ret_number);

/* Its decimal form, with a final zero; without the cost of a format. Answers its length. */
enum { TEXT_INT_BYTES = 24 };
size_t text_print_int(char out[TEXT_INT_BYTES], int64_t number);

/* How much room the quoted form of so many octets takes at most, its zero included: \u00XX is
 * the longest that an octet becomes. */
static inline size_t text_quoted_max(size_t length)
{
    return 6 * length + 3;
}
/* Writes the text in quotes and escaped, as JSON has it, and a zero; answers its length. */
size_t text_quote(char *out, const char *text);
/* Text for a JSON string, in quotes. *new* */
char *text_to_json(const char *text);

/* {"error":{"code":CODE,"message":"..."}}. *new* */
char *text_print_error(int code, const char *message);

#endif
