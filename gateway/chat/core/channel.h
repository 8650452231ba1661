/*
 * channel - one channel on this node: its subscribers, and its place in the channel's log.
 *
 *   OPENING --subscribed--> SYNCING --log read--> LIVE
 *                              ^                    |
 *                              +--- gap, reconnect -+
 *
 * Subscribe first, then read the log, then merge by offset: while the log is being read,
 * live publications are held back. The newest publications are kept here, so that newcomers
 * get them without a question to the store and in step with what is live. A newcomer is an
 * arrival until the channel is live and the turn's batch is out, then it is admitted: it
 * can neither miss a message nor get one twice.
 * Knows the broker and dialects; nothing of how bytes leave.
 */
#ifndef PARLEY_CHANNEL_H
#define PARLEY_CHANNEL_H

#include "dialect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct broker_position;
struct broker_presence;
struct channel;
struct hub;
struct namespace_options;
struct presence_list;
struct publication;
struct session;
struct wire_format;

enum presence_state {
    PRESENCE_ABSENT,
    PRESENCE_WANTED,  /* to be joined when the subscription is admitted */
    PRESENCE_JOINING, /* the join is on its way */
    PRESENCE_PRESENT,
};

/* One session in one channel. */
struct subscription {
    struct session *session;
    struct channel *channel;
    struct subscription *next_of_session;
    uint32_t index; /* in the channel's list */
    bool is_admitted;
    bool is_looked_up;    /* the log was read because of the place that it has seen */
    bool is_server_side;  /* not asked for by the client */
    bool is_by_token;     /* a token, or the server API, let the session in */
    bool has_list;        /* of users: it is to be kept right */
    int64_t expires_at_s; /* wall time; 0: never */
    enum presence_state presence;
    uint32_t list_round;  /* in which it waited for the list last */
    uint32_t join_serial; /* of the last join that was sent */
    /* How often the connection has changed its user: a part of its client id, so that a late
     * leave of the old user cannot remove the new one. */
    uint32_t identity;
    int64_t joined_ms; /* on clock_now_ms's clock */
    void *request;     /* what the dialect keeps until admission; freed with the subscription */
};

struct channel *channel_find(const struct hub *hub, const char *name);
struct hub *channel_hub(const struct channel *channel);
uint64_t channel_id(const struct channel *channel);
const char *channel_name(const struct channel *channel);
/* Arrivals are admitted at the end of this turn. */
bool channel_is_live(const struct channel *channel);

/* How a session comes into a channel. */
struct subscribe_request {
    const char *channel; /* its namespace is known */
    bool is_server_side; /* this and the next two: see struct subscription */
    bool is_by_token;
    int64_t expires_at_s;
    void *request; /* *stolen* */
};

/* The session arrives in the channel, which is opened if it is not. Borrowed. */
struct subscription *channel_subscribe(struct session *session,
                                       const struct subscribe_request *request);
/* Ends presence, too. */
void channel_unsubscribe(struct subscription *subscription);
/* NULL: the session is not in the channel. */
struct subscription *channel_subscription_of(struct session *session, const char *name);

/* What the broker says. */
void channel_on_subscribed(struct channel *channel);
void channel_on_publication(struct channel *channel, const char *epoch,
                            struct publication *publication);

/* Nothing that was published before is shown to anybody again. */
void channel_forget_log(struct channel *channel);

/* Encodes the same for each wire format that somebody in the channel has; it is sent in this
 * turn. */
typedef void (*channel_encode_fn)(struct batch *batch, const struct dialect *dialect,
                                  struct channel *channel, const void *what);
void channel_encode(struct channel *channel, channel_encode_fn encode, const void *what);

/* What is in this turn's batches goes out now, as far as a big channel may without holding up
 * others. */
void channel_send(struct channel *channel);

/* Calls on_each for every subscriber that is admitted; it ends no subscription. */
void channel_each_subscriber(const struct channel *channel,
                             void (*on_each)(void *context, struct subscription *subscription),
                             void *context);

/* A subscriber who is present; NULL: there is none among the first. Borrowed. */
const struct subscription *channel_present(const struct channel *channel);

/* The publications kept for newcomers, in this wire format; NULL if there are none. Borrowed,
 * valid until something is published. */
struct batch *channel_history(struct channel *channel, const struct wire_format *format);

/* The channel's place in its log, when it is live. */
const char *channel_epoch(const struct channel *channel);
uint64_t channel_offset(const struct channel *channel);
/* Publications kept here, oldest first, without a gap. Borrowed. */
size_t channel_recent_count(const struct channel *channel);
const struct publication *channel_recent(const struct channel *channel, size_t i);

/* Is this a place in the log as it is now: of the same epoch, or of an earlier one and where
 * the two logs are the same? How far the log goes is not looked at. */
bool channel_has_place(const struct channel *channel, const struct broker_position *place);

/* For on_gap: the subscriber gets what a newcomer gets, when the channel is live again. */
void channel_admit_again(struct subscription *subscription);

/* What holds for it, by its name. Borrowed. */
const struct namespace_options *channel_options(const struct channel *channel);

/* Of the channel's presence; see presence.h. */
struct presence_list *channel_presence(struct channel *channel);

/* What newcomers get is kept for so long after the last of them. */
enum { CHANNEL_HISTORY_IDLE_MS = 5000 };
/* Each tick: what no newcomer needs any more is forgotten. */
void channel_history_tick(struct hub *hub);

/* Sends the turn's batches, admits arrivals, closes channels that nobody is in. */
void channel_turn(struct hub *hub);
/* See chat_wait_ms. */
int64_t channel_wait_ms(const struct hub *hub);
/* Arrivals of channels that could not be opened in time are sent away. */
void channel_check_unsettled(struct hub *hub);
/* Without a word to the broker. */
void channel_destroy_all(struct hub *hub);

#endif
