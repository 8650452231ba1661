/*
 * redis_replies - where hiredis puts what it has read.
 *
 * By itself it allocates each part of a reply: eight times for a message of a channel. Here the
 * parts of one reply lie one after the other in a block, which is used again for the next.
 * Replies are the usual redisReply, and valid until hiredis frees them, after the callback.
 */
#ifndef PARLEY_REDIS_REPLIES_H
#define PARLEY_REDIS_REPLIES_H

struct redis_replies;
struct redisReader;

struct redis_replies *redis_replies_create(void);
/* After the last reader that used it. Takes NULL. */
void redis_replies_destroy(struct redis_replies *replies);

/* For a reader that has read nothing yet. One reader at a time, since it has one reply at a
 * time. */
void redis_replies_use(struct redis_replies *replies, struct redisReader *reader);

#endif
