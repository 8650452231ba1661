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

#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BROKER_EPOCH_BYTES = 17, /* with the final zero */
    BROKER_KEY_BYTES_MAX = 128,
    BROKER_KEY_TTL_MS = 300000,
    BROKER_ENTRY_BYTES = 64, /* what a publication counts besides its bytes */
    BROKER_FILE_ID_BYTES = 32,
    BROKER_FILE_CHARGE_MIN =
        64 << 10, /* what a file counts at least: so there are not too many */
};

struct broker;
struct json_out;

/* What the store does for a channel. */
struct broker_policy {
    size_t history_size;          /* publications kept; 0: the channel has no log */
    int64_t history_ttl_ms;       /* after the last one */
    int64_t presence_grace_ms;    /* who is back within it has not left; 0: none */
    bool is_each_connection_told; /* not the first and the last of a user; then no grace */
};

/* Where a broker finds a channel's policy: never NULL, valid as long as the broker is. */
struct broker_policies {
    const struct broker_policy *(*find)(void *context, const char *channel);
    void *context;
};

/* A place in a channel's log: behind the publication of that offset. */
struct broker_position {
    uint64_t offset;
    char epoch[BROKER_EPOCH_BYTES]; /* "": of whatever log there is */
};

/* One message of a channel, never changed, shared by reference. */
struct publication {
    uint32_t refs;
    uint32_t length;      /* of the payload */
    uint32_t info_length; /* of what is told besides, as of the publisher, JSON; 0: nothing */
    uint64_t offset;      /* place in the channel's log, from 1; 0: it has none */
    char bytes[];         /* payload, then info */
};

struct publication *publication_create(uint64_t offset, struct slice payload,
                                       struct slice info);
struct publication *publication_ref(struct publication *publication);
void publication_unref(struct publication *publication); /* takes NULL */
struct slice publication_payload(const struct publication *publication);
struct slice publication_info(const struct publication *publication);

/* One connection of a user in a channel. */
struct broker_member {
    const char *client; /* id of the connection, unique in the cluster, no spaces */
    const char *user;   /* no control characters; "": anonymous */
    const char *info;   /* JSON, handed on as it is */
    int64_t joined_ms;  /* on clock_now_ms's clock; 0 in lists */
};

/* What is to be published. */
struct broker_message {
    struct slice payload;
    struct slice info;  /* JSON, or empty */
    const char *key;    /* idempotency: published once in BROKER_KEY_TTL_MS; it says whose it is
                           (once_key.h); NULL: no key */
    const char *digest; /* with a key: of what it is used for; a word */
    bool is_unlogged;   /* not kept, whatever the channel keeps */
};

/* A part of a log: forward from the first after since, or backward from the last before it;
 * since 0: from the log's own end. limit 0: only epoch and offset are wanted. */
struct broker_range {
    uint64_t since;
    size_t limit;
    size_t bytes;    /* of all of them together, but for one in any case; 0: any number */
    bool is_reverse; /* newest first */
    bool begins_log; /* where there is none, it is given an epoch; else the answer's is "" */
};

/* What a publication counts towards broker_range.bytes. */
size_t publication_weight(const struct publication *publication);

/* A channel that somebody listens to, on whichever node. */
struct broker_channel {
    const char *name;
    uint64_t connection_count; /* present in it */
};

/* A node with a lease; what is said of others is as old as their last renewal. */
struct broker_node {
    const char *name;
    const char *version;
    uint64_t connection_count;
    uint64_t user_count;
    uint64_t subscription_count;
    uint64_t channel_count; /* on that node */
    int64_t started_ms;     /* wall time */
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
    const char *epoch;   /* publish, history */
    uint64_t offset;     /* publish: its own; history: the newest there is */
    const char *renames; /* history: what the log was called before, see
                            broker_same_until; "" or NULL: nothing else */
    bool is_duplicate;   /* publish: the key was used before, for the same */
    bool is_conflict;    /* publish: it was used for something else: nothing was done */
    struct publication **publications; /* history */
    size_t publication_count;
    uint64_t first; /* history: offset of the first entry there was, if that is no publication
                       and so is not listed; 0: it is the first of those above */
    const struct broker_member *members; /* members: connections */
    size_t member_count;
    uint64_t version; /* members, history: of the list of members; 0: nobody was told of
                         any */
    uint64_t connection_count; /* members: all there are, however many are listed */
    uint64_t user_count;
    const struct broker_channel *channels; /* channels */
    size_t channel_count;
    size_t channel_total; /* channels: all that match, however many are listed */
    bool is_share_full;   /* file_reserve: its owner has too much */
    bool is_taken; /* of file_reserve and file_append; false: there is no room, or the file is
                      gone; of check_member: it is there */
    struct slice piece; /* file_read; empty: there is no such file, or no more of it */
    const struct broker_node *nodes; /* nodes; none: the store knows of no other than this */
    size_t node_count;
};

