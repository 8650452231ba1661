/*
 * config_variable - options as variables of the environment, and names that are none.
 *
 * What begins with PARLEY_ was meant for us: a name that is no option is refused, since a typo
 * in PARLEY_TOKEN_SECRET would leave the gateway open to all. But for names that others set.
 */
#include "config_body.h"

#include "mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_BYTES_MAX = 64,
    DISTANCE_MAX = 3, /* slips of the finger between a name and the one it may mean */
};

static const char variable_prefix[] = "PARLEY_";

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_ours(const char *variable)
{
    return begins_with(variable, variable_prefix);
}

/* As the option in a file has it: PARLEY_IDLE_TIMEOUT_MS is idle_timeout_ms. */
static void fold(const char *variable, char name[NAME_BYTES_MAX])
{
    size_t i = 0;
    variable += strlen(variable_prefix);
    for (; variable[i] && i < NAME_BYTES_MAX - 1; i++)
        name[i] = (char)tolower((unsigned char)variable[i]);
    name[i] = '\0';
}

const struct option *config_find_variable(const char *variable)
{
    char name[NAME_BYTES_MAX] = "";
    if (!is_ours(variable))
        return NULL;
    fold(variable, name);
    const struct option *option = config_find_option(name, strlen(name), '_');
    return option && option->kind != OPTION_SWITCH ? option : NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* What Kubernetes sets in each container for a service named parley, or parley-anything:
 * PARLEY_SERVICE_HOST=10.0.0.1, PARLEY_PORT=tcp://10.0.0.1:80, PARLEY_PORT_80_TCP_ADDR=... */
static bool is_of_a_service(const char *variable, const char *value)
{
    const char *port = strstr(variable, "_PORT_");
    return strstr(variable, "_SERVICE_HOST") || strstr(variable, "_SERVICE_PORT") ||
           (port && (strstr(port, "_TCP") || strstr(port, "_UDP"))) ||
           (ends_with(variable, "_PORT") && strstr(value, "://"));
}

/* Those of docker-compose.yml, of deploy/haproxy.cfg and of the benchmark. */
static bool is_of_another_program(const char *variable)
{
    static const char *const names[] = {"PARLEY_BIND",   "PARLEY_PORT",  "PARLEY_NOFILE",
                                        "PARLEY_SUBNET", "PARLEY_BENCH", "PARLEY_BUILT"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(variable, names[i]) == 0)
            return true;
    }
    return begins_with(variable, "PARLEY_LB_");
}

char *config_unknown_variable(const char *variable, const char *value)
{
    char name[NAME_BYTES_MAX] = "";
    if (!is_ours(variable) || is_of_another_program(variable) ||
        is_of_a_service(variable, value))
        return NULL;
    fold(variable, name);
    const struct option *option = config_find_option(name, strlen(name), '_');
    if (option)
        return mem_printf("%.100s: --%s is for the command line only", variable, option->name);
    char *suggestion = config_suggest(variable_prefix, name, strlen(name), '_');
    char *error = mem_printf("unknown variable %.100s%s", variable, suggestion);
    free(suggestion);
    return error;
}

/* ------------------------------------------------------------------------ did you mean */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Letters to put in, take out or replace (Levenshtein), row by row; '-' and '_' are one. */
static size_t distance(const char *a, size_t length, const char *b)
{
    size_t row[NAME_BYTES_MAX + 1];
    size_t width = strlen(b);
    if (length > NAME_BYTES_MAX || width > NAME_BYTES_MAX)
        return NAME_BYTES_MAX;
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            bool is_same = a[i - 1] == b[j - 1] || (a[i - 1] == '_' && b[j - 1] == '-');
            size_t replaced = diagonal + !is_same;
            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, replaced);
        }
    }
    return row[width];
}

static const struct option *find_nearest(const char *name, size_t length)
{
    const struct option *nearest = NULL;
    size_t best = DISTANCE_MAX + 1;
    for (size_t i = 0; i < config_option_count; i++) {
        size_t way = distance(name, length, config_options[i].name);
        if (way < best && way < length) {
            best = way;
            nearest = &config_options[i];
        }
    }
    return nearest;
}

char *config_suggest(const char *prefix, const char *name, size_t length, char separator)
{
    const struct option *nearest = find_nearest(name, length);
    if (!nearest)
        return mem_strdup("");
    char *suggestion = mem_printf(": did you mean %s%s?", prefix, nearest->name);
    if (separator == '_') {
        for (char *c = suggestion + strlen(": did you mean "); *c; c++)
            *c = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
    }
    return suggestion;
}
