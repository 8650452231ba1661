/*
 * ctl_options - the command line of parleyctl; see ctl_options.h.
 *
 * To add an option: a member of the struct, a row in the table, and if not every command takes
 * it, a line in takers.
 */
#include "ctl_options.h"

#include "ctl_terminal.h"
#include "options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct ctl_options, field)

enum { PREFIX_BYTES_MAX = 64 };

/* clang-format off */
static const struct option rows[] = {
    {"redis", OPTION_URL, AT(redis), "redis://127.0.0.1:6380", 0, 0, "URL", "redis://[user:password@]host:port[/db], rediss://, unix:///path; a password is better given by the environment; the default is that of deploy/local"},
    {"redis-password", OPTION_SECRET, AT(redis_password), "", 0, 0, "TEXT", "password of Redis, where the URL has none"},
    {"redis-password-file", OPTION_TEXT, AT(redis_password_file), "", 0, 0, "FILE", "the same, from a file"},
    {"redis-ca", OPTION_TEXT, AT(redis_ca), "", 0, 0, "FILE", "certificates to trust for rediss:// (default: the system's)"},
    {"prefix", OPTION_NAME, AT(prefix), "parley", 1, PREFIX_BYTES_MAX, "TEXT", "what every key in Redis begins with"},
    {"timeout-ms", OPTION_NUMBER, AT(timeout_ms), "5000", 50, 10000000, "MS", "deadline of one Redis command"},
    {"json", OPTION_SWITCH, AT(is_json), "", 0, 0, NULL, "print JSON, one line, for scripts; watch: one line an event"},
    {"limit", OPTION_NUMBER, AT(limit), "", 1, 1000000, "N", "how many are listed at most (default 1000; history: 50)"},
    {"key", OPTION_TEXT, AT(key), "", 0, 0, "KEY", "idempotency key: published once in 5 minutes, however often it is tried"},
    {"history-size", OPTION_NUMBER, AT(history_size), "", 0, 10000, "N", "messages the channel keeps; 0: this one is not kept (default: what the channel keeps already, 50 at least)"},
    {"history-ttl-s", OPTION_NUMBER, AT(history_ttl_s), "", 1, 31536000, "S", "how long the log is kept from now on (default: as long as it was to be; 3600 if this begins it)"},
    {"settle-ms", OPTION_NUMBER, AT(settle_ms), "10000", 0, 600000, "MS", "how long a fault must last to be one"},
    OPTION_PRINT_ROWS(AT(printed)),
    {"version", OPTION_SWITCH, AT(is_version), "", 0, 0, NULL, "print the version and exit"},
    {"help", OPTION_SWITCH, AT(is_help), "", 0, 0, NULL, "print this and exit"},
};
/* clang-format on */

static const struct option_variable variables[] = {
    {"redis", "PARLEY_REDIS"},
    {"redis-password", "PARLEY_REDIS_PASSWORD"},
    {"redis-password-file", "PARLEY_REDIS_PASSWORD_FILE"},
    {"redis-ca", "PARLEY_REDIS_CA"},
    {"prefix", "PARLEY_REDIS_PREFIX"},
    {"timeout-ms", "PARLEY_REDIS_TIMEOUT_MS"},
};

/* Who takes an option that is not for all: commands, each with a blank on both sides. */
static const struct taker {
    const char *option;
    const char *commands;
} takers[] = {
    {"limit", " channels who user history "},
    {"key", " publish "},
    {"history-size", " publish "},
    {"history-ttl-s", " publish "},
    {"settle-ms", " doctor "},
};

const struct options_table ctl_options_table = {
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .variables = variables,
    .variable_count = sizeof(variables) / sizeof(variables[0]),
};

static struct options_reader reader;

static void fail_if(char *error)
{
    if (error)
        ctl_fail("%s (see parleyctl --help)", error);
}

void ctl_options_read(struct ctl_options *options, int argc, char **argv)
{
    *options = (struct ctl_options){.history_size = -1};
    options_begin(&reader, &ctl_options_table, options);
    reader.words = options->words;
    reader.word_max = CTL_WORDS_MAX;
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *name = variables[i].option;
        const struct option *option = options_find(&ctl_options_table, name, strlen(name), '-');
        assert(option);
        fail_if(options_read_variable(&reader, option, getenv(variables[i].variable)));
    }
    fail_if(options_read_flags(&reader, argc, argv));
    options->word_count = reader.word_count;
}

void ctl_options_check_command(const struct ctl_options *options)
{
    char word[32];
    (void)snprintf(word, sizeof(word), " %.29s ", options->words[0]);
    for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
        const char *name = takers[i].option;
        const struct option *option = options_find(&ctl_options_table, name, strlen(name), '-');
        assert(option);
        if (options_was_given(&reader, option) && !strstr(takers[i].commands, word))
            ctl_fail("--%s is not for %s (see parleyctl --help)", name, options->words[0]);
        if (options_was_given(&reader, option) && option->kind == OPTION_TEXT &&
            !option_text(option, options)[0])
            ctl_fail("--%s must not be empty", name);
    }
}

void ctl_options_finish(struct ctl_options *options)
{
    options_finish(&ctl_options_table, options);
}
