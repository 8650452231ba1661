/*
 * ctl_options - the command line of parleyctl.
 *
 * An option may stand before or behind the command's words; some are also environment
 * variables, under the names that parleyd has for them. A flag beats the environment.
 */
#ifndef PARLEY_CTL_OPTIONS_H
#define PARLEY_CTL_OPTIONS_H

#include "options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CTL_WORDS_MAX = 3 };

struct ctl_options {
    char *redis;
    char *redis_password;      /* "": what the URL says */
    char *redis_password_file; /* "": none */
    char *redis_ca;            /* "": the system's */
    char *prefix;
    int64_t timeout_ms;
    bool is_json;
    int64_t limit;         /* 0: the command's own */
    char *key;             /* "": none */
    int64_t history_size;  /* -1: as the channel is kept */
    int64_t history_ttl_s; /* 0: as the channel is kept */
    int64_t settle_ms;
    const char *printed; /* NULL, or the form of the manual that is asked for */
    bool is_help;
    bool is_version;
    const char *words[CTL_WORDS_MAX]; /* the command first; *borrowed* from argv */
    size_t word_count;
};

extern const struct options_table ctl_options_table;

/* Ends the program with CTL_EXIT_USAGE and one line that names what was wrong. */
void ctl_options_read(struct ctl_options *options, int argc, char **argv);
void ctl_options_finish(struct ctl_options *options);
/* Ends it too if an option was given that is not for this command. */
void ctl_options_check_command(const struct ctl_options *options);

#endif
