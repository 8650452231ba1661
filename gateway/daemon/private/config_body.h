/*
 * config_body - the table of options, for the files that config is made of and nobody else.
 */
#ifndef PARLEY_CONFIG_BODY_H
#define PARLEY_CONFIG_BODY_H

#include "config.h"
#include "options.h"

extern const struct options_table config_table;

/* The option of a variable such as PARLEY_IDLE_TIMEOUT_MS; NULL: of none. */
const struct option *config_find_variable(const char *variable);
/* What to say of a variable that begins as ours do and is no option; NULL: it is known to
 * others. *new* */
char *config_unknown_variable(const char *variable, const char *value);

/* What is wrong with options that are each right by themselves. *new* */
char *config_check_whole(const struct config *config);
/* What --strict refuses; NULL: nothing. *new* */
char *config_first_warning(const struct config *config);
/* Takes secrets from the files that hold them. NULL, or what was wrong. *new* */
char *config_read_secrets(struct config *config);
/* The option that names the file of a secret; NULL: there is none, or it is no secret. */
const struct option *config_find_secret_file(const struct option *secret);
/* Where the password stands in a URL; NULL: nowhere. *borrowed* */
const char *config_find_password(const char *url, size_t *ret_length);

#endif
