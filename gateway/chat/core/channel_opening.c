/*
 * channel_opening - a channel until it is live: subscribed, its log read, again and again if
 * need be, and arrivals that cannot be let in; see channel.h.
 */
#include "broker.h"
#include "channel_body.h"
#include "clock.h"
#include "dialect.h"
#include "hub.h"
#include "log.h"
#include "namespaces.h"
#include "presence.h"
#include "session.h"

#include <utlist.h>

enum {
    REREAD_FIRST_MS =
        200, /* after the store refused a log to be read; twice as long each time */
    REREAD_MAX_MS = 5000,
    REREADS_PER_TICK = 200,
};

void channel_on_subscribed(struct channel *channel)
{
    if (channel->options->policy.history_size > 0) {
        channel->was_away = true;
        channel_log_read(channel);
        return;
    }
    channel_set_state(channel, CHANNEL_LIVE);
    channel_mark_dirty(channel);
    presence_on_settled(channel, /* version= */ 0, /* was_away= */ true);
}

static void send_arrivals_away(struct channel *channel)
{
    log_event(channel_not_opened, kv_str("channel", channel->name),
              kv_int("arrivals", (int64_t)channel->arrivals.count));
    for (size_t i = channel->arrivals.count; i > 0; i--) { /* it may leave, or be CLOSING */
        struct subscription *subscription = channel->arrivals.items[i - 1];
        if (session_is_open(subscription->session))
            session_dialect(subscription->session)->on_not_opened(subscription);
    }
}

void channel_note_read(struct hub *hub, bool is_refused)
{
    int64_t now_ms = clock_now_ms();
    if (!is_refused) {
        hub->reread_pause_ms = 0;
        hub->reread_ms = 0;
    } else if (now_ms >= hub->reread_ms) {
        int64_t pause_ms = 2 * hub->reread_pause_ms;
        pause_ms = pause_ms < REREAD_FIRST_MS ? REREAD_FIRST_MS : pause_ms;
        hub->reread_pause_ms = pause_ms > REREAD_MAX_MS ? REREAD_MAX_MS : pause_ms;
        hub->reread_ms = now_ms + hub->reread_pause_ms;
    }
}

/* How many logs may be read again now. While the store refuses, one channel asks for all. */
static size_t rereads_allowed(const struct hub *hub)
{
    if (hub->reread_pause_ms == 0)
        return REREADS_PER_TICK;
    return clock_now_ms() >= hub->reread_ms ? 1 : 0;
}

static void read_again(struct channel *channel, size_t *left)
{
    if (!channel->wants_read || *left == 0)
        return;
    --*left;
    channel_log_read(channel);
}

/* Is it over, what arrivals had to wait for? */
static void stop_waiting(struct channel *channel)
{
    const char *reason;
    if (!channel->is_waiting ||
        (channel->arrivals.count > 0 && !broker_is_ready(channel->hub->broker, &reason)))
        return;
    channel_set_waiting(channel, false);
    channel_mark_dirty(channel);
}

void channel_check_unsettled(struct hub *hub)
{
    int64_t limit_ms = clock_now_ms() - hub->options->open_timeout_ms;
    size_t rereads_left = rereads_allowed(hub);
    struct channel *channel;
    struct channel *next;
    DL_FOREACH_SAFE2(hub->unsettled, channel, next, next_unsettled)
    {
        read_again(channel, &rereads_left);
        stop_waiting(channel);
        if (!channel->is_unsettled || channel->unsettled_since_ms > limit_ms)
            continue;
        if (channel->arrivals.count > 0)
            send_arrivals_away(channel);
        channel->unsettled_since_ms = clock_now_ms();
    }
}
