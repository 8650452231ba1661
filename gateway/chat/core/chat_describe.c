/*
 * chat_describe - the inside of a node's chat as JSON; see chat_describe.h.
 */
#include "chat_describe.h"

#include "broker.h"
#include "channel_body.h"
#include "clock.h"
#include "hub.h"
#include "id_table.h"
#include "json_out.h"
#include "sendq.h"
#include "session.h"
#include "text_map.h"

#include <assert.h>
#include <string.h>

/* The greatest of what is offered, the greatest first. */
struct top {
    const void *items[DESCRIBED_CONNECTIONS_MAX];
    size_t weights[DESCRIBED_CONNECTIONS_MAX];
    size_t count;
    size_t max;
};

static_assert((int)DESCRIBED_CHANNELS_MAX <= (int)DESCRIBED_CONNECTIONS_MAX, "room for both");

static void top_offer(struct top *top, const void *item, size_t weight)
{
    size_t place = top->count;
    while (place > 0 && top->weights[place - 1] < weight)
        place--;
    if (place == top->max)
        return;
    size_t moved = (top->count < top->max ? top->count : top->max - 1) - place;
    memmove(&top->items[place + 1], &top->items[place], moved * sizeof(*top->items));
    memmove(&top->weights[place + 1], &top->weights[place], moved * sizeof(*top->weights));
    top->items[place] = item;
    top->weights[place] = weight;
    top->count += top->count < top->max;
}

static void open_description(const struct hub *hub, struct json_out *out)
{
    json_out_open_object(out);
    json_out_member_text(out, "node", hub->options->node);
}

void chat_describe_connections(const struct hub *hub, struct json_out *out)
{
    struct top slowest = {.max = DESCRIBED_CONNECTIONS_MAX};
    size_t behind = 0;
    for (const struct sendq *queue = hub->behind.first; queue; queue = sendq_next(queue)) {
        top_offer(&slowest, sendq_owner(queue), sendq_bytes(queue));
        behind++;
    }
    open_description(hub, out);
    json_out_member_uint(out, "connections", id_table_count(hub->sessions));
    json_out_member_uint(out, "behind", behind);
    json_out_key(out, "slowest");
    json_out_open_array(out);
    for (size_t i = 0; i < slowest.count; i++)
        session_describe(slowest.items[i], out);
    json_out_close_array(out);
    json_out_close_object(out);
}

/* ------------------------------------------------------------------------------- channels */

static const char *const state_names[] = {
    [CHANNEL_OPENING] = "opening",
    [CHANNEL_SYNCING] = "syncing",
    [CHANNEL_LIVE] = "live",
};

enum { STATE_COUNT = sizeof(state_names) / sizeof(state_names[0]) };

static size_t count_subscribers(const struct channel *channel)
{
    size_t count = channel->arrivals.count;
    for (size_t i = 0; i < channel->audience_count; i++)
        count += channel->audiences[i].subscribers.count;
    return count;
}

static void describe_channel(const struct channel *channel, struct json_out *out)
{
    json_out_open_object(out);
    json_out_member_text(out, "channel", channel->name);
    json_out_member_text(out, "state", state_names[channel->state]);
    if (channel->is_unsettled)
        json_out_member_int(out, "unsettled_ms", clock_now_ms() - channel->unsettled_since_ms);
    json_out_member_uint(out, "subscribers", count_subscribers(channel));
    json_out_member_uint(out, "arrivals", channel->arrivals.count);
    json_out_member_text(out, "epoch", channel->epoch);
    json_out_member_uint(out, "offset", channel->offset);
    json_out_member_uint(out, "recent", channel->recent_count);
    json_out_member_uint(out, "held", channel->held_count);
    json_out_member_uint(out, "held_bytes", channel->held_bytes);
    json_out_member_uint(out, "log_reads", channel->reads_pending);
    json_out_close_object(out);
}

static void describe_unsettled(const struct hub *hub, struct json_out *out)
{
    size_t count = 0;
    json_out_key(out, "unsettled");
    json_out_open_array(out);
    for (const struct channel *channel = hub->unsettled;
         channel && count < DESCRIBED_CHANNELS_MAX; channel = channel->next_unsettled, count++)
        describe_channel(channel, out);
    json_out_close_array(out);
}

static void describe_states(const size_t counts[STATE_COUNT], struct json_out *out)
{
    json_out_key(out, "states");
    json_out_open_object(out);
    for (size_t i = 0; i < STATE_COUNT; i++)
        json_out_member_uint(out, state_names[i], counts[i]);
    json_out_close_object(out);
}

static void describe_biggest(const struct top *biggest, struct json_out *out)
{
    json_out_key(out, "biggest");
    json_out_open_array(out);
    for (size_t i = 0; i < biggest->count; i++)
        describe_channel(biggest->items[i], out);
    json_out_close_array(out);
}

void chat_describe_channels(const struct hub *hub, struct json_out *out)
{
    struct top biggest = {.max = DESCRIBED_CHANNELS_MAX};
    size_t counts[STATE_COUNT] = {0};
    const struct channel *channel;
    const void *cursor = NULL;
    while ((channel = text_map_next(hub->channels, &cursor))) {
        top_offer(&biggest, channel, count_subscribers(channel));
        counts[channel->state]++;
    }
    open_description(hub, out);
    json_out_member_uint(out, "channels", text_map_count(hub->channels));
    describe_states(counts, out);
    describe_unsettled(hub, out);
    describe_biggest(&biggest, out);
    json_out_close_object(out);
}

/* ---------------------------------------------------------------------------------- links */

void chat_describe_links(const struct hub *hub, struct json_out *out)
{
    const char *reason = NULL;
    bool is_ready = broker_is_ready(hub->broker, &reason);
    open_description(hub, out);
    json_out_member_bool(out, "ready", is_ready);
    if (!is_ready)
        json_out_member_text(out, "reason", reason);
    json_out_key(out, "links");
    broker_describe(hub->broker, out);
    json_out_close_object(out);
}
