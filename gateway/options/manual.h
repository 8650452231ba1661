/*
 * manual - the manual page of a program, and what shells complete, from its table of options.
 *
 * Each program hands over its table and what else there is to say, so that nothing is said in
 * two places.
 */
#ifndef PARLEY_MANUAL_H
#define PARLEY_MANUAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct options_table;

struct manual_command {
    const char *name;
    const char *arguments; /* "": none */
    const char *help;
};

/* Each line of the text is a paragraph; a line "WORD<tab>MEANING" is one of a list. */
struct manual_section {
    const char *title;
    const char *text;
};

/* Everything in it is borrowed. */
struct manual {
    const char *program;
    const char *section; /* of the manual: "1", "8" */
    const char *about;   /* half a line */
    const char *usage;   /* what stands behind the program's name */
    const char *description;
    const struct options_table *options;
    const struct manual_command *commands;
    size_t command_count;
    const struct manual_section *sections; /* behind the options */
    size_t section_count;
};

/* what: "man" (for man(1), in the language of its macros), "bash-completion" or
 * "zsh-completion". False: it is none of them, and nothing was printed. */
bool manual_print(const struct manual *manual, const char *what, FILE *out);

#endif
