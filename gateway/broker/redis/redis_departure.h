/*
 * redis_departure - connections that have left while their channel has users in their grace.
 *
 * As long as there are any, the lease's set holds "- CHANNEL" beside its "CLIENT CHANNEL":
 * should this node die, another sees to them. When a grace is over, leave_due.lua tells
 * everybody, whichever node calls it first.
 * Knows Redis and the lease; nothing of who waits for what.
 */
#ifndef PARLEY_REDIS_DEPARTURE_H
#define PARLEY_REDIS_DEPARTURE_H

#include "broker.h"

#include <stdint.h>

struct departures;
struct loop;
struct node_lease;
struct redis_store;

/* A connection that has left, or is about to. */
struct departure {
    char *channel;
    char *client;
    char *user;
    char *info;
    int64_t joined_ms;
    int64_t due_ms; /* when its grace is over, at the earliest */
    int refusals;   /* of its leave */
    void *owner;
    struct departure *next;
    struct departure *prev;
};

/* *new* */
struct departure *departure_create(const char *channel, const struct broker_member *member);
void departure_destroy(struct departure *departure);

/* store and lease are borrowed for the life of the object. *new* */
struct departures *departures_create(struct loop *loop, struct redis_store *store,
                                     struct node_lease *lease);
void departures_destroy(struct departures *departures); /* takes NULL */

/* Called before a leave that may begin a grace is sent to Redis, or when such a leave of a dead
 * node is taken over. Followed by exactly one departures_wait or departures_end. */
void departures_begin(struct departures *departures, const char *name);
/* Redis says that a grace runs, for delay_ms at least. departure is *stolen*; NULL: the leave
 * was another node's. It is kept until its own grace is over and told, whatever other users'
 * graces run in the channel. */
void departures_wait(struct departures *departures, const char *name,
                     struct departure *departure, int64_t delay_ms);
/* No grace runs, or the leave got no answer. */
void departures_end(struct departures *departures, const char *name);

/* The lease has a new generation: the entries are put into its set. Answers those whose grace
 * was running, as a list linked by next; the receiver's. */
struct departure *departures_move(struct departures *departures);

#endif
