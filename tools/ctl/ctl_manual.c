/*
 * ctl_manual - what the manual says of parleyctl beside its tables; see ctl_manual.h.
 */
#include "ctl_manual.h"

#include "ctl_options.h"

static const struct manual_section sections[] = {
    {"EXIT STATUS", "0\tall went well.\n"
                    "1\tdoctor found a fault, or nobody was there to be told (disconnect).\n"
                    "2\tthe arguments are wrong, or Redis cannot be asked."},
    {"SEE ALSO", "parleyd(8), parley-bench(1)"},
};

void ctl_manual_print(const char *what, const struct manual_command *commands,
                      size_t command_count)
{
    const struct manual manual = {
        .program = "parleyctl",
        .section = "1",
        .about = "look at a Parley cluster through its Redis",
        .usage = "[OPTIONS] COMMAND [ARGUMENT]...",
        .description =
            "parleyctl asks Redis and no gateway, since Redis is all that the gateways "
            "share; so it works as well when every gateway is dead.",
        .options = &ctl_options_table,
        .commands = commands,
        .command_count = command_count,
        .sections = sections,
        .section_count = sizeof(sections) / sizeof(sections[0]),
    };
    (void)manual_print(&manual, what, stdout);
}
