/*
 * random - numbers that nobody can guess; see random.h.
 */
#include "random.h"

#include "fatal.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* 256 octets come whole, or not at all: getrandom(2). Before the kernel's pool is filled, at
 * the start of a machine, it waits. */
enum { NUMBERS_AT_ONCE = 32 };

static uint64_t numbers[NUMBERS_AT_ONCE];
static size_t left;
static bool is_fork_watched;

/* A child must not use what its parent, or another child, may use. */
static void on_forked(void)
{
    left = 0;
}

static void refill(void)
{
    ssize_t got;
    if (!is_fork_watched && pthread_atfork(NULL, NULL, on_forked) != 0)
        fatal(LOG_EVENT_no_fork_handler, "");
    is_fork_watched = true;
    do {
        got = getrandom(numbers, sizeof(numbers), 0);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(numbers))
        fatal(LOG_EVENT_no_random_numbers, strerror(errno));
    left = NUMBERS_AT_ONCE;
}

uint64_t random_number(void)
{
    if (left == 0)
        refill();
    uint64_t number = numbers[--left];
    numbers[left] = 0; /* used once */
    return number;
}