struct broker_waiter {
    void (*on_reply)(void *owner, uint64_t tag, const struct broker_reply *reply);
    void *owner;
    uint64_t tag; /* an id, so that what is gone meanwhile is found to be gone */
};

enum broker_presence_kind {
    BROKER_JOIN,  /* first connection of a user */
    BROKER_LEAVE, /* the last one left, and the grace is over */
    BROKER_SYNC,  /* the list has changed without names: it is to be read anew */
};

struct broker_presence {
    enum broker_presence_kind kind;
    uint64_t version;    /* of the member list with this change in it */
    uint64_t user_count; /* with this change in it */
    const char *user;    /* user, client, info: NULL with BROKER_SYNC */
    const char *client;  /* the connection that came first, or went last */
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
    /* What was kept of the channel's publications before is to be forgotten. */
    void (*on_history_removed)(void *context, const char *channel);
    /* The store may have lost this node's members: put them back. */
    void (*on_members_lost)(void *context);
    /* What broker_control sent, on any node. */
    void (*on_control)(void *context, const char *bytes, size_t length);
    /* Another node has this node's name: the process must end. */
    void (*on_name_taken)(void *context);
};

enum { BROKER_FILE_BRIEF_MS = 300000 /* for all of its pieces to come */ };

/* A file that is kept for a while, beside the channels. */
struct broker_file {
    const char *id;      /* BROKER_FILE_ID_BYTES characters */
    size_t bytes;        /* of all of it */
    int64_t ttl_ms;      /* once all of it is there; see BROKER_FILE_BRIEF_MS */
    size_t bytes_of_all; /* that the store may give to files */
    const char *owner;   /* whose share it is, without blanks */
    size_t bytes_of_one; /* that one owner may have; 0: any */
};

struct broker_ops {
    void (*subscribe)(struct broker *broker, const char *channel);
    void (*unsubscribe)(struct broker *broker, const char *channel);
    void (*publish)(struct broker *broker, const char *channel,
                    const struct broker_message *message, struct broker_waiter waiter);
    void (*history)(struct broker *broker, const char *channel,
                    const struct broker_range *range, struct broker_waiter waiter);
    void (*history_remove)(struct broker *broker, const char *channel,
                           struct broker_waiter waiter);
    void (*new_epoch)(struct broker *broker, const char *channel,
                      const struct broker_position *seen, bool is_certain);
    void (*control)(struct broker *broker, const char *bytes, size_t length,
                    struct broker_waiter waiter);
    void (*join)(struct broker *broker, const char *channel, const struct broker_member *member,
                 bool is_put_back, struct broker_waiter waiter);
    void (*leave)(struct broker *broker, const char *channel,
                  const struct broker_member *member);
    void (*check_member)(struct broker *broker, const char *channel,
                         const struct broker_member *member, struct broker_waiter waiter);
    void (*members)(struct broker *broker, const char *channel, size_t limit,
                    struct broker_waiter waiter);
    void (*channels)(struct broker *broker, const char *pattern, size_t limit,
                     struct broker_waiter waiter);
    void (*nodes)(struct broker *broker, struct broker_waiter waiter);
    void (*file_reserve)(struct broker *broker, const struct broker_file *file, bool is_whole,
                         struct broker_waiter waiter);
    void (*file_append)(struct broker *broker, const struct broker_file *file, size_t at,
                        struct slice piece, struct broker_waiter waiter);
    void (*file_read)(struct broker *broker, const char *id, size_t at, size_t length,
                      struct broker_waiter waiter);
    void (*file_remove)(struct broker *broker, const struct broker_file *file);
    void (*turn)(struct broker *broker);
    bool (*is_ready)(const struct broker *broker, const char **ret_reason);
    void (*give_up_lease)(struct broker *broker);
    bool (*is_idle)(const struct broker *broker);
    void (*describe)(const struct broker *broker, struct json_out *out);
    void (*destroy)(struct broker *broker);
};

struct broker {
    const struct broker_ops *ops;
    struct broker_events events;
};

/* For implementations: a name for a log that begins, which no other has. Short, since it
 * travels with every publication. */
void broker_make_epoch(char epoch[BROKER_EPOCH_BYTES]);
/* Could it be one? Letters, digits, '-' and '_', and no more than fit. "-": of no log. */
bool broker_is_epoch(const char *text);

