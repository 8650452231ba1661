/*
 * intake - when what clients say is heard.
 *
 *   intake_take ----------> the dialect's on_text, command by command, in their order
 *        |                            ^
 *        | its share of the turn      | intake_turn: in the next turn
 *        |   is used up               | intake_wake: an answer has come
 *        v                            | intake_tick: later
 *   the rest is held, and reading from the connection pauses
 *
 * So one frame full of commands holds up nobody else, and nobody has more commands at the
 * store than it may. Knows sessions and quotas; nothing of what is said.
 */
#ifndef PARLEY_INTAKE_H
#define PARLEY_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

struct hub;
struct intake;
struct session;
struct usage;

struct intake *intake_create(void);
void intake_destroy(struct intake *intake); /* takes NULL */

/* A whole text message of an open session. */
void intake_take(struct session *session, const char *bytes, size_t length);

/* Something that the session may have waited for is there. */
void intake_wake(struct session *session);
/* What was held is never heard. */
void intake_forget(struct usage *usage);
/* The session has a usage now: it is given back when it holds nothing. */
void intake_watch(struct session *session);

/* Once a turn of the loop. */
void intake_turn(struct hub *hub);
/* Somebody is to go on in the next turn. */
bool intake_is_waiting(const struct hub *hub);
/* Each CHAT_TICK_MS. */
void intake_tick(struct hub *hub);

#endif
