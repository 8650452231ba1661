/*
 * redis_link - one connection to Redis that comes back by itself.
 *
 * Commands are answered to their callers exactly once, in order, and never from inside the
 * call: with Redis's reply, or with why there is none (not connected, no answer by the
 * deadline). The oldest unanswered command decides: when it is overdue, the connection is
 * given up and made anew, since behind it all others wait.
 * A reply that has not the shape its command names ends the connection, too: what comes behind
 * it is not believed.
 * Reconnects with jittered, growing pauses. Knows hiredis; nothing of channels or keys.
 */
#ifndef PARLEY_REDIS_LINK_H
#define PARLEY_REDIS_LINK_H

#include "broker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_out;
struct loop;
struct redisReply;
struct redis_link;
struct redis_url;

struct redis_link_options {
    const char *name;            /* in logs: "commands" or "subscriber" */
    const struct redis_url *url; /* borrowed, for the life of the link */
    const char *ca_file;         /* "" : the system's */
    int64_t timeout_ms;
    int64_t *up_metric;
    /* Text of scripts to load at each connect; their digests are then in digests[]. */
    const char *const *scripts;
    size_t script_count;
    bool is_subscriber;     /* subscriptions, and after the set-up no other command */
    size_t queue_bytes_max; /* see redis_link_has_room; 0: no limit */
    void *context;
    void (*on_up)(void *context);
    void (*on_down)(void *context);
    /* The server says that it is the wrong one; this link is about to be made anew. NULL:
     * nobody wants to know. */
    void (*on_elsewhere)(void *context, const char *why);
    /* A message on a subscribed channel; the bytes are borrowed. Of subscribers only. */
    void (*on_message)(void *context, const char *channel, const char *bytes, size_t length);
    void (*on_subscribed)(void *context, const char *channel);
};

enum { REDIS_DIGEST_BYTES = 41 };

/* reply is borrowed, and NULL unless status is BROKER_OK (then it has the shape that was asked
 * for) or BROKER_REFUSED (then it is an error). */
typedef void (*redis_reply_fn)(void *context, enum broker_status status,
                               const struct redisReply *reply);

/* What a command is, for logs and checks, and who waits for its answer. The texts live as long
 * as the program. */
struct redis_ask {
    const char *name;       /* of the command, for logs */
    const char *shape;      /* of its reply, see redis_reply.h */
    redis_reply_fn on_done; /* NULL: nobody wants to know */
    void *context;
};

struct redis_link *redis_link_create(struct loop *loop,
                                     const struct redis_link_options *options);
/* Outstanding callbacks are called with BROKER_UNKNOWN first. */
void redis_link_destroy(struct redis_link *link);

bool redis_link_is_up(const struct redis_link *link);
/* The run of the server, see redis_run_of_info. Valid while the link is up. */
const char *redis_link_run(const struct redis_link *link);
/* Commands not yet answered. */
size_t redis_link_pending(const struct redis_link *link);
/* For how long the oldest of them has been waiting; 0: there are none. */
int64_t redis_link_waits_ms(const struct redis_link *link);
/* False while commands of queue_bytes_max wait for an answer: what clients ask for is then to
 * be refused, so that a slow Redis does not fill this process's memory. What must not be lost
 * is taken all the same. */
bool redis_link_has_room(const struct redis_link *link);
/* The digest of script number i, of options.scripts; valid while the link is up. */
const char *redis_link_digest(const struct redis_link *link, size_t i);

void redis_link_command(struct redis_link *link, const struct redis_ask *ask, size_t part_count,
                        const char **parts, const size_t *lengths);
/* Fails a request without sending it: at the next turn on_done is called with
 * BROKER_UNAVAILABLE, so that nobody is answered from inside the call. */
void redis_link_answer_later(struct redis_link *link, redis_reply_fn on_done, void *context);

/* While the link is up; all subscriptions are gone when it goes down. */
void redis_link_subscribe(struct redis_link *link, const char *channel);
void redis_link_unsubscribe(struct redis_link *link, const char *channel);
/* Subscriptions that were asked for and are not confirmed. */
size_t redis_link_subscribing(const struct redis_link *link);

/* Give the connection up and make it anew: it is silent although it should not be, or what it
 * says cannot be. Nothing that comes by it is believed from now on. */
void redis_link_restart(struct redis_link *link, const char *why);

/* Its state, and what is in flight, for operators: a JSON object. */
void redis_link_describe(const struct redis_link *link, struct json_out *out);

/* Once a turn: writes what was asked for, answers what failed, looks at deadlines. */
void redis_link_turn(struct redis_link *link);

#endif
