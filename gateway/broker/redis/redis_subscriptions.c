/*
 * redis_subscriptions - the channels that this node listens to; see redis_subscriptions.h.
 *
 *   TO_ASK --(few enough are not confirmed)--> ASKED --(confirmed)--> TO_ANNOUNCE
 *          --(commands work, few enough of them wait)--> ANNOUNCED
 *
 * The subscriber link's end leads all back to TO_ASK, that of the commands from ANNOUNCED to
 * TO_ANNOUNCE. set_state is the one place that moves between them.
 */
#include "redis_subscriptions.h"

#include "clock.h"
#include "keys.h"
#include "mem.h"
#include "redis_log.h"
#include "redis_store.h"
#include "text.h"
#include "text_map.h"

#include <utlist.h>

#include <stdlib.h>

enum {
    SUBSCRIBING_MAX = 512, /* that Redis has not confirmed */
    KEPT_AT_ONCE = 1000,   /* channels whose lifetime is put forward in one go */
    ANNOUNCING_MAX = 512,  /* commands without an answer: each announcement asks for a log */
};

enum subscription_state {
    SUBSCRIPTION_TO_ASK,
    SUBSCRIPTION_ASKED,
    SUBSCRIPTION_TO_ANNOUNCE, /* confirmed by Redis */
    SUBSCRIPTION_ANNOUNCED,
};

struct subscription {
    char *channel;
    char *pubsub; /* its name in Redis */
    enum subscription_state state;
    int64_t kept_ms; /* when its meta was last given its lifetime, on clock_now_ms's clock */
    struct subscription *next; /* of those to ask, or to announce */
    struct subscription *prev;
};

struct redis_subscriptions {
    struct redis_subscriptions_options options;
    struct text_map *all; /* by pubsub name */
    struct subscription *to_ask;
    struct subscription *to_announce;
};

/* The list of those in that state; NULL: there is none. */
static struct subscription **list_of(struct redis_subscriptions *self,
                                     enum subscription_state state)
{
    if (state == SUBSCRIPTION_TO_ASK)
        return &self->to_ask;
    return state == SUBSCRIPTION_TO_ANNOUNCE ? &self->to_announce : NULL;
}

static void append(struct redis_subscriptions *self, struct subscription *subscription)
{
    struct subscription **list = list_of(self, subscription->state);
    if (list)
        DL_APPEND(*list, subscription);
}

static void take_out(struct redis_subscriptions *self, struct subscription *subscription)
{
    struct subscription **list = list_of(self, subscription->state);
    if (list)
        DL_DELETE(*list, subscription);
}

static void set_state(struct redis_subscriptions *self, struct subscription *subscription,
                      enum subscription_state state)
{
    take_out(self, subscription);
    subscription->state = state;
    append(self, subscription);
}

static void ask_some(struct redis_subscriptions *self)
{
    struct redis_store *store = self->options.store;
    while (self->to_ask && redis_store_is_listening(store) &&
           redis_store_subscribing(store) < SUBSCRIBING_MAX) {
        struct subscription *subscription = self->to_ask;
        set_state(self, subscription, SUBSCRIPTION_ASKED);
        redis_store_subscribe(store, subscription->pubsub);
    }
}

static void announce_first(struct redis_subscriptions *self)
{
    struct subscription *subscription = self->to_announce;
    set_state(self, subscription, SUBSCRIPTION_ANNOUNCED);
    self->options.on_subscribed(self->options.context, subscription->channel);
}

static void announce_some(struct redis_subscriptions *self)
{
    struct redis_store *store = self->options.store;
    while (self->to_announce && redis_store_is_up(store) &&
           redis_store_pending(store) < ANNOUNCING_MAX)
        announce_first(self);
}

/* The place in the log and the version of the list live as long as anybody listens, on
 * whichever node: or the next message of a quiet channel would be the first of another log. */
static void keep_meta(struct redis_subscriptions *self, struct subscription *subscription)
{
    struct redis_store *store = self->options.store;
    char ttl[TEXT_INT_BYTES];
    char *meta = key_of_channel(redis_store_prefix(store), subscription->channel, "meta");
    (void)text_print_int(
        ttl, redis_log_meta_ttl_ms(redis_store_policy(store, subscription->channel)));
    redis_store_command_text(store, "i", NULL, NULL, "PEXPIRE", meta, ttl, NULL);
    subscription->kept_ms = clock_now_ms();
    free(meta);
}

