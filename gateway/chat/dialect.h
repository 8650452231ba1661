/*
 * dialect - one wire protocol: what clients may say, and how it is said to them.
 *
 * A dialect decodes and encodes and decides what an answer looks like. Rules that hold for
 * all dialects (order, limits, presence) are not its business.
 */
#ifndef PARLEY_DIALECT_H
#define PARLEY_DIALECT_H

#include <stddef.h>

struct batch;
struct broker_presence;
struct broker_reply;
struct publication;
struct session;
struct subscription;

/* Each channel keeps a list of subscribers and a batch for each of these. */
enum dialect_number { DIALECT_LUCHAT, DIALECT_COUNT };

struct dialect {
    enum dialect_number number;
    const char *name;
    /* channel: as named in the handshake, valid */
    void (*on_open)(struct session *session, const char *channel);
    void (*on_text)(struct session *session, const char *bytes, size_t length);
    /* The subscription is live from now on: history, and what waited for this. */
    void (*on_admitted)(struct subscription *subscription);
    void (*on_published)(struct session *session, const struct broker_reply *reply);
    void (*on_joined)(struct subscription *subscription, const struct broker_reply *reply);
    void (*encode_publication)(struct batch *batch, const struct publication *publication);
    void (*encode_presence)(struct batch *batch, const struct broker_presence *presence);
    void (*encode_members)(struct batch *batch, const struct broker_reply *reply);
};

#endif
