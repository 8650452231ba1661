/*
 * redis_store - where this node keeps its things in Redis, for all modules of the room.
 *
 * The one place that knows on which connection a command goes: a module names the key, in the
 * command's second part or as a script's first key, and holds no link. Today there is one
 * server. What all keys begin with, and what holds for a channel, is asked here, too.
 */
#ifndef PARLEY_REDIS_STORE_H
#define PARLEY_REDIS_STORE_H

#include "broker.h"
#include "redis_link.h"
#include "redis_script.h"

#include <stdbool.h>
#include <stddef.h>

struct json_out;
struct redis_store;

struct redis_store_options {
    const char *prefix; /* of all keys; borrowed for the life of the store */
    struct broker_policies policies;
    struct redis_link *commands;   /* borrowed until redis_store_destroy */
    struct redis_link *subscriber; /* likewise; NULL: nothing is listened to */
};

/* *new* */
struct redis_store *redis_store_create(const struct redis_store_options *options);
void redis_store_destroy(struct redis_store *store); /* takes NULL */

const char *redis_store_prefix(const struct redis_store *store);
/* Never NULL; borrowed. */
const struct broker_policy *redis_store_policy(const struct redis_store *store,
                                               const char *channel);

/* Which run of which server answers, as its meta's name it: another after each start, and on
 * each replica; "": not known. Borrowed, valid until the next turn. */
const char *redis_store_run(const struct redis_store *store);

/* Can commands be sent? */
bool redis_store_is_up(const struct redis_store *store);
/* See redis_link_has_room. */
bool redis_store_has_room(const struct redis_store *store);
/* Commands not yet answered. */
size_t redis_store_pending(const struct redis_store *store);

/* These answer as redis_link_command does: once, in order, never from inside the call. The key
 * is parts[1], the first of the list behind the verb, or the call's first key. */
void redis_store_command(struct redis_store *store, const struct redis_ask *ask,
                         size_t part_count, const char **parts, const size_t *lengths);
/* Of plain texts, REDIS_STORE_TEXTS_MAX at most; the list ends with NULL. */
enum { REDIS_STORE_TEXTS_MAX = 8 };
void redis_store_command_text(struct redis_store *store, const char *shape,
                              redis_reply_fn on_done, void *context, const char *verb,
                              const char *key, ...) __attribute__((sentinel));
void redis_store_script(struct redis_store *store, enum redis_script script,
                        const struct redis_call *call, redis_reply_fn on_reply, void *context);
/* Nothing is sent: at the next turn on_done is called with BROKER_UNAVAILABLE, so that nobody
 * is answered from inside a call. */
void redis_store_answer_later(struct redis_store *store, redis_reply_fn on_done, void *context);

/* The server says what cannot be: its connection for commands is given up and made anew. */
void redis_store_restart(struct redis_store *store, const char *why);

/* Pub/sub. All subscriptions are gone when the connection goes down. */
bool redis_store_is_listening(const struct redis_store *store);
void redis_store_subscribe(struct redis_store *store, const char *pubsub);
void redis_store_unsubscribe(struct redis_store *store, const char *pubsub);
/* Subscriptions that were asked for and are not confirmed. */
size_t redis_store_subscribing(const struct redis_store *store);

/* See broker_describe. */
void redis_store_describe(const struct redis_store *store, struct json_out *out);

#endif
