/*
 * redis_store - where this node keeps its things in Redis; see redis_store.h.
 */
#include "redis_store.h"

#include "json_out.h"
#include "mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct redis_store {
    struct redis_store_options options;
};

struct redis_store *redis_store_create(const struct redis_store_options *options)
{
    struct redis_store *store = mem_zalloc(sizeof(*store));
    store->options = *options;
    return store;
}

void redis_store_destroy(struct redis_store *store)
{
    free(store);
}

const char *redis_store_prefix(const struct redis_store *store)
{
    return store->options.prefix;
}

const struct broker_policy *redis_store_policy(const struct redis_store *store,
                                               const char *channel)
{
    const struct broker_policies *policies = &store->options.policies;
    return policies->find(policies->context, channel);
}

/* -------------------------------------------------------------------------------- commands */

const char *redis_store_run(const struct redis_store *store)
{
    return redis_link_run(store->options.commands);
}

bool redis_store_is_up(const struct redis_store *store)
{
    return redis_link_is_up(store->options.commands);
}

bool redis_store_has_room(const struct redis_store *store)
{
    return redis_link_has_room(store->options.commands);
}

size_t redis_store_pending(const struct redis_store *store)
{
    return redis_link_pending(store->options.commands);
}

void redis_store_command(struct redis_store *store, const struct redis_ask *ask,
                         size_t part_count, const char **parts, const size_t *lengths)
{
    assert(part_count >= 2);
    redis_link_command(store->options.commands, ask, part_count, parts, lengths);
}

void redis_store_command_text(struct redis_store *store, const char *shape,
                              redis_reply_fn on_done, void *context, const char *verb,
                              const char *key, ...)
{
    const char *parts[REDIS_STORE_TEXTS_MAX] = {verb, key};
    size_t lengths[REDIS_STORE_TEXTS_MAX] = {strlen(verb), strlen(key)};
    size_t count = 2;
    const char *part;
    va_list rest;
    va_start(rest, key);
    while ((part = va_arg(rest, const char *))) {
        assert(count < REDIS_STORE_TEXTS_MAX);
        parts[count] = part;
        lengths[count++] = strlen(part);
    }
    va_end(rest);
    redis_store_command(store, &(struct redis_ask){verb, shape, on_done, context}, count, parts,
                        lengths);
}

void redis_store_script(struct redis_store *store, enum redis_script script,
                        const struct redis_call *call, redis_reply_fn on_reply, void *context)
{
    assert(call->key_count > 0);
    redis_script_call(store->options.commands, script, call, on_reply, context);
}

void redis_store_answer_later(struct redis_store *store, redis_reply_fn on_done, void *context)
{
    redis_link_answer_later(store->options.commands, on_done, context);
}

void redis_store_restart(struct redis_store *store, const char *why)
{
    redis_link_restart(store->options.commands, why);
}

/* --------------------------------------------------------------------------------- pub/sub */

bool redis_store_is_listening(const struct redis_store *store)
{
    return redis_link_is_up(store->options.subscriber);
}

void redis_store_subscribe(struct redis_store *store, const char *pubsub)
{
    redis_link_subscribe(store->options.subscriber, pubsub);
}

void redis_store_unsubscribe(struct redis_store *store, const char *pubsub)
{
    redis_link_unsubscribe(store->options.subscriber, pubsub);
}

size_t redis_store_subscribing(const struct redis_store *store)
{
    return redis_link_subscribing(store->options.subscriber);
}

void redis_store_describe(const struct redis_store *store, struct json_out *out)
{
    json_out_open_array(out);
    redis_link_describe(store->options.commands, out);
    if (store->options.subscriber)
        redis_link_describe(store->options.subscriber, out);
    json_out_close_array(out);
}
