/*
 * ctl_terminal - what reaches the eyes of people; see ctl_terminal.h.
 *
 * Characters are told apart by the C library's tables, in the locale C.UTF-8. Where there is
 * none, everything beyond ASCII is shown as octets.
 */
#include "ctl_terminal.h"

#include "mem.h"

#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

enum { ESCAPED_BYTES_MAX = 10 }; /* \u{10ffff} */

static bool has_colours;

void terminal_init(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    has_colours = isatty(STDOUT_FILENO) && !(no_color && no_color[0]) && term &&
                  strcmp(term, "dumb") != 0;
}

const char *terminal_style(enum terminal_style style)
{
    static const char *const codes[] = {
        [STYLE_HEAD] = "\x1b[1m", [STYLE_GOOD] = "\x1b[32m", [STYLE_WAIT] = "\x1b[33m",
        [STYLE_BAD] = "\x1b[31m", [STYLE_PLAIN] = "\x1b[0m",
    };
    return has_colours ? codes[style] : "";
}

/* Signs that show nothing and change how what follows is shown (Unicode's Bidi_Control), line
 * and paragraph separators, zero-width space, byte order mark, tags. */
static bool is_deceptive(wchar_t c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e ||
           c == 0x200f || c == 0x061c || c == 0x2028 || c == 0x2029 || c == 0x200b ||
           c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

/* The character at the start goes to out, which has ESCAPED_BYTES_MAX + 1 octets; answers how
 * many octets of the text that was. */
static size_t show_character(const char *bytes, size_t length, char *out)
{
    mbstate_t state = {0};
    wchar_t c = 0;
    size_t taken = mbrtowc(&c, bytes, length, &state);
    if (taken == 0 || taken > length) { /* a zero octet, or no character */
        (void)sprintf(out, "\\x%02x", (unsigned char)bytes[0]);
        return 1;
    }
    if (c < 0x20 || c == 0x7f)
        (void)sprintf(out, "\\x%02x", (unsigned)c);
    else if (wcwidth(c) < 0 || is_deceptive(c))
        (void)sprintf(out, "\\u{%x}", (unsigned)c & 0x1fffff);
    else
        *(char *)mempcpy(out, bytes, taken) = '\0';
    return taken;
}

char *terminal_text(const char *bytes, size_t length)
{
    char *text = mem_alloc(ESCAPED_BYTES_MAX * length + 1);
    char *end = text;
    *end = '\0';
    for (size_t at = 0; at < length;) {
        char shown[ESCAPED_BYTES_MAX + 1];
        at += show_character(bytes + at, length - at, shown);
        end = stpcpy(end, shown);
    }
    return mem_resize(text, (size_t)(end - text) + 1);
}

size_t terminal_width(const char *text)
{
    size_t width = 0;
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        mbstate_t state = {0};
        wchar_t c = 0;
        size_t taken = mbrtowc(&c, text + at, length - at, &state);
        bool is_character = taken > 0 && taken <= length - at;
        int columns = is_character ? wcwidth(c) : 1;
        width += columns > 0 ? (size_t)columns : 0;
        at += is_character ? taken : 1;
    }
    return width;
}

void ctl_fail(const char *format, ...)
{
    char *line = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&line, format, args);
    va_end(args);
    if (length >= 0) {
        char *shown = terminal_text(line, (size_t)length);
        (void)fflush(stdout);
        (void)fprintf(stderr, "parleyctl: %s\n", shown);
        free(shown);
        free(line);
    }
    _exit(CTL_EXIT_USAGE);
}
