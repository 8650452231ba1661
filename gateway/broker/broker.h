/*
 * broker - the seam between the chat and whatever its nodes share.
 *
 * Two implementations: one in memory, for a single node, and one on Redis. Requests go down
 * by call; each is answered to its waiter exactly once, never from inside the call. Events
 * come up by the callbacks of struct broker_events.
 * Nothing above this header knows what a store is made of.
 */
#ifndef PARLEY_BROKER_H
#define PARLEY_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BROKER_EPOCH_BYTES = 17,       /* with the final zero */
    BROKER_CLIENT_BYTES_MAX = 128, /* id of a connection */
};

struct broker;

/* One message of a channel, never changed, shared by reference. */
struct publication {
    uint32_t refs;
    uint32_t length;
    uint64_t offset; /* place in the channel's log, from 1; 0: the channel keeps no log */
    unsigned char data[];
};

struct publication *publication_create(uint64_t offset, const void *data, size_t length);
struct publication *publication_ref(struct publication *publication);
void publication_unref(struct publication *publication); /* takes NULL */

/* One connection of a user in a channel. */
struct broker_member {
    const char *client; /* id of the connection, unique in the cluster, no spaces */
    const char *user;   /* no control characters */
    const char *info;   /* JSON, handed on as it is */
};

enum broker_status {
    BROKER_OK,
    BROKER_UNAVAILABLE, /* the store is out of reach: nothing was done */
    BROKER_UNKNOWN,     /* no answer in time: it may or may not have been done */
    BROKER_REFUSED,     /* the store answered with an error */
};

/* What is filled in depends on the request; all of it is borrowed for the callback. */
struct broker_reply {
    enum broker_status status;
    const char *channel;
    const char *epoch;                 /* publish, history */
    uint64_t offset;                   /* publish: its own; history: the newest there is */
    struct publication **publications; /* history: oldest first */
    size_t publication_count;
    const struct broker_member *members; /* members: one per user */
    size_t member_count;
    uint64_t version; /* members: of the list */
};

struct broker_waiter {
    void (*on_reply)(void *owner, uint64_t tag, const struct broker_reply *reply);
    void *owner;
    uint64_t tag; /* an id, so that what is gone meanwhile is found to be gone */
};

struct broker_presence {
    bool is_join;     /* first connection of a user; else the last one left */
    uint64_t version; /* of the member list with this change in it */
    const char *user;
    const char *info;
};

struct broker_events {
    void *context;
    /* The channel is subscribed: at first, and again whenever something may have been missed.
     */
    void (*on_subscribed)(void *context, const char *channel);
    /* In the store's order; the receiver checks offsets. publication is borrowed. */
    void (*on_publication)(void *context, const char *channel, const char *epoch,
                           struct publication *publication);
    void (*on_presence)(void *context, const char *channel,
                        const struct broker_presence *presence);
    /* The store may have lost this node's members: join them again, quietly. */
    void (*on_members_lost)(void *context);
    /* Another node has this node's name: the process must end. */
    void (*on_name_taken)(void *context);
};

enum { BROKER_NEWEST = 0 }; /* for broker_history: the newest limit publications */

struct broker_ops {
    void (*subscribe)(struct broker *broker, const char *channel);
    void (*unsubscribe)(struct broker *broker, const char *channel);
    void (*publish)(struct broker *broker, const char *channel, const void *data, size_t length,
                    struct broker_waiter waiter);
    void (*history)(struct broker *broker, const char *channel, uint64_t since, size_t limit,
                    struct broker_waiter waiter);
    void (*join)(struct broker *broker, const char *channel, const struct broker_member *member,
                 bool is_quiet, struct broker_waiter waiter);
    void (*leave)(struct broker *broker, const char *channel,
                  const struct broker_member *member);
    void (*members)(struct broker *broker, const char *channel, size_t limit,
                    struct broker_waiter waiter);
    void (*turn)(struct broker *broker);
    bool (*is_ready)(const struct broker *broker, const char **ret_reason);
    void (*give_up_lease)(struct broker *broker);
    bool (*is_idle)(const struct broker *broker);
    void (*destroy)(struct broker *broker);
};

struct broker {
    const struct broker_ops *ops;
    struct broker_events events;
};

/* Must be set before the first turn of the loop. */
void broker_set_events(struct broker *broker, const struct broker_events *events);

/* A channel must be subscribed once before its events are wanted; not counted. */
void broker_subscribe(struct broker *broker, const char *channel);
void broker_unsubscribe(struct broker *broker, const char *channel);

/* Answers with offset and epoch. Subscribers of every node get the bytes as they are. */
void broker_publish(struct broker *broker, const char *channel, const void *data, size_t length,
                    struct broker_waiter waiter);

/* Publications after the offset since, oldest first, at most limit; or BROKER_NEWEST. */
void broker_history(struct broker *broker, const char *channel, uint64_t since, size_t limit,
                    struct broker_waiter waiter);

/* is_quiet: nobody is told, whatever the count says (a member put back, not a new one). */
void broker_join(struct broker *broker, const char *channel, const struct broker_member *member,
                 bool is_quiet, struct broker_waiter waiter);
/* Not answered: it is kept until the store has taken it. */
void broker_leave(struct broker *broker, const char *channel,
                  const struct broker_member *member);
/* Users of the channel, each once, at most limit. */
void broker_members(struct broker *broker, const char *channel, size_t limit,
                    struct broker_waiter waiter);

/* Once a turn of the loop: answers that need no round trip. */
void broker_turn(struct broker *broker);
/* Could a client be served now? If not, *ret_reason says why. */
bool broker_is_ready(const struct broker *broker, const char **ret_reason);
/* The last words of a node that ends, after its members left. */
void broker_give_up_lease(struct broker *broker);
/* Nothing is waiting for an answer. */
bool broker_is_idle(const struct broker *broker);
/* Takes NULL. What still waits for an answer is told BROKER_UNKNOWN first. */
void broker_destroy(struct broker *broker);

#endif
