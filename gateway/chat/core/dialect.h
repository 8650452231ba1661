/*
 * dialect - one wire protocol: what clients may say, and how it is said to them.
 *
 * A dialect decodes and encodes and decides what an answer looks like. Rules that hold for
 * all dialects (order, limits, presence) are not its business.
 */
#ifndef PARLEY_DIALECT_H
#define PARLEY_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct broker_position;
struct broker_presence;
struct broker_reply;
struct channel;
struct chat_request;
struct publication;
struct session;
struct subscription;

struct dialect {
    const char *name;
    void (*on_open)(struct session *session, const struct chat_request *request);
    /* Hears the first command of what is said there. Answers how much of it that was; 0: the
     * command is not heard, since its long answer has to wait (see quota.h). */
    size_t (*on_text)(struct session *session, const char *bytes, size_t length);
    /* The subscription is live from now on: history, and what waited for this. */
    void (*on_admitted)(struct subscription *subscription);
    /* The channel could not be opened in time. Ends the subscription, or the session. Like the
     * four that follow it ends no other subscription. */
    void (*on_not_opened)(struct subscription *subscription);
    /* Publications were missed and cannot be had any more. May end the subscription, or the
     * session. */
    void (*on_gap)(struct subscription *subscription);
    /* Nothing was missed, but the log has another epoch from now on. May end the subscription.
     * NULL: clients know nothing of epochs. */
    void (*on_new_epoch)(struct subscription *subscription);
    /* The place in the log that an arrival says it has seen; false: it says none. NULL: they
     * never do. */
    bool (*claimed_place)(const struct subscription *subscription,
                          struct broker_position *ret_place);
    void (*on_joined)(struct subscription *subscription, const struct broker_reply *reply);
    /* The node cannot serve at the moment, or can again. NULL: clients know nothing of it. */
    void (*tell_state)(struct session *session, bool is_degraded);
    /* A deadline of the session: answers the next one, on clock_now_ms's clock. */
    int64_t (*on_due)(struct session *session);
    /* The node ends: the session is closed in a way that makes its client come back. */
    void (*shut_down)(struct session *session);
    /* The session ends: what session_set_state was given is freed. */
    void (*on_end)(struct session *session);
    /* What the server API orders, see control.h; NULL: the dialect has no such thing. */
    void (*disconnect)(struct session *session, int code, const char *reason);
    void (*unsubscribe)(struct subscription *subscription);
    /* position: to recover from; NULL: none. */
    void (*subscribe)(struct session *session, const char *channel,
                      const struct broker_position *position);
    void (*refresh)(struct session *session, bool is_expired, int64_t expires_at_s);
    void (*encode_publication)(struct batch *batch, const struct channel *channel,
                               const struct publication *publication);
    void (*encode_presence)(struct batch *batch, const char *channel,
                            const struct broker_presence *presence);
    /* Where there are too many users to name them. */
    void (*encode_user_count)(struct batch *batch, const char *channel, uint64_t user_count);
    /* Only for dialects that call presence_send_list. */
    void (*encode_members)(struct batch *batch, const struct broker_reply *reply);
};

#endif
