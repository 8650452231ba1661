/*
 * fault - what a property run found wrong ends the process; see fault.h.
 */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *run = "";
static long step;

void fault_set_run(const char *name)
{
    run = name;
}

void fault_set_step(long number)
{
    step = number;
}

void fault(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "FAULT in %s, step %ld: ", run, step);
    (void)vfprintf(stderr, format, arguments);
    (void)fprintf(stderr, "\n");
    va_end(arguments);
    abort();
}
