/*
 * presence_check - are members still in the store who should be? See presence.h.
 *
 * A store may lose a channel's members and keep its connections: a key that was evicted or
 * deleted. So a member of each channel is asked for, one channel after the other, a few in a
 * second.
 */
#include "broker.h"
#include "channel.h"
#include "clock.h"
#include "hub.h"
#include "id_table.h"
#include "log.h"
#include "presence.h"
#include "session.h"

enum {
    CHECK_EVERY_MS = 200,   /* one channel */
    CHANNELS_PER_TICK = 16, /* looked at, for one that has a member here */
};

static void put_back(void *context, struct subscription *subscription)
{
    (void)context;
    if (subscription->presence == PRESENCE_PRESENT && session_is_open(subscription->session))
        presence_put_back(subscription);
}

/* One that has left since is no loss, but asked for with its channel's others, who are there.
 */
static void on_checked(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct hub *hub = owner;
    const struct channel *channel = id_table_find(hub->channel_ids, tag);
    if (!channel || reply->status != BROKER_OK || reply->is_taken || !channel_present(channel))
        return;
    log_event_at_times(members_missing, kv_str("channel", channel_name(channel)));
    channel_each_subscriber(channel, put_back, NULL);
}

static const struct channel *next_channel(struct hub *hub)
{
    const struct channel *channel = id_table_next(hub->channel_ids, &hub->check_cursor);
    if (!channel)
        hub->check_cursor = 0;
    return channel;
}

void presence_check_some(struct hub *hub)
{
    const char *reason;
    const struct subscription *present = NULL;
    if (clock_now_ms() < hub->check_due_ms || !broker_is_ready(hub->broker, &reason))
        return;
    hub->check_due_ms = clock_now_ms() + CHECK_EVERY_MS;
    for (size_t i = 0; i < CHANNELS_PER_TICK && !present; i++) {
        const struct channel *channel = next_channel(hub);
        if (!channel)
            return;
        present = channel_present(channel);
    }
    if (present)
        presence_check(present,
                       (struct broker_waiter){on_checked, hub, channel_id(present->channel)});
}
