/*
 * channel_call - a request about a channel that waits for Redis: the channel's name, and who is
 * to be answered.
 */
#ifndef PARLEY_CHANNEL_CALL_H
#define PARLEY_CHANNEL_CALL_H

#include "broker.h"

struct channel_call {
    char *channel;
    struct broker_waiter waiter; /* on_reply may be NULL: nobody wants to know */
};

/* *new* */
struct channel_call *channel_call_create(const char *channel, struct broker_waiter waiter);
/* Fills in the reply's channel, answers and frees the call. */
void channel_call_answer(struct channel_call *call, struct broker_reply *reply);

#endif
