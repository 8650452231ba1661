/*
 * fake_link - a redis_link whose other end is a function of the test.
 *
 * Commands wait, in order, until the test lets them be answered; the function is given each
 * one's parts and fills in what Redis would have said. Scripts go by their numbers:
 * fake_link_script tells which one is called.
 */
#ifndef PARLEY_FAKE_LINK_H
#define PARLEY_FAKE_LINK_H

#include "redis_link.h"

#include <hiredis/hiredis.h>

#include <stdbool.h>
#include <stddef.h>

/* A command on its way; the parts end with NULL. */
struct fake_command {
    size_t part_count;
    char **parts;
};

/* reply is {.type = REDIS_REPLY_INTEGER, .integer = 1} unless it is changed. */
typedef void (*fake_store_fn)(void *context, const struct fake_command *command,
                              redisReply *reply);

struct redis_link *fake_link_create(fake_store_fn store, void *context);
/* Links that redis_link_create makes from now on have this store behind them. */
void fake_link_serve(fake_store_fn store, void *context);
/* The link made last that is, or is not, a subscriber. Borrowed. */
struct redis_link *fake_link_made(bool is_subscriber);
/* For links that redis_link_create made: what their owner is told. */
void fake_link_come_up(struct redis_link *link);
void fake_link_go_down(struct redis_link *link); /* what waits is lost */
void fake_link_hear(struct redis_link *link, const char *channel, const char *text);
void fake_link_subscribed(struct redis_link *link, const char *channel);
void fake_link_set_up(struct redis_link *link, bool is_up);
void fake_link_set_room(struct redis_link *link, bool has_room); /* it has at first */

/* Answers all that waits, and what is asked for meanwhile. */
void fake_link_answer_all(struct redis_link *link);
/* No answer comes, for any: BROKER_UNKNOWN. */
void fake_link_lose_all(struct redis_link *link);
/* Commands that were given to the link so far. */
size_t fake_link_command_count(const struct redis_link *link);
/* Why redis_link_restart was called last; NULL: it was not. Borrowed. */
const char *fake_link_why_restarted(const struct redis_link *link);

/* A subscription is confirmed; the link tells nobody, that is the test's. */
void fake_link_confirm(struct redis_link *link);

/* The number of the script that is called, an enum redis_script; -1: it is another command. */
int fake_link_script(const struct fake_command *command);

#endif
