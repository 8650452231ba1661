/*
 * fatal - the end of the process for what cannot be, or cannot be gone on with.
 *
 * Our own mistakes are asserts, which stay on in every build: what breaks an invariant must not
 * go on with other people's messages. fatal is for what the world may bring about: no memory,
 * no random numbers. Both end in abort(), so that a core file shows where.
 */
#ifndef PARLEY_FATAL_H
#define PARLEY_FATAL_H

#include "log.h"

/* Logs the event with what the system says of it, and aborts. err: "" if it says nothing. */
_Noreturn void fatal(enum log_event event, const char *err);

#endif
