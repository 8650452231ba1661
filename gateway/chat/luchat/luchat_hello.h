/*
 * luchat_hello - what a LuChat client gets that connected with hello=1, and only then.
 *
 * It is told first where it is, and how many messages of the past follow at once:
 *   {"hello":{"node":"node-1","channel":"lobby","user":null,"history":3,
 *    "history_size":50,"files":null}}
 * The same again, with "missed":true, where messages were lost on the way to it: what it has is
 * to be laid over the history that follows. Where others have tokens, and it has none, "guest"
 * is what its name must begin with. And it may say a message again when it cannot know whether
 * the first was heard: what says the same, with the userid and time, as one of the last
 * BROKER_KEY_TTL_MS is not published a second time, but its bytes come back to who said it.
 */
#ifndef PARLEY_LUCHAT_HELLO_H
#define PARLEY_LUCHAT_HELLO_H

#include "broker.h"

struct batch;
struct luchat_session;
struct session;
struct subscription;

/* history: what is sent next, or NULL. */
void luchat_hello_send(struct subscription *subscription, const struct luchat_session *state,
                       const struct batch *history);

/* {"service":{"state":"degraded"}}: the node cannot reach its store; "restored": it can again.
 */
void luchat_hello_state(struct session *session, bool is_degraded);

/* The message has a key. waiter is answered as by broker_publish; its tag is the session's id.
 */
void luchat_hello_publish(struct session *session, const char *channel,
                          const struct broker_message *message, struct broker_waiter waiter);

#endif
