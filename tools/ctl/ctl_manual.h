/*
 * ctl_manual - the manual page of parleyctl, and what shells complete.
 */
#ifndef PARLEY_CTL_MANUAL_H
#define PARLEY_CTL_MANUAL_H

#include "manual.h"

/* what: see manual_print. */
void ctl_manual_print(const char *what, const struct manual_command *commands,
                      size_t command_count);

#endif
