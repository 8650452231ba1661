/*
 * redis_replies - where hiredis puts what it has read.
 *
 * By itself it allocates each part of a reply: eight times for a message of a channel. Here the
 * parts of one reply lie one after the other in a block, which is used again for the next.
 * Replies are the usual redisReply, and valid until hiredis frees them, after the callback.
 *
 * This is also where a reply is turned away that hiredis would not survive: one that nothing
 * was asked for, and one that is too long to be true. The connection then ends.
 */
#ifndef PARLEY_REDIS_REPLIES_H
#define PARLEY_REDIS_REPLIES_H

#include <stdbool.h>
#include <stddef.h>

struct redis_replies;
struct redisReader;

/* Stands before the first part of a push ("+message"): hiredis would look the channel of a
 * message up in a table of its own, which a connection of ours does not fill. By this mark it
 * takes every push for one that is not about channels, and hands it over as it is. */
#define REDIS_PUSH_MARK "+"

enum { REDIS_REPLY_BYTES_MAX = 256 << 20 };

/* What may come. */
struct redis_awaited {
    const size_t *reply_count; /* that were asked for and are not there; borrowed. NULL: any */
    bool has_pushes;
};

struct redis_replies *redis_replies_create(void);
/* After the last reader that used it. Takes NULL. */
void redis_replies_destroy(struct redis_replies *replies);

/* For a reader that has read nothing yet. One reader at a time, since it has one reply at a
 * time. */
void redis_replies_use(struct redis_replies *replies, struct redisReader *reader,
                       struct redis_awaited awaited);

/* Why a reply of this reader was turned away; NULL: none was. */
const char *redis_replies_why_refused(const struct redis_replies *replies);

#endif
