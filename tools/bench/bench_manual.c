/*
 * bench_manual - what the manual says of parley-bench beside its tables; see bench_manual.h.
 */
#include "bench_manual.h"

#include "bench_protocol.h"

enum { PROTOCOLS_BYTES_MAX = 4096 };

/* As struct manual_section has it. */
static void describe_protocols(char text[PROTOCOLS_BYTES_MAX])
{
    size_t length = 0;
    const struct protocol *protocol;
    for (int i = 0; (protocol = protocol_at(i)) != NULL && length < PROTOCOLS_BYTES_MAX; i++) {
        length += (size_t)snprintf(text + length, PROTOCOLS_BYTES_MAX - length, "%s%s\t%s (%s)",
                                   i == 0 ? "" : "\n", protocol->name, protocol->about,
                                   protocol->path);
    }
}

void bench_manual_print(const char *what, const struct options_table *options)
{
    char protocols[PROTOCOLS_BYTES_MAX] = "";
    describe_protocols(protocols);
    const struct manual_section sections[] = {
        {"PROTOCOLS", protocols},
        {"EXIT STATUS",
         "0\tall went well.\n"
         "1\tmessages were lost, repeated or out of order, or connections lost.\n"
         "2\tthe arguments are wrong."},
        {"SEE ALSO", "parleyd(8), parleyctl(1)"},
    };
    const struct manual manual = {
        .program = "parley-bench",
        .section = "1",
        .about = "load WebSocket chat servers and check what they deliver",
        .usage = "[OPTIONS] ADDRESS...",
        .description =
            "parley-bench loads WebSocket chat servers and checks that every message "
            "reaches everyone once, in order. ADDRESS is host:port or "
            "ws://host:port[/path].",
        .options = options,
        .sections = sections,
        .section_count = sizeof(sections) / sizeof(sections[0]),
    };
    (void)manual_print(&manual, what, stdout);
}
