/*
 * redis_subscriptions - the channels that this node listens to.
 *
 * A channel is announced to the layer above when Redis has confirmed its subscription and
 * commands work: then its log can be read. It is announced again whenever either link has been
 * away. After that there may be very many: they are asked for, and announced, in the order in
 * which they came, as fast as the answers do, so that nothing else waits behind all of them.
 */
#ifndef PARLEY_REDIS_SUBSCRIPTIONS_H
#define PARLEY_REDIS_SUBSCRIPTIONS_H

struct redis_store;
struct redis_subscriptions;

struct redis_subscriptions_options {
    struct redis_store *store; /* borrowed for the life of the object */
    void *context;
    void (*on_subscribed)(void *context, const char *channel);
};

/* *new* */
struct redis_subscriptions *
redis_subscriptions_create(const struct redis_subscriptions_options *options);
void redis_subscriptions_destroy(struct redis_subscriptions *self); /* takes NULL */

void redis_subscriptions_add(struct redis_subscriptions *self, const char *channel);
void redis_subscriptions_remove(struct redis_subscriptions *self, const char *channel);

/* The channel of that name in Redis; NULL: none that is listened to. Borrowed. */
const char *redis_subscriptions_channel(const struct redis_subscriptions *self,
                                        const char *pubsub);

/* What the links say. */
void redis_subscriptions_on_confirmed(struct redis_subscriptions *self, const char *pubsub);
void redis_subscriptions_on_subscriber_up(struct redis_subscriptions *self);
void redis_subscriptions_on_subscriber_down(struct redis_subscriptions *self);
void redis_subscriptions_on_commands_up(struct redis_subscriptions *self);

/* Every minute or so: what Redis keeps of the channels lives on. */
void redis_subscriptions_keep(struct redis_subscriptions *self);

/* Once a turn: goes on with those that wait. */
void redis_subscriptions_turn(struct redis_subscriptions *self);

#endif
