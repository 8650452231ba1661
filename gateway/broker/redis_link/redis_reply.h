/*
 * redis_reply - what a reply of Redis must look like before anybody looks into it.
 *
 * Each command names the shape of its reply; redis_link checks it in one place, so that whoever
 * is answered BROKER_OK finds what the shape promises. A reply of another shape is garbled:
 * replies are out of step, or something between us and Redis is broken.
 *
 *   i  an integer            s  text, of any bytes, with a final zero behind them
 *   S  a status ("OK")       ?x an x, or nil
 *   .  anything but an error [xyz]  an array of x, y and z
 *                            *x     an array of any number of x
 *
 * Pure: knows hiredis's struct of a reply, nothing of connections.
 */
#ifndef PARLEY_REDIS_REPLY_H
#define PARLEY_REDIS_REPLY_H

#include "slice.h"

#include <stdbool.h>

struct redisReply;

/* shape is one of the above, whole. A list whose length is odd is one of pairs that lacks the
 * last half: readers of pairs look at both. */
__attribute__((warn_unused_result)) bool redis_reply_is(const struct redisReply *reply,
                                                        const char *shape);

enum redis_push_kind {
    REDIS_PUSH_MESSAGE,
    REDIS_PUSH_SUBSCRIBED,
    REDIS_PUSH_OTHER, /* of no interest */
};

/* What Redis says without being asked; borrowed from the reply. */
struct redis_push {
    enum redis_push_kind kind;
    const char *channel;  /* of the first two kinds */
    struct slice message; /* of the first */
};

/* False: it is garbled. */
__attribute__((warn_unused_result)) bool redis_push_read(const struct redisReply *reply,
                                                         struct redis_push *ret_push);

/* The run of a server, as its INFO names it: REDIS_RUN_BYTES of it, the final zero included; ""
 * where it does not say. */
enum { REDIS_RUN_BYTES = 17 };
void redis_run_of_info(const char *info, char out[REDIS_RUN_BYTES]);

#endif