void redis_subscriptions_keep(struct redis_subscriptions *self)
{
    const struct redis_store *store = self->options.store;
    const void *cursor = NULL;
    struct subscription *each;
    size_t left = KEPT_AT_ONCE;
    if (!redis_store_is_up(store))
        return;
    while (left > 0 && (each = text_map_next(self->all, &cursor))) {
        int64_t ttl_ms = redis_log_meta_ttl_ms(redis_store_policy(store, each->channel));
        if (clock_now_ms() - each->kept_ms < ttl_ms / 4)
            continue;
        keep_meta(self, each);
        left--;
    }
}

void redis_subscriptions_turn(struct redis_subscriptions *self)
{
    if (self->to_announce && redis_store_is_up(self->options.store))
        announce_first(self); /* one in a turn, however much is asked of Redis */
    announce_some(self);
    ask_some(self);
}

/* ---------------------------------------------------------------------- what links say */

const char *redis_subscriptions_channel(const struct redis_subscriptions *self,
                                        const char *pubsub)
{
    const struct subscription *subscription = text_map_find(self->all, pubsub);
    return subscription ? subscription->channel : NULL;
}

/* One that is still to be asked for: what is confirmed was asked for before, and is over. */
void redis_subscriptions_on_confirmed(struct redis_subscriptions *self, const char *pubsub)
{
    struct subscription *subscription = text_map_find(self->all, pubsub);
    if (subscription && subscription->state != SUBSCRIPTION_TO_ASK)
        set_state(self, subscription, SUBSCRIPTION_TO_ANNOUNCE);
    ask_some(self);
    announce_some(self);
}

void redis_subscriptions_on_subscriber_up(struct redis_subscriptions *self)
{
    ask_some(self);
}

void redis_subscriptions_on_subscriber_down(struct redis_subscriptions *self)
{
    const void *cursor = NULL;
    struct subscription *each;
    while ((each = text_map_next(self->all, &cursor)))
        set_state(self, each, SUBSCRIPTION_TO_ASK);
}

void redis_subscriptions_on_commands_up(struct redis_subscriptions *self)
{
    const void *cursor = NULL;
    struct subscription *each;
    while ((each = text_map_next(self->all, &cursor))) {
        if (each->state == SUBSCRIPTION_ANNOUNCED)
            set_state(self, each, SUBSCRIPTION_TO_ANNOUNCE);
    }
}

/* -------------------------------------------------------------------------------- life */

void redis_subscriptions_add(struct redis_subscriptions *self, const char *channel)
{
    struct subscription *subscription = mem_zalloc(sizeof(*subscription));
    subscription->channel = mem_strdup(channel);
    subscription->pubsub = key_channel(redis_store_prefix(self->options.store), channel);
    subscription->state = SUBSCRIPTION_TO_ASK;
    subscription->kept_ms = clock_now_ms();
    text_map_add(self->all, subscription->pubsub, subscription);
    append(self, subscription);
    ask_some(self);
}

static void subscription_destroy(struct subscription *subscription)
{
    free(subscription->channel);
    free(subscription->pubsub);
    free(subscription);
}

void redis_subscriptions_remove(struct redis_subscriptions *self, const char *channel)
{
    char *pubsub = key_channel(redis_store_prefix(self->options.store), channel);
    struct subscription *subscription = text_map_remove(self->all, pubsub);
    free(pubsub);
    if (!subscription)
        return;
    take_out(self, subscription);
    if (subscription->state != SUBSCRIPTION_TO_ASK)
        redis_store_unsubscribe(self->options.store, subscription->pubsub);
    subscription_destroy(subscription);
}

struct redis_subscriptions *
redis_subscriptions_create(const struct redis_subscriptions_options *options)
{
    struct redis_subscriptions *self = mem_zalloc(sizeof(*self));
    self->options = *options;
    self->all = text_map_create();
    return self;
}

void redis_subscriptions_destroy(struct redis_subscriptions *self)
{
    const void *cursor = NULL;
    struct subscription *subscription;
    if (!self)
        return;
    while ((subscription = text_map_next(self->all, &cursor)))
        subscription_destroy(subscription);
    text_map_destroy(self->all);
    free(self);
}
