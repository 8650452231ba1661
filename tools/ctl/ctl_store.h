/*
 * ctl_store - one connection to Redis that waits for each answer.
 *
 * A tool has nobody to keep waiting: whatever goes wrong with the connection ends the program
 * by ctl_fail. Commands are written as hiredis's: %s a text, %b bytes and their size_t. All
 * replies are *new*.
 */
#ifndef PARLEY_CTL_STORE_H
#define PARLEY_CTL_STORE_H

#include "redis_script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

struct ctl_options;
struct store;

/* options are borrowed for the life of the store. */
struct store *store_open(const struct ctl_options *options);
void store_close(struct store *store);

const char *store_prefix(const struct store *store);
/* The run of Redis, as publish.lua wants it; see redis_run_of_info. Borrowed. */
const char *store_run(struct store *store);

/* An error from Redis ends the program. */
redisReply *store_ask(struct store *store, const char *format, ...);

/* One of the nodes' scripts. */
redisReply *store_script(struct store *store, enum redis_script script,
                         const struct redis_call *call);

/* Several commands on their way at once: as many store_take as there were store_send. */
void store_send(struct store *store, const char *format, ...);
redisReply *store_take(struct store *store); /* errors are replies */
/* One moment's look at several keys: store_begin, some store_send, then store_end, which gives
 * an array of their replies; an error among them is an element. */
void store_begin(struct store *store);
redisReply *store_end(struct store *store, size_t sent_count);
/* Lets what was sent leave, for what is answered by store_listen. */
void store_flush(struct store *store);

/* Waits for what is published to us, until *is_over is set by a signal: then NULL. */
redisReply *store_listen(struct store *store, const volatile int *is_over);

int64_t store_now_ms(struct store *store); /* Redis's clock */

/* Numbers out of a text reply, 0 where there is none. */
int64_t reply_number(const redisReply *reply);
/* The text of a reply, "" where it is another thing. */
const char *reply_text(const redisReply *reply);

/* Some elements of a collection: as HSCAN, SSCAN, ZSCAN, SCAN give them. */
typedef void (*store_slice_fn)(void *context, const redisReply *elements);

enum { STORE_SLICE = 1000 }; /* elements asked for at a time */

/* Hands a whole collection over, in slices; what comes or goes meanwhile may be missing, and
 * an element may come twice. False: the key is not of that type. verb: HSCAN, SSCAN, ZSCAN. */
__attribute__((warn_unused_result)) bool store_walk(struct store *store, const char *verb,
                                                    const char *key, store_slice_fn on_slice,
                                                    void *context);
/* The same from a cursor on: "0" is the end, and nothing is left to do. */
__attribute__((warn_unused_result)) bool store_walk_on(struct store *store, const char *verb,
                                                       const char *key, const char *start,
                                                       store_slice_fn on_slice, void *context);

/* All keys of our prefix that match what is put behind it, a glob of Redis. */
void store_walk_keys(struct store *store, const char *glob, store_slice_fn on_slice,
                     void *context);

#endif
