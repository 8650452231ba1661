/*
 * random - numbers that nobody can guess; see random.h.
 */
#include "random.h"

#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* So few octets come whole, or not at all: getrandom(2). Before the kernel's pool is filled, at
 * the start of a machine, it waits. */
uint64_t random_number(void)
{
    uint64_t number = 0;
    ssize_t got;
    do {
        got = getrandom(&number, sizeof(number), 0);
    } while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof(number))
        return number;
    log_error("no_random_numbers", kv_str("err", strerror(errno)));
    abort();
}