/* Must be set before the first turn of the loop. */
void broker_set_events(struct broker *broker, const struct broker_events *events);

/* A channel must be subscribed once before its events are wanted; not counted. */
void broker_subscribe(struct broker *broker, const char *channel);
void broker_unsubscribe(struct broker *broker, const char *channel);

/* Answers with offset, epoch, is_duplicate and is_conflict. Subscribers of every node get the
 * payload as it is. */
void broker_publish(struct broker *broker, const char *channel,
                    const struct broker_message *message, struct broker_waiter waiter);

void broker_history(struct broker *broker, const char *channel,
                    const struct broker_range *range, struct broker_waiter waiter);
/* Forgets what is kept; offsets go on. */
void broker_history_remove(struct broker *broker, const char *channel,
                           struct broker_waiter waiter);
/* Somebody has seen more of the log than there is: if so, it has lost its end, and gets a new
 * epoch. is_certain: this node has seen it, and no client says so: of those the store believes
 * only what can be. Not answered; a broker_history that follows sees it, on every node, with
 * what the epoch was before. */
void broker_new_epoch(struct broker *broker, const char *channel,
                      const struct broker_position *seen, bool is_certain);
/* Up to which offset is a log the same that was called by this epoch? renames: "EPOCH OFFSET "
 * for each name it had, the oldest first. False: it was never called so. */
__attribute__((warn_unused_result)) bool
broker_same_until(const char *renames, const char *epoch, uint64_t *ret_offset);

/* Tells every node, this one too. */
void broker_control(struct broker *broker, const char *bytes, size_t length,
                    struct broker_waiter waiter);

/* is_put_back: it had joined before. If it is still there, or the store lost it, nobody is told
 * of a join; if it was taken for gone meanwhile, everybody is. */
void broker_join(struct broker *broker, const char *channel, const struct broker_member *member,
                 bool is_put_back, struct broker_waiter waiter);
/* Not answered: it is kept until the store has taken it. The user's last connection begins the
 * grace. */
void broker_leave(struct broker *broker, const char *channel,
                  const struct broker_member *member);
/* Answers is_taken: the member is there. If it is not although it should be, the store may have
 * lost the channel's members: put them back. */
void broker_check_member(struct broker *broker, const char *channel,
                         const struct broker_member *member, struct broker_waiter waiter);
/* Connections present in the channel, and users in their grace, at most limit; 0: only the
 * counts. */
void broker_members(struct broker *broker, const char *channel, size_t limit,
                    struct broker_waiter waiter);

/* Channels with a subscriber in the cluster whose names match the pattern, a glob of fnmatch;
 * at most limit are listed. The store looks at every channel there is: for operators, not for
 * clients. */
void broker_channels(struct broker *broker, const char *pattern, size_t limit,
                     struct broker_waiter waiter);
/* The nodes of the cluster. */
void broker_nodes(struct broker *broker, struct broker_waiter waiter);

/* Room for a file, before its first piece: answers is_taken, or is_share_full. It is given back
 * after BROKER_FILE_BRIEF_MS, or if it is asked for again when all of the file is there, when
 * its time is over: is_whole. */
void broker_file_reserve(struct broker *broker, const struct broker_file *file, bool is_whole,
                         struct broker_waiter waiter);
/* The piece of it that begins at at, after all that come before it: answers is_taken. */
void broker_file_append(struct broker *broker, const struct broker_file *file, size_t at,
                        struct slice piece, struct broker_waiter waiter);
/* Answers with a piece, at most length long. */
void broker_file_read(struct broker *broker, const char *id, size_t at, size_t length,
                      struct broker_waiter waiter);
/* Not answered. Gives the room back, too. */
void broker_file_remove(struct broker *broker, const struct broker_file *file);

/* Once a turn of the loop: answers that need no round trip. */
void broker_turn(struct broker *broker);
/* Could a client be served now? If not, *ret_reason says why. */
bool broker_is_ready(const struct broker *broker, const char **ret_reason);
/* The last words of a node that ends, after its members left. */
void broker_give_up_lease(struct broker *broker);
/* Nothing is waiting for an answer. */
bool broker_is_idle(const struct broker *broker);
/* What an operator wants to see of the connections to the store, as one JSON value: an array,
 * empty where there is no store. */
void broker_describe(const struct broker *broker, struct json_out *out);
/* Takes NULL. What still waits for an answer is told BROKER_UNKNOWN first. */
void broker_destroy(struct broker *broker);

#endif
