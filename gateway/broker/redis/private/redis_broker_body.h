/*
 * redis_broker_body - the inside of the broker on Redis, for the two files that are its parts:
 * redis_broker.c (life, links, what Redis says) and redis_broker_calls.c (what is asked of it).
 */
#ifndef PARLEY_REDIS_BROKER_BODY_H
#define PARLEY_REDIS_BROKER_BODY_H

#include "broker.h"
#include "node_lease.h"
#include "redis_broker.h"

#include <assert.h>
#include <stddef.h>

struct loop_timer;
struct redis_link;
struct redis_log;
struct redis_presence;
struct redis_reaper;
struct redis_store;
struct redis_subscriptions;

struct redis_broker {
    struct broker base; /* first, see below */
    const struct redis_broker_options *options;
    struct redis_link *commands;
    struct redis_link *subscriber;
    struct redis_store *store;
    struct node_lease_options lease_options;
    struct node_lease *lease;
    struct redis_log *log;
    struct redis_presence *presence;
    struct redis_reaper *reaper;
    struct redis_subscriptions *subscriptions;
    struct loop_timer *probe_timer;
    struct loop_timer *keep_timer;
    char *probe_channel;
    char *control_channel;
    bool is_listening;    /* Redis has confirmed a subscription of this life of the link */
    int64_t probe_number; /* of the last one that was sent */
    int64_t probe_heard;  /* of the newest that came back */
    int probes_unheard;   /* that Redis has taken since */
};

/* A struct broker * of these operations is one of these. */
static_assert(offsetof(struct redis_broker, base) == 0, "self_of");

static inline struct redis_broker *redis_broker_of(struct broker *broker)
{
    return (struct redis_broker *)broker;
}

/* Operations of struct broker_ops. */
void redis_publish(struct broker *broker, const char *channel,
                   const struct broker_message *message, struct broker_waiter waiter);
void redis_history(struct broker *broker, const char *channel, const struct broker_range *range,
                   struct broker_waiter waiter);
void redis_history_remove(struct broker *broker, const char *channel,
                          struct broker_waiter waiter);
void redis_new_epoch(struct broker *broker, const char *channel,
                     const struct broker_position *seen, bool is_certain);
void redis_control(struct broker *broker, const char *bytes, size_t length,
                   struct broker_waiter waiter);
void redis_join(struct broker *broker, const char *channel, const struct broker_member *member,
                bool is_put_back, struct broker_waiter waiter);
void redis_check_member(struct broker *broker, const char *channel,
                        const struct broker_member *member, struct broker_waiter waiter);
void redis_leave(struct broker *broker, const char *channel,
                 const struct broker_member *member);
void redis_members(struct broker *broker, const char *channel, size_t limit,
                   struct broker_waiter waiter);
void redis_channels(struct broker *broker, const char *pattern, size_t limit,
                    struct broker_waiter waiter);
void redis_nodes(struct broker *broker, struct broker_waiter waiter);
void redis_file_reserve(struct broker *broker, const struct broker_file *file, bool is_whole,
                        struct broker_waiter waiter);
void redis_file_append(struct broker *broker, const struct broker_file *file, size_t at,
                       struct slice piece, struct broker_waiter waiter);
void redis_file_read(struct broker *broker, const char *id, size_t at, size_t length,
                     struct broker_waiter waiter);
void redis_file_remove(struct broker *broker, const struct broker_file *file);

#endif
