/*
 * channel - one channel on this node: its life and its subscribers; see channel.h. How it is
 * opened is in channel_opening.c.
 */
#include "channel.h"

#include "batch.h"
#include "channel_body.h"
#include "clock.h"
#include "hub.h"
#include "id_table.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "namespaces.h"
#include "presence.h"
#include "session.h"
#include "text_map.h"
#include "wire_format.h"

#include <utlist.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- life */

struct channel *channel_find(const struct hub *hub, const char *name)
{
    return text_map_find(hub->channels, name);
}

static struct channel *channel_open(struct hub *hub, const char *name)
{
    struct channel *channel = mem_zalloc(sizeof(*channel));
    channel->hub = hub;
    channel->name = mem_strdup(name);
    channel->options = hub_namespace(hub, name);
    assert(channel->options);
    channel->id = id_table_add(hub->channel_ids, channel);
    channel->presence = presence_list_create(channel);
    channel->state = CHANNEL_LIVE; /* so that the next line is a change */
    channel_set_state(channel, CHANNEL_OPENING);
    text_map_add(hub->channels, name, channel);
    metrics.channels++;
    broker_subscribe(hub->broker, name);
    return channel;
}

static void list_finish(struct subscription_list *list)
{
    free(list->items);
    *list = (struct subscription_list){.count = 0};
}

static void channel_destroy(struct channel *channel)
{
    struct hub *hub = channel->hub;
    channel->is_waiting = false;
    channel_set_state(channel, CHANNEL_LIVE); /* off the list of unsettled ones */
    text_map_remove(hub->channels, channel->name);
    id_table_remove(hub->channel_ids, channel->id);
    metrics.channels--;
    channel_log_finish(channel);
    channel_history_forget(channel);
    fanout_finish(channel);
    presence_list_destroy(channel->presence);
    for (size_t i = 0; i < channel->audience_count; i++)
        list_finish(&channel->audiences[i].subscribers);
    free(channel->audiences);
    list_finish(&channel->arrivals);
    free(channel->name);
    free(channel);
}

void channel_destroy_all(struct hub *hub)
{
    const void *cursor = NULL;
    struct channel *channel;
    while ((channel = text_map_next(hub->channels, &cursor)))
        channel_destroy(channel);
    hub->dirty = NULL;
}

struct hub *channel_hub(const struct channel *channel)
{
    return channel->hub;
}

uint64_t channel_id(const struct channel *channel)
{
    return channel->id;
}

const char *channel_name(const struct channel *channel)
{
    return channel->name;
}

const struct namespace_options *channel_options(const struct channel *channel)
{
    return channel->options;
}

bool channel_is_live(const struct channel *channel)
{
    return channel->state == CHANNEL_LIVE;
}

void channel_each_subscriber(const struct channel *channel,
                             void (*on_each)(void *context, struct subscription *subscription),
                             void *context)
{
    for (size_t i = 0; i < channel->audience_count; i++) {
        const struct subscription_list *list = &channel->audiences[i].subscribers;
        for (size_t k = 0; k < list->count; k++)
            on_each(context, list->items[k]);
    }
}

const struct subscription *channel_present(const struct channel *channel)
{
    enum { LOOKED_AT_MAX = 64 }; /* of each audience */
    for (size_t i = 0; i < channel->audience_count; i++) {
        const struct subscription_list *list = &channel->audiences[i].subscribers;
        for (size_t k = 0; k < list->count && k < LOOKED_AT_MAX; k++) {
            if (list->items[k]->presence == PRESENCE_PRESENT &&
                session_is_open(list->items[k]->session))
                return list->items[k];
        }
    }
    return NULL;
}

struct presence_list *channel_presence(struct channel *channel)
{
    return channel->presence;
}

void channel_mark_dirty(struct channel *channel)
{
    if (channel->is_dirty)
        return;
    channel->is_dirty = true;
    if (!channel->hub->dirty)
        channel->hub->dirty_since_ms = clock_now_ms();
    DL_APPEND2(channel->hub->dirty, channel, prev_dirty, next_dirty);
}

/* Unsettled channels are on a list. */
static void note_whether_settled(struct channel *channel)
{
    bool is_unsettled = channel->state != CHANNEL_LIVE || channel->is_waiting;
    if (is_unsettled == channel->is_unsettled)
        return;
    channel->is_unsettled = is_unsettled;
    channel->unsettled_since_ms = clock_now_ms();
    if (is_unsettled)
        DL_APPEND2(channel->hub->unsettled, channel, prev_unsettled, next_unsettled);
    else
        DL_DELETE2(channel->hub->unsettled, channel, prev_unsettled, next_unsettled);
}

/* The one place where a channel changes state. */
void channel_set_state(struct channel *channel, enum channel_state state)
{
    channel->state = state;
    note_whether_settled(channel);
}

