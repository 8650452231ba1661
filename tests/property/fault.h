/*
 * fault - what a property run found wrong ends the process, with how to see it again.
 */
#ifndef PARLEY_FAULT_H
#define PARLEY_FAULT_H

/* For the message: which run this is. */
void fault_set_run(const char *name);
void fault_set_step(long step);

__attribute__((format(printf, 1, 2), noreturn)) void fault(const char *format, ...);

#endif
