/*
 * ctl_options - the command line of parleyctl; see ctl_options.h.
 *
 * To add an option: a field in the struct, a row in the table.
 */
#include "ctl_options.h"

#include "ctl_terminal.h"
#include "manual.h"
#include "text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum option_kind { KIND_TEXT, KIND_NUMBER, KIND_SWITCH, KIND_PRINT };

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;
    const char *value; /* the default, NULL: none */
    int64_t min;
    int64_t max;
    const char *metavar;
    const char *variable; /* of the environment, NULL: none */
    const char *commands; /* that take it, each with a blank on both sides; NULL: all */
    const char *help;
};

#define AT(field) offsetof(struct ctl_options, field)

/* clang-format off */
static const struct option options_table[] = {
    {"redis", KIND_TEXT, AT(redis), "redis://127.0.0.1:6380", 0, 0, "URL", "PARLEY_REDIS", NULL, "redis://[user:password@]host:port[/db], rediss://, unix:///path (default redis://127.0.0.1:6380, that of deploy/local; a password is better given by the environment)"},
    {"redis-password", KIND_TEXT, AT(redis_password), "", 0, 0, "TEXT", "PARLEY_REDIS_PASSWORD", NULL, "password of Redis, where the URL has none"},
    {"redis-password-file", KIND_TEXT, AT(redis_password_file), "", 0, 0, "FILE", "PARLEY_REDIS_PASSWORD_FILE", NULL, "the same, from a file"},
    {"redis-ca", KIND_TEXT, AT(redis_ca), "", 0, 0, "FILE", "PARLEY_REDIS_CA", NULL, "certificates to trust for rediss:// (default: the system's)"},
    {"prefix", KIND_TEXT, AT(prefix), "parley", 0, 0, "TEXT", "PARLEY_REDIS_PREFIX", NULL, "what every key in Redis begins with (default parley)"},
    {"timeout-ms", KIND_NUMBER, AT(timeout_ms), "5000", 50, 10000000, "MS", "PARLEY_REDIS_TIMEOUT_MS", NULL, "deadline of one Redis command (default 5000)"},
    {"json", KIND_SWITCH, AT(is_json), NULL, 0, 0, NULL, NULL, NULL, "print JSON, one line, for scripts; watch: one line an event"},
    {"limit", KIND_NUMBER, AT(limit), NULL, 1, 1000000, "N", NULL, " channels who user history ", "how many are listed at most (default 1000; history: 50)"},
    {"key", KIND_TEXT, AT(key), NULL, 0, 0, "KEY", NULL, " publish ", "idempotency key: published once in 5 minutes, however often it is tried"},
    {"history-size", KIND_NUMBER, AT(history_size), NULL, 0, 10000, "N", NULL, " publish ", "messages the channel keeps; 0: this one is not kept (default: what the channel keeps already, 50 at least)"},
    {"history-ttl-s", KIND_NUMBER, AT(history_ttl_s), NULL, 1, 31536000, "S", NULL, " publish ", "how long the log is kept from now on (default: as long as it was to be; 3600 if this begins it)"},
    {"settle-ms", KIND_NUMBER, AT(settle_ms), "10000", 0, 600000, "MS", NULL, " doctor ", "how long a fault must last to be one (default 10000)"},
    {"print-man", KIND_PRINT, AT(printed), NULL, 0, 0, NULL, NULL, NULL, "print the manual page and exit"},
    {"print-bash-completion", KIND_PRINT, AT(printed), NULL, 0, 0, NULL, NULL, NULL, "print what bash completes and exit"},
    {"print-zsh-completion", KIND_PRINT, AT(printed), NULL, 0, 0, NULL, NULL, NULL, "print what zsh completes and exit"},
    {"version", KIND_SWITCH, AT(is_version), NULL, 0, 0, NULL, NULL, NULL, "print the version and exit"},
    {"help", KIND_SWITCH, AT(is_help), NULL, 0, 0, NULL, NULL, NULL, "print this and exit"},
};
/* clang-format on */

enum { OPTION_COUNT = sizeof(options_table) / sizeof(options_table[0]), PREFIX_BYTES_MAX = 64 };

static_assert((int)OPTION_COUNT <= (int)CTL_OPTIONS_MAX, "what is described has room for all");

/* Options that are for some commands only, and were given. */
static bool was_given[OPTION_COUNT];

