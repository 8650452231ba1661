/*
 * fatal - the end of the process; see fatal.h.
 */
#include "fatal.h"

#include <stdlib.h>

#ifdef NDEBUG
#error "asserts stay on: see fatal.h"
#endif

void fatal(enum log_event event, const char *err)
{
    log_emit(event, (const struct log_field[]){kv_str("err", err), {.key = NULL}});
    abort();
}
