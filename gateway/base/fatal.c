/*
 * fatal - the end of the process; see fatal.h.
 */
#include "fatal.h"

#include "log.h"

#include <stdlib.h>

#ifdef NDEBUG
#error "asserts stay on: see fatal.h"
#endif

void fatal(const char *event, const char *err)
{
    log_error(event, kv_str("err", err));
    abort();
}
