/*
 * config_body - the table of options, for the files that config is made of and nobody else.
 */
#ifndef PARLEY_CONFIG_BODY_H
#define PARLEY_CONFIG_BODY_H

#include "config.h"

#include <stddef.h>

enum option_kind {
    OPTION_TEXT,
    OPTION_NUMBER,
    OPTION_SWITCH, /* on the command line only */
    OPTION_TOGGLE, /* a switch that the environment and the file have, too: on, off */
    OPTION_ADDRESS,
    OPTION_CHOICE, /* an int: the number of the word, the enum's value */
    OPTION_ON_OFF, /* a bool */
    OPTION_NAME,
    OPTION_SECRET, /* text that is never printed; NAME-file names a file that holds it */
    OPTION_URL,    /* text whose password is never printed */
    OPTION_JSON,   /* an object; whoever uses it checks what it holds */
};

struct option {
    const char *name; /* as a flag, without the dashes */
    enum option_kind kind;
    size_t offset;
    const char *value; /* the default */
    int64_t min;
    int64_t max;
    const char *metavar; /* for a choice: the choices */
    const char *help;
};

extern const struct option config_options[];
extern const size_t config_option_count;

/* NULL: there is none. separator: what stands in the name for '-': flags say idle-timeout-ms,
 * files idle_timeout_ms. */
const struct option *config_find_option(const char *name, size_t length, char separator);
/* The option of a variable such as PARLEY_IDLE_TIMEOUT_MS; NULL: of none. */
const struct option *config_find_variable(const char *variable);
/* The option that begins an argument of the command line; NULL: it is none. */
const struct option *config_find_flag(const char *argument);

/* A flag without a value. */
bool config_is_switch(const struct option *option);
void *config_field(const struct option *option, const struct config *config);
void config_store(const struct option *option, struct config *config, const char *text);

/* The number of a word among those of a choice; -1: it is none. */
int config_choice_number(const struct option *option, const char *text);
/* The word of that number. *new* */
char *config_choice_word(const struct option *option, int number);
/* What is wrong with the text for this option, NULL if nothing. name: as the user wrote it.
 * *new* */
char *config_check_text(const struct option *option, const char *name, const char *text);
/* What is wrong with options that are each right by themselves. *new* */
char *config_check_whole(const struct config *config);

/* What to say of a variable that begins as ours do and is no option; NULL: it is known to
 * others. *new* */
char *config_unknown_variable(const char *variable, const char *value);
/* ": did you mean --NAME?" or "". prefix: as the user writes options. *new* */
char *config_suggest(const char *prefix, const char *name, size_t length, char separator);

/* What --strict refuses; NULL: nothing. *new* */
char *config_first_warning(const struct config *config);
/* Takes secrets from the files that hold them. NULL, or what was wrong. *new* */
char *config_read_secrets(struct config *config);
/* The option that names a secret's file; NULL: there is none. */
const struct option *config_find_secret_file(const struct option *secret);
/* Where the password stands in a URL; NULL: nowhere. *borrowed* */
const char *config_find_password(const char *url, size_t *ret_length);

#endif
