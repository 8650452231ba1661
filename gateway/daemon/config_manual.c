/*
 * config_manual - the manual page of parleyd and what shells complete, from the table of
 * options; see config.h.
 */
#include "config_body.h"

#include "manual.h"

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

void config_print_manual(const char *what, FILE *out)
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
        .options = &config_table,
        .sections = sections,
        .section_count = sizeof(sections) / sizeof(sections[0]),
    };
    (void)manual_print(&manual, what, out);
}
