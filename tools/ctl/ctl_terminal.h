/*
 * ctl_terminal - what reaches the eyes of people.
 *
 * Names and messages were chosen by strangers, and a terminal obeys what it is sent: so
 * nothing goes there but through terminal_text. Colours are for terminals only, and not for
 * those who set NO_COLOR.
 */
#ifndef PARLEY_CTL_TERMINAL_H
#define PARLEY_CTL_TERMINAL_H

#include <stddef.h>

enum { CTL_EXIT_OK = 0, CTL_EXIT_FOUND = 1, CTL_EXIT_USAGE = 2 };

enum terminal_style {
    STYLE_HEAD,
    STYLE_GOOD,
    STYLE_WAIT,
    STYLE_BAD,
    STYLE_PLAIN, /* ends the others */
};

/* Before anything is printed. */
void terminal_init(void);

/* What switches the style on; "" where there are no colours. */
const char *terminal_style(enum terminal_style style);

/* Control characters, signs that turn the direction of writing and octets that are no UTF-8
 * become \x1b or \u{202e}. *new* */
char *terminal_text(const char *bytes, size_t length);

/* How many columns a text takes that terminal_text has made. */
size_t terminal_width(const char *text);

/* One line on stderr, then the end, with CTL_EXIT_USAGE. */
__attribute__((noreturn, format(printf, 1, 2))) void ctl_fail(const char *format, ...);

#endif
