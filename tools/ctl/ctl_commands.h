/*
 * ctl_commands - what parleyctl can be told to do.
 *
 * Each command gets its words checked for number, and answers with the program's exit code.
 */
#ifndef PARLEY_CTL_COMMANDS_H
#define PARLEY_CTL_COMMANDS_H

struct ctl_options;
struct store;

struct ctl {
    const struct ctl_options *options;
    struct store *store;
    const char *const *arguments; /* behind the command; as many as it takes */
};

int run_nodes(const struct ctl *ctl);
int run_channels(const struct ctl *ctl);
int run_who(const struct ctl *ctl);
int run_user(const struct ctl *ctl);
int run_watch(const struct ctl *ctl);
int run_history(const struct ctl *ctl);
int run_publish(const struct ctl *ctl);
int run_disconnect(const struct ctl *ctl);
int run_doctor(const struct ctl *ctl);

/* The first argument as a channel's name; ends the program if it is none. */
const char *ctl_channel(const struct ctl *ctl);

#endif
