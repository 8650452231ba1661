/*
 * options - the command line and the environment of a program, from one table.
 *
 * A program has a struct of its own and a table with a row for each of its members that a user
 * can set: name, kind, default, limits, help. From the table come what is read, what is refused
 * and why, --help, the manual page and what shells complete (manual.h).
 */
#ifndef PARLEY_OPTIONS_H
#define PARLEY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_kind {
    OPTION_TEXT,   /* char *, as all that are not named otherwise below */
    OPTION_LIST,   /* text; a flag that is repeated adds to it, with a comma between */
    OPTION_NUMBER, /* int64_t */
    OPTION_INT,    /* int */
    OPTION_REAL,   /* double */
    OPTION_SWITCH, /* bool; on the command line only */
    OPTION_TOGGLE, /* bool; a switch that the environment and the file have, too: on, off */
    OPTION_PRINT,  /* const char *, the form of the manual that is asked for: a switch print-man
                    * stores "man" */
    OPTION_ADDRESS,
    OPTION_CHOICE, /* int: the number of the word, the enum's value */
    OPTION_ON_OFF, /* bool */
    OPTION_NAME,   /* of min to max letters, digits, - _ . and : */
    OPTION_SECRET, /* text that is never printed */
    OPTION_URL,    /* text whose password is never printed */
    OPTION_JSON,   /* an object; whoever uses it checks what it holds */
};

/* A row of a table. */
struct option {
    const char *name; /* as a flag, without the dashes */
    enum option_kind kind;
    size_t offset;     /* of the member in the program's struct */
    const char *value; /* the default; "" for what is no text: what the member holds already */
    double min;        /* whole for what is whole; up to 2^53 */
    double max;
    const char *metavar; /* NULL: a switch; for a choice the words, with | between them */
    const char *help;
};

/* The variable of the environment that an option has against the rule. */
struct option_variable {
    const char *option;
    const char *variable;
};

/* The rows that every program has for its manual; offset: of the member that is told which
 * form. */
#define OPTION_PRINT_ROWS(offset)                                                              \
    {"print-man", OPTION_PRINT, offset, "", 0, 0, NULL, "print the manual page and exit"},     \
        {"print-bash-completion",                                                              \
         OPTION_PRINT,                                                                         \
         offset,                                                                               \
         "",                                                                                   \
         0,                                                                                    \
         0,                                                                                    \
         NULL,                                                                                 \
         "print what bash completes and exit"},                                                \
    {                                                                                          \
        "print-zsh-completion", OPTION_PRINT, offset, "", 0, 0, NULL,                          \
            "print what zsh completes and exit"                                                \
    }

struct options_table {
    const struct option *rows;
    size_t count;
    const char *variable_prefix; /* "PARLEY_": idle-timeout-ms is PARLEY_IDLE_TIMEOUT_MS;
                                  * NULL: no option is a variable but those below */
    const struct option_variable *variables;
    size_t variable_count;
};

/* Who has spoken for an option; the later beats the earlier. */
enum option_source { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

enum { OPTIONS_MAX = 128, OPTION_NAME_BYTES_MAX = 64 };

/* A program's struct while it is read. */
struct options_reader {
    const struct options_table *table;
    void *target;
    enum option_source sources[OPTIONS_MAX]; /* who has spoken for each row */
    const char **words; /* NULL: none are taken; what is no option, *borrowed* from argv */
    size_t word_count;
    size_t word_max;
};

/* Stores the defaults. target must be zeroed, but for what has no default in the table. */
void options_begin(struct options_reader *reader, const struct options_table *table,
                   void *target);
/* Frees the texts of a program's struct. */
void options_finish(const struct options_table *table, void *target);

/*
 * The three answer NULL, or one line that names what was wrong (*new*).
 *
 * options_set: name is the option as the user wrote it. What a stronger source said stands.
 * options_read_flags: --name VALUE, --name=VALUE or --switch; words may stand between them, and
 * all that stands behind -- is a word.
 * options_read_variable: of an option that has one; NULL or "": it is not set.
 */
char *options_set(struct options_reader *reader, enum option_source source,
                  const struct option *option, const char *name, const char *text);
char *options_read_flags(struct options_reader *reader, int argc, char **argv);
char *options_read_variable(struct options_reader *reader, const struct option *option,
                            const char *text);

/* Has the user spoken for it? */
bool options_was_given(const struct options_reader *reader, const struct option *option);

/* NULL: there is none. separator: what stands in the name for '-': flags say idle-timeout-ms,
 * files idle_timeout_ms. */
const struct option *options_find(const struct options_table *table, const char *name,
                                  size_t length, char separator);
/* The option that begins an argument of the command line; NULL: it is none. */
const struct option *options_find_flag(const struct options_table *table, const char *argument);
/* ": did you mean --NAME?" or "". prefix: as the user writes options. *new* */
char *options_suggest(const struct options_table *table, const char *prefix, const char *name,
                      size_t length, char separator);
/* The option's variable. *new*; NULL: it has none. */
char *options_variable(const struct options_table *table, const struct option *option);

/* Neither the environment nor a file has it. */
bool option_is_flag_only(const struct option *option);
/* A flag without a value. */
bool option_is_switch(const struct option *option);
/* Where it stands in the program's struct. */
void *option_field(const struct option *option, const void *target);
/* The text of one that is a text. *borrowed* */
const char *option_text(const struct option *option, const void *target);
/* Stores a text that option_check has found right. */
void option_store(const struct option *option, void *target, const char *text);
/* What is wrong with the text for this option, NULL if nothing. name: as the user wrote it.
 * *new* */
char *option_check(const struct option *option, const char *name, const char *text);
/* The word of a choice that has this number. *new* */
char *option_choice_word(const struct option *option, int number);

/* For --help: each option with its meaning and its default, and its variable where there is no
 * rule for it. */
void options_print_help(const struct options_table *table, FILE *out);

#endif
