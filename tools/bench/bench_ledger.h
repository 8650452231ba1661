/*
 * bench_ledger - the books of one worker: what each of its subscribers got, and what it missed.
 *
 * For every subscriber and every publisher of its channel the next sequence number is
 * known, and which of the 64 before it are missing: a late message is told from a repeated
 * one by that. With a window it also counts how far *all* the worker's subscribers have
 * come, once per message and not once per delivery as far as other processes are concerned.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct bench_shared;
struct ledger;
struct plan;

enum ledger_verdict {
    LEDGER_NEXT,       /* the one awaited */
    LEDGER_SKIPPED,    /* newer: those between are lost, until they come after all */
    LEDGER_DISORDERED, /* one that was counted as lost */
    LEDGER_DUPLICATED,
    LEDGER_STRAYED, /* of a publisher in another channel, or of none */
};

/* `window`: messages of one publisher on their way at most; 0: do not track what all have. */
struct ledger *ledger_create(const struct plan *plan, struct bench_shared *shared, int worker,
                             int window);

void ledger_destroy(struct ledger *ledger);

/* Books one delivery. `ret_lost` is changed by what it says about lost messages. */
enum ledger_verdict ledger_take(struct ledger *ledger, int connection, int publisher,
                                uint32_t sequence, int64_t *ret_lost);

/* A subscriber is gone: nobody waits for it any more. What it misses still counts as lost. */
void ledger_drop(struct ledger *ledger, int connection);

/* Has any shared `done` changed since the last call? */
bool ledger_has_advanced(struct ledger *ledger);

/* Messages published (see shared_sent) that have not come at all. For the end. */
uint64_t ledger_outstanding(const struct ledger *ledger);
