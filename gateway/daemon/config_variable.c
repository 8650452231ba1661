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

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_ours(const char *variable)
{
    return begins_with(variable, config_table.variable_prefix);
}

/* As the option in a file has it: PARLEY_IDLE_TIMEOUT_MS is idle_timeout_ms. */
static void fold(const char *variable, char name[OPTION_NAME_BYTES_MAX])
{
    size_t i = 0;
    variable += strlen(config_table.variable_prefix);
    for (; variable[i] && i < OPTION_NAME_BYTES_MAX - 1; i++)
        name[i] = (char)tolower((unsigned char)variable[i]);
    name[i] = '\0';
}

const struct option *config_find_variable(const char *variable)
{
    char name[OPTION_NAME_BYTES_MAX] = "";
    if (!is_ours(variable))
        return NULL;
    fold(variable, name);
    const struct option *option = options_find(&config_table, name, strlen(name), '_');
    return option && !option_is_flag_only(option) ? option : NULL;
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
    char name[OPTION_NAME_BYTES_MAX] = "";
    if (!is_ours(variable) || is_of_another_program(variable) ||
        is_of_a_service(variable, value))
        return NULL;
    fold(variable, name);
    const struct option *option = options_find(&config_table, name, strlen(name), '_');
    if (option)
        return mem_printf("%.100s: --%s is for the command line only", variable, option->name);
    char *suggestion =
        options_suggest(&config_table, config_table.variable_prefix, name, strlen(name), '_');
    char *error = mem_printf("unknown variable %.100s%s", variable, suggestion);
    free(suggestion);
    return error;
}
