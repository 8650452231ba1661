/*
 * quota - what one connection may take of the node and the store, and what it has taken.
 *
 * Rates are token buckets; what waits for the store is counted. All that is kept of it is a
 * struct usage, made when a connection first takes something and given back as soon as its
 * buckets are full again: who says nothing costs nothing.
 * Knows the limits and sessions; nothing of commands. Each refusal is a hit of its limit.
 */
#ifndef PARLEY_QUOTA_H
#define PARLEY_QUOTA_H

#include <stdbool.h>
#include <stddef.h>

struct hub;
struct session;
struct usage;

enum {
    QUOTA_FIRST_REPLIES = 16
}; /* long answers at once, before it is known how long they are */

enum quota {
    QUOTA_COMMANDS,
    QUOTA_PUBLISHES,
    QUOTA_PUBLISH_BYTES,
    QUOTA_NEW_CHANNELS, /* touched without being subscribed to */
    QUOTA_SUBSCRIBES,   /* to channels that nobody here is in */
    QUOTA_NAMES,        /* of presence, after the first one */
    QUOTA_REPLY_BYTES,  /* of long answers; goes below zero, since they are not known before */
    QUOTA_REFUSALS,     /* what was refused: answers cost, too */
    QUOTA_COUNT
};

/* False: too much, and a refusal more. */
__attribute__((warn_unused_result)) bool quota_take(struct session *session, enum quota quota);
/* A publication of that many bytes: QUOTA_PUBLISHES and QUOTA_PUBLISH_BYTES, both or none. */
__attribute__((warn_unused_result)) bool quota_take_publish(struct session *session,
                                                            size_t bytes);
/* The session is about to ask or to publish in the channel, which may be new: known is
 * whatever is open here, or was touched here not long ago. */
__attribute__((warn_unused_result)) bool quota_take_channel(struct session *session,
                                                            const char *channel);
/* The same for a subscription. */
__attribute__((warn_unused_result)) bool quota_take_subscribe(struct session *session,
                                                              const char *channel);

/* A command goes to the store; it is answered, once. */
void quota_begin(struct session *session);
void quota_end(struct session *session);
/* May another one go there? */
bool quota_has_room(struct session *session);

/* May it be sent something long? Not while its connection is behind, nor before it has paid,
 * by waiting, for what it was sent before. */
bool quota_has_credit(struct session *session);
void quota_owe_reply(struct session *session, size_t bytes);

/* May it ask the store for something long? It needs credit, and what is on its way already, to
 * it and to all together, must leave room within reply_bytes, so that nothing else waits for
 * long behind it. */
bool quota_may_ask(struct session *session);
/* The same for a recovery, which is answered from memory; pending: its others that are not
 * answered yet. */
bool quota_may_recover(struct session *session, size_t pending);
void quota_note_recovery(struct session *session, size_t bytes);
/* Answers how many bytes are expected now. */
size_t quota_begin_reply(struct session *session);
/* The answer came, whether the session is still there or not. */
void quota_reply_came(struct hub *hub, size_t expected, size_t bytes);
/* It is: items is what the answer lists. */
void quota_end_reply(struct session *session, size_t bytes, size_t items);
/* A long answer is on its way to it. */
bool quota_is_asking(const struct session *session);

/* So much was refused that even refusing has to wait. */
bool quota_is_worn_out(struct session *session);

/* Nothing is used of it that would not be the same with none. */
bool quota_is_unused(struct session *session);
void quota_destroy(struct usage *usage); /* takes NULL */

#endif
