/*
 * config_manual - the manual page of parleyd and what shells complete, from the table of
 * options; see config.h.
 */
#include "config_body.h"

#include "manual.h"
#include "mem.h"

#include <ctype.h>
#include <stdlib.h>

static const struct manual_section sections[] = {
    {"SIGNALS",
     "SIGTERM, SIGINT, SIGQUIT\tsay goodbye to all clients, within --drain-timeout-ms, and end "
     "the gateway.\n"
     "SIGHUP\treads anew what can be read anew while clients are connected: certificates.\n"
     "SIGUSR1, SIGUSR2\tdo nothing."},
    {"ENVIRONMENT",
     "Each option is a variable, too: --idle-timeout-ms is PARLEY_IDLE_TIMEOUT_MS.\n"
     "NOTIFY_SOCKET\twhere systemd hears that the gateway listens, reads anew, or leaves."},
    {"FILES", "/etc/parley/parley.json\twhat the unit parleyd.service hands to --config."},
    {"EXIT STATUS", "0\tafter SIGTERM, SIGINT or SIGQUIT.\n"
                    "1\tit cannot start, or a worker did not end in time.\n"
                    "2\tthe configuration is wrong.\n"
                    "3\tanother node has the name of this one."},
    {"SEE ALSO", "parleyctl(1), parley-bench(1)"},
};

/* NULL: it is for the command line only. *new* */
static char *variable_of(const struct option *option)
{
    if (option->kind == OPTION_SWITCH)
        return NULL;
    char *variable = mem_printf("PARLEY_%s", option->name);
    for (char *c = variable; *c; c++)
        *c = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
    return variable;
}

static struct manual_option describe(const struct option *option)
{
    return (struct manual_option){
        .name = option->name,
        .metavar = option->metavar,
        .value = option->value,
        .variable = variable_of(option),
        .help = option->help,
    };
}

static void print(const struct manual_option *options, const char *what, FILE *out)
{
    const struct manual manual = {
        .program = "parleyd",
        .section = "8",
        .about = "WebSocket gateway for chat and presence",
        .usage = "[OPTIONS]",
        .description =
            "parleyd takes WebSockets, and gives what one client of a channel says to all of "
            "them. Any "
            "number of gateways share one Redis; a client of any of them reaches those of "
            "every "
            "other, in one order for all.\n"
            "A flag beats the environment, which beats the file that --config names: a JSON "
            "object with the options as keys, as --print-config prints it.",
        .options = options,
        .option_count = config_option_count,
        .sections = sections,
        .section_count = sizeof(sections) / sizeof(sections[0]),
    };
    (void)manual_print(&manual, what, out);
}

void config_print_manual(const char *what, FILE *out)
{
    struct manual_option *options = mem_zalloc(config_option_count * sizeof(*options));
    for (size_t i = 0; i < config_option_count; i++)
        options[i] = describe(&config_options[i]);
    print(options, what, out);
    for (size_t i = 0; i < config_option_count; i++)
        free((char *)options[i].variable);
    free(options);
}
