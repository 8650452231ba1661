/*
 * process - what this process is to the system: signals, descriptors, its name, and how much
 * of its memory others may see.
 */
#ifndef PARLEY_PROCESS_H
#define PARLEY_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * First of all: whoever starts a process hands on signals that he ignores or blocks, and a
 * gateway that is deaf to SIGTERM or SIGCHLD cannot be stopped or minded. All signals are as if
 * nobody had touched them, but for SIGPIPE and those that ask for something and must not end
 * a process that is not ready to hear them yet: SIGHUP, SIGUSR1, SIGUSR2; they are ignored.
 */
void process_reset_signals(void);

/* No core file and no debugger of the same user gets at the secrets in memory, unless
 * has_core_dumps; and nothing that is started from here gains privileges. */
void process_harden(bool has_core_dumps);

/* As many descriptors as the system lets us have; answers how many. */
size_t process_raise_descriptor_limit(void);

/* The machine's name, in letters that the name of a node may have; "node-" and a random number
 * where it has none. *new* */
char *process_host_name(void);

/* Where a process that listens there runs: this boot of this machine, this network (a container
 * has one of its own), this port. No two processes can be there at once. "": the system does
 * not say. *new* */
char *process_place(const char *listen);

#endif