void channel_set_waiting(struct channel *channel, bool is_waiting)
{
    channel->is_waiting = is_waiting;
    note_whether_settled(channel);
}

/* ------------------------------------------------------------------------ subscribers */

static void list_add(struct subscription_list *list, struct subscription *subscription)
{
    assert(list->unserved <= list->count);
    list->items =
        mem_grow(list->items, list->count, &list->capacity, sizeof(struct subscription *));
    subscription->index = (uint32_t)list->count;
    list->items[list->count++] = subscription;
}

static void list_move(struct subscription_list *list, size_t from, size_t to)
{
    list->items[to] = list->items[from];
    list->items[to]->index = (uint32_t)to;
}

/* The list has two parts: items[0..unserved) have yet to get the outgoing batch, the others
 * have it. A hole is filled with the last item of the list, so that a walk from its end meets
 * each item once. A hole in the first part is filled with the last unserved item, and the place
 * of that one with the last of the list: no subscription moves from one part to the other. */
static void list_remove(struct subscription_list *list, struct subscription *subscription)
{
    size_t hole = subscription->index;
    assert(list->items[hole] == subscription);
    if (hole < list->unserved) {
        list->unserved--;
        list_move(list, list->unserved, hole);
        hole = list->unserved;
    }
    list->count--;
    assert(list->unserved <= list->count);
    if (hole != list->count) /* else it is empty already, and what it held has its new place */
        list_move(list, list->count, hole);
}

static struct subscription_list *list_of(struct channel *channel,
                                         const struct subscription *subscription)
{
    if (!subscription->is_admitted)
        return &channel->arrivals;
    return &channel->audiences[session_format(subscription->session)->number].subscribers;
}

static struct channel *channel_ensure(struct hub *hub, const char *name)
{
    struct channel *channel = channel_find(hub, name);
    return channel ? channel : channel_open(hub, name);
}

struct subscription *channel_subscribe(struct session *session,
                                       const struct subscribe_request *request)
{
    assert(session_is_open(session)); /* one that is CLOSING is about to leave all it is in */
    struct channel *channel = channel_ensure(session_hub(session), request->channel);
    struct subscription *subscription = mem_zalloc(sizeof(*subscription));
    *subscription = (struct subscription){
        .session = session,
        .channel = channel,
        .is_server_side = request->is_server_side,
        .is_by_token = request->is_by_token,
        .expires_at_s = request->expires_at_s,
        .request = request->request,
    };
    LL_PREPEND2(*session_subscriptions(session), subscription, next_of_session);
    list_add(&channel->arrivals, subscription);
    metrics.subscriptions++;
    channel_mark_dirty(channel);
    return subscription;
}

#define log_membership(event, subscription)                                                    \
    log_event(event, kv_int("connection", session_connection((subscription)->session)),        \
              kv_str("channel", (subscription)->channel->name))

void channel_unsubscribe(struct subscription *subscription)
{
    struct channel *channel = subscription->channel;
    log_membership(unsubscribed, subscription);
    presence_leave(subscription);
    list_remove(list_of(channel, subscription), subscription);
    LL_DELETE2(*session_subscriptions(subscription->session), subscription, next_of_session);
    metrics.subscriptions--;
    channel_mark_dirty(channel); /* it may be empty now */
    free(subscription->request);
    free(subscription);
}

struct subscription *channel_subscription_of(struct session *session, const char *name)
{
    struct subscription *subscription;
    LL_FOREACH2(*session_subscriptions(session), subscription, next_of_session)
    {
        if (strcmp(subscription->channel->name, name) == 0)
            return subscription;
    }
    return NULL;
}

static bool is_empty(const struct channel *channel)
{
    size_t count = channel->arrivals.count;
    for (size_t i = 0; i < channel->audience_count; i++)
        count += channel->audiences[i].subscribers.count;
    return count == 0;
}

static struct audience *ensure_audience(struct channel *channel,
                                        const struct wire_format *format)
{
    if (format->number >= channel->audience_count) {
        size_t count = format->number + 1;
        channel->audiences =
            mem_resize(channel->audiences, count * sizeof(channel->audiences[0]));
        memset(channel->audiences + channel->audience_count, 0,
               (count - channel->audience_count) * sizeof(channel->audiences[0]));
        channel->audience_count = count;
    }
    channel->audiences[format->number].format = format;
    return &channel->audiences[format->number];
}

/* Called just after fanout_begin: the history that the newcomer gets includes the outgoing
 * batch, and the next batch is still empty. So the newcomer misses nothing and gets nothing
 * twice. */
static void admit(struct channel *channel, struct subscription *subscription)
{
    assert(!subscription->is_admitted && channel->state == CHANNEL_LIVE);
    const struct wire_format *format = session_format(subscription->session);
    list_remove(&channel->arrivals, subscription);
    subscription->is_admitted = true;
    list_add(&ensure_audience(channel, format)->subscribers, subscription);
    log_membership(subscribed, subscription);
    presence_on_subscriber(subscription);
    format->dialect->on_admitted(subscription);
}

