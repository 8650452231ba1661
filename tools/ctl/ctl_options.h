/*
 * ctl_options - the command line of parleyctl.
 *
 * An option may stand before or behind the command's words; some are also environment
 * variables, under the names that parleyd has for them. A flag beats the environment.
 */
#ifndef PARLEY_CTL_OPTIONS_H
#define PARLEY_CTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct manual_option;

enum { CTL_WORDS_MAX = 3, CTL_OPTIONS_MAX = 32 };

/* All texts are borrowed from the command line, the environment or the table of defaults. */
struct ctl_options {
    const char *redis;
    const char *redis_password;      /* "": what the URL says */
    const char *redis_password_file; /* "": none */
    const char *redis_ca;            /* "": the system's */
    const char *prefix;
    int64_t timeout_ms;
    bool is_json;
    int64_t limit;
    const char *key;       /* NULL: none */
    int64_t history_size;  /* -1: as the channel is kept */
    int64_t history_ttl_s; /* 0: as the channel is kept */
    int64_t settle_ms;
    const char *printed; /* NULL, or the form of the manual that is asked for */
    bool is_help;
    bool is_version;
    const char *words[CTL_WORDS_MAX]; /* the command first */
    size_t word_count;
};

/* Ends the program with CTL_EXIT_USAGE and one line that names what was wrong. */
void ctl_options_read(struct ctl_options *options, int argc, char **argv);
/* Ends it too if an option was given that is not for this command. */
void ctl_options_check_command(const struct ctl_options *options);
void ctl_options_print(FILE *out);
/* Describes the options for the manual, and answers how many there are: CTL_OPTIONS_MAX at
 * most. */
size_t ctl_options_describe(struct manual_option *ret_options);

#endif
