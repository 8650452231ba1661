/*
 * usage_body - what quota.c and intake.c keep of a session that has taken something.
 */
#ifndef PARLEY_USAGE_BODY_H
#define PARLEY_USAGE_BODY_H

#include "quota.h"

#include <stdbool.h>
#include <stdint.h>

struct held;

struct usage {
    int64_t refilled_ms; /* when the buckets were last filled up, on clock_now_ms's clock */
    float left[QUOTA_COUNT];
    uint32_t in_flight;         /* commands at the store */
    uint32_t replies_in_flight; /* those of them with long answers */
    size_t reply_bytes;         /* what a long answer to it is like lately; 0: it had none */
    bool is_queued;             /* on one of the lists of intake.c */
    struct held *held;          /* what it has said that was not heard yet, in order */
};

/* Of the session; made if it has none. */
struct usage *usage_ensure(struct session *session);

#endif
