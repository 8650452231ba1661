/*
 * config_print - the options for people (--help) and for a file (--print-config); see config.h.
 */
#include "config_body.h"

#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

void config_print_help(FILE *out)
{
    (void)fprintf(out, "parleyd - WebSocket gateway for chat and presence\n\n"
                       "usage: parleyd [options]\n\n"
                       "Each option is also an environment variable (--idle-timeout-ms is\n"
                       "PARLEY_IDLE_TIMEOUT_MS) and a key of the --config file "
                       "(\"idle_timeout_ms\").\n\n");
    options_print_help(&config_table, out);
}

void config_print_version(FILE *out)
{
    (void)fprintf(out, "parleyd %s\n", PARLEY_VERSION);
}

const char *config_find_password(const char *url, size_t *ret_length)
{
    const char *at = strrchr(url, '@');
    const char *start = strstr(url, "://");
    if (!at || !start || at < start)
        return NULL;
    const char *user = start + 3;
    const char *colon = memchr(user, ':', (size_t)(at - user));
    const char *password = colon ? colon + 1 : user; /* a password alone */
    *ret_length = (size_t)(at - password);
    return password;
}

char *config_mask_url(const char *url)
{
    size_t length;
    const char *password = config_find_password(url, &length);
    if (!password)
        return mem_strdup(url);
    return mem_printf("%.*s***%s", (int)(password - url), url, password + length);
}

/* A secret that a file holds is named by the file alone, so that what is printed can be read.
 */
static bool is_from_file(const struct option *secret, const struct config *config)
{
    const struct option *file = config_find_secret_file(secret);
    return file && option_text(file, config)[0];
}

static char *show_text(const struct option *option, const struct config *config)
{
    const char *text = option_text(option, config);
    if (option->kind == OPTION_SECRET)
        return mem_strdup(text[0] && !is_from_file(option, config) ? "***" : "");
    return option->kind == OPTION_URL ? config_mask_url(text) : mem_strdup(text);
}

/* *new* */
static char *show(const struct option *option, const struct config *config)
{
    const void *field = option_field(option, config);
    if (option->kind == OPTION_CHOICE)
        return option_choice_word(option, *(const int *)field);
    if (option->kind == OPTION_ON_OFF)
        return mem_strdup(*(const bool *)field ? "on" : "off");
    return show_text(option, config);
}

static void print_value(const struct option *option, const struct config *config, FILE *out)
{
    const void *field = option_field(option, config);
    if (option->kind == OPTION_NUMBER) {
        (void)fprintf(out, "%lld", (long long)*(const int64_t *)field);
        return;
    }
    if (option->kind == OPTION_TOGGLE) {
        (void)fputs(*(const bool *)field ? "true" : "false", out);
        return;
    }
    char *shown = show(option, config);
    if (option->kind == OPTION_JSON) {
        (void)fputs(shown[0] ? shown : "{}", out);
    } else {
        char *json = text_to_json(shown);
        (void)fputs(json, out);
        free(json);
    }
    free(shown);
}

void config_print(const struct config *config, FILE *out)
{
    bool is_first = true;
    (void)fprintf(out, "{\n");
    for (size_t i = 0; i < config_table.count; i++) {
        if (option_is_flag_only(&config_table.rows[i]) ||
            strcmp(config_table.rows[i].name, "config") == 0)
            continue;
        (void)fprintf(out, "%s    \"", is_first ? "" : ",\n");
        for (const char *c = config_table.rows[i].name; *c; c++)
            (void)fputc(*c == '-' ? '_' : *c, out);
        (void)fprintf(out, "\": ");
        print_value(&config_table.rows[i], config, out);
        is_first = false;
    }
    (void)fprintf(out, "\n}\n");
}
