/*
 * worker_page - what the workers of one parleyd show each other: counters and readiness.
 *
 * A shared mapping with a slot for each worker, made before they are forked. Each writes its
 * own slot at the end of its turns and reads the others', so any of them can answer for all
 * and nobody is asked and waited for. Without --workers there is one slot, and nobody else
 * reads it.
 */
#ifndef PARLEY_WORKER_PAGE_H
#define PARLEY_WORKER_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORKERS_MAX = 256 };

enum worker_state {
    WORKER_DOWN, /* not started yet, or dead and about to be replaced */
    WORKER_NOT_READY,
    WORKER_READY,
    WORKER_DRAINING,
    WORKER_SILENT, /* has not finished a turn for WORKER_SILENT_MS */
};

enum {
    WORKER_SILENT_MS = 5000,
    WORKER_PROVEN_MS = 60000, /* who lived that long does not count as one who keeps dying */
    WORKER_DEATHS_MANY = 3,   /* in a row, and a worker is one who keeps dying */
    WORKER_REASON_BYTES = 64,
};

/* Makes the slots, before any fork; count is at most WORKERS_MAX. False: no memory for it. */
__attribute__((warn_unused_result)) bool workers_share(size_t count);
size_t workers_count(void); /* 1 where nothing is shared */

/* This process is the worker of that number, from 1; it goes on counting where its
 * predecessor ended. */
void workers_become(size_t number);
size_t workers_own(void);
/* Random, new with each process that is the worker; and the one before it, 0 if there was
 * none. */
uint64_t workers_life(void);
uint64_t workers_life_before(void);

/* At the end of a turn: counters, and the state. reason: why it is not ready; cut where it is
 * longer than a slot has room for. */
void workers_show(enum worker_state state, const char *reason);
/* For the supervisor: the worker is dead, for so many times in a row. */
void workers_mark_down(size_t number, int64_t deaths);
/* Has it, or one before it, ever been ready? */
bool workers_was_ready(size_t number);

struct worker_view {
    enum worker_state state;
    int64_t deaths;                   /* in a row; 0 once it lives for WORKER_PROVEN_MS */
    char reason[WORKER_REASON_BYTES]; /* "" when it is ready */
};
/* number: from 1 to workers_count. */
void workers_view(size_t number, struct worker_view *ret_view);
const char *workers_state_name(enum worker_state state);

/* WebSocket connections of all. */
int64_t workers_connections(void);

/* The page for /metrics, of all. *new* */
char *workers_print_metrics(size_t *ret_length);

#endif
