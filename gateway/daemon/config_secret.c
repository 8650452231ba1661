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

const struct option *config_find_secret_file(const struct option *secret)
{
    char name[OPTION_NAME_BYTES_MAX];
    if (secret->kind != OPTION_SECRET)
        return NULL;
    (void)snprintf(name, sizeof(name), "%s-file", secret->name);
    return options_find(&config_table, name, strlen(name), '-');
}

static char *read_into(const struct option *secret, const struct option *from,
                       struct config *config)
{
    char *problem = NULL;
    char *text = secret_file_read(option_text(from, config), &problem);
    if (!text) {
        char *error = mem_printf("--%s: %s", from->name, problem);
        free(problem);
        return error;
    }
    option_store(secret, config, text);
    explicit_bzero(text, strlen(text));
    free(text);
    return NULL;
}

char *config_read_secrets(struct config *config)
{
    char *error = NULL;
    for (size_t i = 0; i < config_table.count && !error; i++) {
        const struct option *secret = &config_table.rows[i];
        const struct option *from = config_find_secret_file(secret);
        if (!from || !option_text(from, config)[0])
            continue;
        if (option_text(secret, config)[0])
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
        const struct option *option = options_find_flag(&config_table, argv[i]);
        char *equals = strchr(argv[i], '=');
        if (option && equals)
            hide(option, equals + 1);
        else if (option && !option_is_switch(option) && i + 1 < argc)
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
