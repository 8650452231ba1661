/*
 * option_check - what is wrong with the text that a user gave for an option, in one line that
 * names it; see options.h.
 */
#include "address.h"
#include "mem.h"
#include "option_words.h"
#include "options.h"
#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int option_word_number(const char *words, const char *text)
{
    size_t length = strlen(text);
    int number = 0;
    if (length == 0 || strchr(text, '|'))
        return -1;
    for (const char *at = words; at; at = strchr(at, '|'), number++) {
        at += *at == '|';
        if (strncmp(at, text, length) == 0 && (at[length] == '|' || !at[length]))
            return number;
    }
    return -1;
}

char *option_choice_word(const struct option *option, int number)
{
    const char *at = option->metavar;
    for (; number > 0; number--)
        at = strchr(at, '|') + 1;
    return mem_strndup(at, strcspn(at, "|"));
}

static bool is_word(const char *words, const char *text)
{
    return option_word_number(words, text) >= 0;
}

static bool is_name(const struct option *option, const char *text)
{
    double length = (double)strlen(text);
    return length >= option->min && length <= option->max &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                        "-_.:") == (size_t)length;
}

static bool is_whole(const struct option *option, const char *text)
{
    int64_t number;
    return text_to_int(text, (int64_t)option->min, (int64_t)option->max, &number);
}

/* As people write them, in decimals: no 0x1p3, no infinity. */
static bool is_real(const struct option *option, const char *text)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    return text[0] && strspn(text, "0123456789.eE+-") == strlen(text) && !*end && errno == 0 &&
           isfinite(value) && value >= option->min && value <= option->max;
}

static char *check_number(const struct option *option, const char *name, const char *text)
{
    if (option->kind != OPTION_REAL) {
        return is_whole(option, text)
                   ? NULL
                   : mem_printf("%s must be a whole number from %lld to %lld, not \"%.100s\"",
                                name, (long long)option->min, (long long)option->max, text);
    }
    return is_real(option, text) ? NULL
                                 : mem_printf("%s must be a number from %g to %.0f, not "
                                              "\"%.100s\"",
                                              name, option->min, option->max, text);
}

static char *check_word(const char *words, const char *name, const char *text)
{
    return is_word(words, text)
               ? NULL
               : mem_printf("%s must be one of %s, not \"%.100s\"", name, words, text);
}

char *option_check(const struct option *option, const char *name, const char *text)
{
    struct address address;
    switch (option->kind) {
    case OPTION_NUMBER:
    case OPTION_INT:
    case OPTION_REAL:
        return check_number(option, name, text);
    case OPTION_ADDRESS:
        if (address_parse(text, &address))
            return NULL;
        return mem_printf("%s must be ADDRESS:PORT such as 127.0.0.1:8000 or [::1]:8000, not "
                          "\"%.100s\"",
                          name, text);
    case OPTION_CHOICE:
    case OPTION_ON_OFF:
        return check_word(option->metavar, name, text);
    case OPTION_NAME:
        if (is_name(option, text))
            return NULL;
        return mem_printf("%s must be %.0f to %.0f letters, digits or any of - _ . : and not "
                          "\"%.100s\"",
                          name, option->min, option->max, text);
    case OPTION_SWITCH:
    case OPTION_PRINT:
        if (is_word("true|false", text))
            return NULL;
        return mem_printf("%s must be true or false, not \"%.100s\"", name, text);
    case OPTION_TOGGLE:
        if (is_word("true|false|on|off", text))
            return NULL;
        return mem_printf("%s must be on or off, not \"%.100s\"", name, text);
    case OPTION_TEXT:
    case OPTION_LIST:
    case OPTION_URL:
    case OPTION_SECRET:
    case OPTION_JSON:
        break;
    }
    return NULL;
}