static void reverse(struct subscription_list *list)
{
    for (size_t i = 0; i < list->count / 2; i++) {
        struct subscription *other = list->items[list->count - 1 - i];
        list->items[list->count - 1 - i] = list->items[i];
        list->items[i] = other;
    }
    for (size_t i = 0; i < list->count; i++)
        list->items[i]->index = (uint32_t)i;
}

void channel_admit_again(struct subscription *subscription)
{
    struct channel *channel = subscription->channel;
    assert(subscription->is_admitted);
    list_remove(list_of(channel, subscription), subscription);
    subscription->is_admitted = false;
    list_add(&channel->arrivals, subscription);
    channel_mark_dirty(channel);
}

/* Has the arrival seen more of the log than this node? Then it is not let in before the log was
 * read: it would be told that it has lost something, or be sent again what it had. */
static bool is_ahead(struct subscription *subscription, struct broker_position *ret_place)
{
    const struct channel *channel = subscription->channel;
    const struct dialect *dialect = session_dialect(subscription->session);
    return channel->options->policy.history_size > 0 && !subscription->is_looked_up &&
           dialect->claimed_place && dialect->claimed_place(subscription, ret_place) &&
           ret_place->offset > channel->offset && channel_has_place(channel, ret_place);
}

/* The arrival that came first is served first: it stands last in the list then, where removing
 * moves nobody but those who are CLOSING and stay until they leave. */
static void admit_arrivals(struct channel *channel)
{
    struct subscription_list *arrivals = &channel->arrivals;
    const char *reason;
    if (channel->state != CHANNEL_LIVE || arrivals->count == 0)
        return;
    channel_log_expire(channel);
    if (!broker_is_ready(channel->hub->broker, &reason)) { /* they would hear nothing */
        channel_set_waiting(channel, true);
        return;
    }
    struct broker_position place;
    bool is_behind = false;
    reverse(arrivals);
    for (size_t i = arrivals->count; i > 0; i--) {
        struct subscription *arrival = arrivals->items[i - 1];
        if (!session_is_open(arrival->session))
            continue;
        if (!is_ahead(arrival, &place)) {
            admit(channel, arrival);
            continue;
        }
        arrival->is_looked_up = true;
        is_behind = true;
    }
    if (is_behind)
        channel_log_claim(channel, &place);
}

/* True: but for what is outgoing there is nothing to be sent. */
static bool send_until(struct channel *channel, int64_t end_us)
{
    bool is_out = fanout_slice(channel, end_us);
    bool has_begun = fanout_begin(channel);
    if (has_begun)
        is_out = fanout_slice(channel, end_us);
    if (!is_out)
        channel_mark_dirty(channel);
    return has_begun;
}

void channel_send(struct channel *channel)
{
    (void)send_until(channel, clock_now_us() + CHANNEL_SLICE_US);
}

void channel_send_and_admit(struct channel *channel, int64_t end_us)
{
    if (!send_until(channel, end_us))
        return;
    admit_arrivals(channel);
}

static struct channel *dirty_take_first(struct channel **list)
{
    struct channel *channel = *list;
    DL_DELETE2(*list, channel, prev_dirty, next_dirty);
    channel->is_dirty = false;
    return channel;
}

static void dirty_put_back(struct hub *hub, struct channel *waiting)
{
    DL_CONCAT2(waiting, hub->dirty, prev_dirty, next_dirty);
    hub->dirty = waiting;
    hub->dirty_since_ms = 0; /* whoever is left has waited already */
}

static void end_turn_of(struct channel *channel, int64_t end_us)
{
    channel_send_and_admit(channel, end_us);
    if (channel->is_dirty || !is_empty(channel))
        return;
    broker_unsubscribe(channel->hub->broker, channel->name);
    channel_destroy(channel);
}

int64_t channel_wait_ms(const struct hub *hub)
{
    if (!hub->dirty)
        return -1;
    int64_t left_ms = hub->dirty_since_ms + hub->options->flush_delay_ms - clock_now_ms();
    return left_ms > 0 ? left_ms : 0;
}

/* A channel that used up its slice is put behind the others for the next turn; channels that
 * got no slice in this turn are put before them. */
void channel_turn(struct hub *hub)
{
    struct channel *waiting = hub->dirty;
    int64_t now_us = clock_now_us();
    int64_t end_us = now_us + CHANNELS_TURN_US;
    if (channel_wait_ms(hub) != 0)
        return;
    hub->dirty = NULL; /* what this turn brings about is for the next one */
    while (waiting && now_us < end_us) {
        end_turn_of(dirty_take_first(&waiting), now_us + CHANNEL_SLICE_US);
        now_us = clock_now_us();
    }
    dirty_put_back(hub, waiting);
}
