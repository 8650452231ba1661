/*
 * parleyctl - the operator's tool: looks at a cluster, and sends it a word.
 *
 * It asks Redis and no node, since Redis is all that the nodes share; so it works as well when
 * every node is dead. One command a run, found in the table below.
 */
#include "ctl_commands.h"

#include "ctl_manual.h"
#include "ctl_options.h"
#include "ctl_store.h"
#include "ctl_terminal.h"
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct command {
    const char *name;
    const char *usage; /* its arguments, for people */
    size_t min;        /* how many there are */
    size_t max;
    int (*run)(const struct ctl *ctl);
    const char *help;
};

static const struct command commands[] = {
    {"nodes", "", 0, 0, run_nodes,
     "nodes with a lease, and those whose members are still cleaned up"},
    {"channels", "[PATTERN]", 0, 1, run_channels,
     "channels that somebody listens to, or that Redis keeps something of; * and ? match"},
    {"who", "CHANNEL", 1, 1, run_who, "connections present in a channel"},
    {"user", "ID", 1, 1, run_user,
     "channels a user is present in, where connected, since when"},
    {"watch", "CHANNEL", 1, 1, run_watch,
     "messages, joins and leaves as they happen; ^C ends it"},
    {"history", "CHANNEL", 1, 1, run_history, "the channel's newest messages, oldest first"},
    {"publish", "CHANNEL DATA", 2, 2, run_publish, "publish JSON in a channel"},
    {"disconnect", "USER", 1, 1, run_disconnect,
     "have every node close the user's connections; SDKs do not reconnect"},
    {"doctor", "", 0, 0, run_doctor,
     "check keys against each other; a fault is what does not mend itself while it looks"},
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

const char *ctl_channel(const struct ctl *ctl)
{
    const char *channel = ctl->arguments[0];
    if (!names_is_channel(channel))
        ctl_fail("a channel is 1 to %d bytes of UTF-8 without control characters, spaces and "
                 "braces, not \"%.200s\"",
                 CHANNEL_NAME_BYTES_MAX, channel);
    return channel;
}

static void print_help(void)
{
    (void)printf("parleyctl - look at a Parley cluster through its Redis\n\n"
                 "usage: parleyctl [options] COMMAND\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        (void)printf("  %s %s\n        %s\n", commands[i].name, commands[i].usage,
                     commands[i].help);
    (void)printf("\nOptions, some of which are environment variables as well:\n\n");
    options_print_help(&ctl_options_table, stdout);
    (void)printf("\nExit: 0 all went well; 1 doctor found a fault, or nobody was there to be "
                 "told\n(disconnect); 2 bad arguments, or Redis cannot be asked.\n");
}

static void print_manual(const char *what)
{
    struct manual_command described[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        described[i] = (struct manual_command){
            .name = commands[i].name,
            .arguments = commands[i].usage,
            .help = commands[i].help,
        };
    }
    ctl_manual_print(what, described, COMMAND_COUNT);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    ctl_fail("unknown command \"%.100s\" (see parleyctl --help)", name);
}

static int run(const struct ctl_options *options)
{
    if (options->word_count == 0)
        ctl_fail("no command given (see parleyctl --help)");
    const struct command *command = find_command(options->words[0]);
    size_t count = options->word_count - 1;
    if (count < command->min || count > command->max)
        ctl_fail("usage: parleyctl %s %s", command->name, command->usage);
    ctl_options_check_command(options);
    struct ctl ctl = {.options = options, .arguments = options->words + 1};
    ctl.store = store_open(options);
    int code = command->run(&ctl);
    store_close(ctl.store);
    return code;
}

/* What could not be written was not said: a full disk must not look like an empty answer. */
static int close_output(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        ctl_fail("the result cannot be written");
    return code;
}

static int answer(const struct ctl_options *options)
{
    if (options->is_help)
        print_help();
    else if (options->printed)
        print_manual(options->printed);
    else if (options->is_version)
        (void)printf("parleyctl %s\n", PARLEY_VERSION);
    else
        return run(options);
    return CTL_EXIT_OK;
}

int main(int argc, char **argv)
{
    struct ctl_options options;
    terminal_init();
    ctl_options_read(&options, argc, argv);
    int code = close_output(answer(&options));
    ctl_options_finish(&options);
    return code;
}
