/*
 * presence_readers - sessions that are to get the list of a channel's users; see
 * presence_readers.h.
 */
#include "presence_readers.h"

#include "batch.h"
#include "broker.h"
#include "channel.h"
#include "dialect.h"
#include "hub.h"
#include "mem.h"
#include "quota.h"
#include "session.h"
#include "wire_format.h"

void presence_readers_add(struct presence_readers *readers, uint64_t id)
{
    readers->ids =
        mem_grow(readers->ids, readers->count, &readers->capacity, sizeof(*readers->ids));
    readers->ids[readers->count++] = id;
}

void presence_readers_send(struct hub *hub, const struct presence_readers *readers,
                           const struct broker_reply *reply)
{
    struct batch *batches[WIRE_FORMATS_MAX] = {NULL};
    for (size_t i = 0; i < readers->count; i++) {
        struct session *session = session_find(hub, readers->ids[i]);
        struct subscription *subscription =
            session ? channel_subscription_of(session, reply->channel) : NULL;
        if (!subscription)
            continue;
        subscription->has_list = true;
        const struct wire_format *format = session_format(session);
        struct batch **batch = &batches[format->number];
        if (!*batch) {
            *batch = wire_format_batch(format);
            format->dialect->encode_members(*batch, reply);
        }
        session_send(session, *batch);
        quota_owe_reply(session, batch_length(*batch));
    }
    for (size_t i = 0; i < WIRE_FORMATS_MAX; i++)
        batch_unref(batches[i]);
}
