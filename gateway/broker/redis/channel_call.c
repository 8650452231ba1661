/*
 * channel_call - a request about a channel that waits for Redis; see channel_call.h.
 */
#include "channel_call.h"

#include "mem.h"

#include <stdlib.h>

struct channel_call *channel_call_create(const char *channel, struct broker_waiter waiter)
{
    struct channel_call *call = mem_alloc(sizeof(*call));
    *call = (struct channel_call){mem_strdup(channel), waiter};
    return call;
}

void channel_call_answer(struct channel_call *call, struct broker_reply *reply)
{
    reply->channel = call->channel;
    if (call->waiter.on_reply)
        call->waiter.on_reply(call->waiter.owner, call->waiter.tag, reply);
    free(call->channel);
    free(call);
}
