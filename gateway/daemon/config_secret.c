/*
 * config_secret - secrets from files, and out of the sight of others; see config_body.h.
 *
 * The command line and the environment of a process can be read by others (/proc/PID/cmdline
 * by everybody, /proc/PID/environ by the same user), for as long as it runs: what was given
 * there is overwritten once it is known.
 */
#include "config_body.h"

#include "mem.h"
#include "secret_file.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES_MAX = 64 };

const struct option *config_find_secret_file(const struct option *secret)
{
    char name[NAME_BYTES_MAX];
    (void)snprintf(name, sizeof(name), "%s-file", secret->name);
    return config_find_option(name, strlen(name), '-');
}

static const char *text_of(const struct option *option, const struct config *config)
{
    return *(char *const *)config_field(option, config);
}

static char *read_into(const struct option *secret, const struct option *from,
                       struct config *config)
{
    char *problem = NULL;
    char *text = secret_file_read(text_of(from, config), &problem);
    if (!text) {
        char *error = mem_printf("--%s: %s", from->name, problem);
        free(problem);
        return error;
    }
    config_store(secret, config, text);
    explicit_bzero(text, strlen(text));
    free(text);
    return NULL;
}

char *config_read_secrets(struct config *config)
{
    char *error = NULL;
    for (size_t i = 0; i < config_option_count && !error; i++) {
        const struct option *secret = &config_options[i];
        const struct option *from =
            secret->kind == OPTION_SECRET ? config_find_secret_file(secret) : NULL;
        if (!from || !text_of(from, config)[0])
            continue;
        if (text_of(secret, config)[0])
            return mem_printf("--%s and --%s are both given", secret->name, from->name);
        error = read_into(secret, from, config);
    }
    return error;
}

/* ------------------------------------------------------------------ out of the sight */

static void hide(const struct option *option, char *value)
{
    size_t length = strlen(value);
    if (option->kind == OPTION_SECRET) {
        memset(value, '*', length);
    } else if (option->kind == OPTION_URL) {
        const char *password = config_find_password(value, &length);
        if (password)
            memset(value + (password - value), '*', length);
    }
}

void config_hide_secrets(int argc, char **argv, char **environment)
{
    for (int i = 1; i < argc; i++) {
        const struct option *option = config_find_flag(argv[i]);
        char *equals = strchr(argv[i], '=');
        if (option && equals)
            hide(option, equals + 1);
        else if (option && !config_is_switch(option) && i + 1 < argc)
            hide(option, argv[++i]);
    }
    for (; *environment; environment++) {
        char *equals = strchr(*environment, '=');
        if (!equals)
            continue;
        *equals = '\0';
        const struct option *option = config_find_variable(*environment);
        *equals = '=';
        if (option)
            hide(option, equals + 1);
    }
}
