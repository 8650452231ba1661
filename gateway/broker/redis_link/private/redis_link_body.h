/*
 * redis_link_body - what a redis_link is made of, for the files that it is written in:
 * redis_link.c (its life and its states), redis_request.c (commands and answers),
 * redis_pubsub.c (subscriptions) and redis_link_describe.c (what operators see).
 */
#ifndef PARLEY_REDIS_LINK_BODY_H
#define PARLEY_REDIS_LINK_BODY_H

#include "redis_command.h"
#include "redis_link.h"
#include "redis_reply.h"
#include "text.h"

struct redisAsyncContext;
struct redisReply;

/* A command that waits for its answer. */
struct request {
    struct redis_link *link;
    struct redis_ask ask;
    size_t bytes;
    int64_t deadline_ms;
    struct request *next;
    struct request *prev;
};

enum link_state {
    LINK_WAITING,    /* until retry_at_ms */
    LINK_RESOLVING,  /* what address the host has */
    LINK_CONNECTING, /* TCP (and TLS) */
    LINK_SETUP,      /* who we are, which database, our scripts, who Redis is */
    LINK_UP,
};

struct redis_link {
    struct redis_link_options options;
    struct loop *loop;
    struct redisAsyncContext *connection; /* NULL: none */
    struct redis_replies *replies;        /* of the connection */
    struct redis_command command;         /* the one being given to hiredis */
    enum link_state state;
    int64_t retry_at_ms;
    int64_t backoff_ms;
    int64_t up_since_ms;
    struct redis_lookup *lookup; /* NULL: the host is no name */
    int64_t connect_deadline_ms;
    bool is_broken;     /* to be freed at the next turn */
    bool has_unwritten; /* commands given to hiredis in this turn */
    bool was_up;
    char why_down[128];
    struct request *pending; /* sent, in order */
    struct request *unsent;  /* to be answered at the next turn */
    size_t pending_count;
    size_t pending_bytes;
    size_t subscribing; /* asked for, not confirmed */
    size_t setup_left;
    char echo[TEXT_INT_BYTES]; /* that the last PING is to be answered with; "": it is */
    int64_t echo_count;
    int64_t next_echo_ms;
    char (*digests)[REDIS_DIGEST_BYTES];
    char run[REDIS_RUN_BYTES]; /* "": not known */
    int64_t client_id;         /* of the connection, at the server; 0: not known */
};

/* The connection is to be freed at the next turn, and nothing that comes by it is believed. */
void link_break(struct redis_link *link, const char *why);
/* A reply that the command, by that name, cannot have. */
void link_on_garbled(struct redis_link *link, const char *command);

/* In whatever state: the set-up's own, too. */
void link_send(struct redis_link *link, const struct redis_ask *ask, size_t part_count,
               const char **parts, const size_t *lengths);
void link_answer_unsent(struct redis_link *link);
/* Has the oldest command waited for too long? */
bool link_is_overdue(const struct redis_link *link, int64_t now_ms);

/* Are answers in step with commands? Once a second while there are any. */
void link_check_step(struct redis_link *link, int64_t now_ms);

/* For hiredis. */
void link_on_push(struct redisAsyncContext *connection, void *reply);

#endif