static void store(struct ctl_options *options, const struct option *option, const char *name,
                  const char *text)
{
    void *field = (char *)options + option->offset;
    switch (option->kind) {
    case KIND_TEXT:
        *(const char **)field = text;
        break;
    case KIND_NUMBER:
        if (!text_to_int(text, option->min, option->max, field))
            ctl_fail("%s must be a whole number from %lld to %lld, not \"%.100s\"", name,
                     (long long)option->min, (long long)option->max, text);
        break;
    case KIND_SWITCH:
        *(bool *)field = true;
        break;
    case KIND_PRINT:
        *(const char **)field = option->name + strlen("print-");
        break;
    }
}

static const struct option *find(const char *name, size_t length)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strncmp(options_table[i].name, name, length) == 0 &&
            options_table[i].name[length] == '\0')
            return &options_table[i];
    }
    return NULL;
}

/* --name VALUE, --name=VALUE or --switch; *at is moved past what was used. */
static void read_flag(struct ctl_options *options, int argc, char **argv, int *at)
{
    const char *flag = argv[(*at)++];
    if (strcmp(flag, "-h") == 0)
        flag = "--help";
    size_t length = strcspn(flag, "=");
    const char *value = flag[length] ? flag + length + 1 : NULL;
    const struct option *option =
        strncmp(flag, "--", 2) == 0 ? find(flag + 2, length - 2) : NULL;
    if (!option || (!option->metavar && value))
        ctl_fail("unknown option \"%.100s\" (see parleyctl --help)", flag);
    if (option->metavar && !value) {
        if (*at >= argc)
            ctl_fail("%s needs a value", flag);
        value = argv[(*at)++];
    }
    char name[32];
    (void)snprintf(name, sizeof(name), "--%s", option->name);
    store(options, option, name, value);
    was_given[option - options_table] = true;
}

static void read_words(struct ctl_options *options, int argc, char **argv)
{
    bool is_past_flags = false;
    for (int at = 1; at < argc;) {
        if (!is_past_flags && strcmp(argv[at], "--") == 0) {
            is_past_flags = true;
            at++;
        } else if (!is_past_flags && argv[at][0] == '-' && argv[at][1]) {
            read_flag(options, argc, argv, &at);
        } else if (options->word_count < CTL_WORDS_MAX) {
            options->words[options->word_count++] = argv[at++];
        } else {
            ctl_fail("unexpected argument \"%.100s\" (see parleyctl --help)", argv[at]);
        }
    }
}

/* As parleyd wants it: then no key of another prefix can look like one of ours. */
static void check_prefix(const char *prefix)
{
    size_t length = strlen(prefix);
    if (length == 0 || length > PREFIX_BYTES_MAX ||
        strspn(prefix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") !=
            length)
        ctl_fail("--prefix must be 1 to %d letters, digits or any of - _ . : and not "
                 "\"%.100s\"",
                 PREFIX_BYTES_MAX, prefix);
}

void ctl_options_read(struct ctl_options *options, int argc, char **argv)
{
    *options = (struct ctl_options){.history_size = -1};
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &options_table[i];
        const char *set = option->variable ? getenv(option->variable) : NULL;
        if (option->value)
            store(options, option, option->name, option->value);
        if (set && set[0])
            store(options, option, option->variable, set);
    }
    read_words(options, argc, argv);
    check_prefix(options->prefix);
}

void ctl_options_check_command(const struct ctl_options *options)
{
    char word[32];
    (void)snprintf(word, sizeof(word), " %.29s ", options->words[0]);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (was_given[i] && options_table[i].commands &&
            !strstr(options_table[i].commands, word))
            ctl_fail("--%s is not for %s (see parleyctl --help)", options_table[i].name,
                     options->words[0]);
    }
}

void ctl_options_print(FILE *out)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &options_table[i];
        (void)fprintf(out, "  --%s%s%s\n        %s\n", option->name, option->metavar ? " " : "",
                      option->metavar ? option->metavar : "", option->help);
        if (option->variable)
            (void)fprintf(out, "        [%s]\n", option->variable);
    }
}

size_t ctl_options_describe(struct manual_option *ret_options)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &options_table[i];
        ret_options[i] = (struct manual_option){
            .name = option->name,
            .metavar = option->metavar,
            .variable = option->variable,
            .help = option->help,
        };
    }
    return OPTION_COUNT;
}
