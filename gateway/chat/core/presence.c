/*
 * presence - the list of who is in a channel, and the changes of it; see presence.h.
 */
#include "presence.h"

#include "batch.h"
#include "broker.h"
#include "channel.h"
#include "clock.h"
#include "hub.h"
#include "id_table.h"
#include "mem.h"
#include "metrics.h"
#include "namespaces.h"
#include "presence_readers.h"
#include "presence_roster.h"
#include "presence_window.h"
#include "quota.h"
#include "session.h"
#include "wire_format.h"

#include <utlist.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REREADS_MAX = 2, /* of a list that is older than what came */
    ROSTERS_PER_TICK = 20,
    SYNC_DELAY_MS = 1000, /* what loses one change loses more: one new list for all of them */
};

struct presence_list {
    struct channel *channel;
    uint64_t listed;     /* version of the newest list that was sent */
    uint64_t seen;       /* version of the newest change or list that came; 0: none yet */
    uint64_t user_count; /* with it */
    struct presence_readers waiting; /* sessions that are to get the list, each once */
    uint32_t round;                  /* of those who wait */
    int64_t read_due_ms;             /* it could not be read: not before this; 0: at any time */
    struct presence_readers reading; /* those that get the one being read */
    bool is_reading;
    int rereads;
    struct presence_window *window;
    bool has_news; /* in the window */
    int64_t window_end_ms;
    int64_t sync_due_ms;            /* 0: no new list is to be sent */
    bool is_counted_only;           /* too many for names */
    struct presence_roster *roster; /* NULL: nobody needs it, or it is not known */
    int64_t roster_due_ms;          /* it is to be read; 0: it is not */
    bool is_roster_read;            /* by the reading that is under way */
    bool is_roster_stale;           /* changes were missed: the difference is to be told */
    uint64_t expected;              /* a version that there is: heard of by then, or missed */
    int64_t expected_due_ms;        /* 0: nothing is expected */
    bool is_pending;                /* in the hub's list of those with something due */
    struct presence_list *next_pending;
    struct presence_list *prev_pending;
};

struct presence_list *presence_list_create(struct channel *channel)
{
    struct presence_list *list = mem_zalloc(sizeof(*list));
    list->channel = channel;
    list->round = 1; /* 0: a subscription that never waited */
    return list;
}

static void set_pending(struct presence_list *list, bool is_pending)
{
    struct hub *hub = channel_hub(list->channel);
    if (list->is_pending == is_pending)
        return;
    list->is_pending = is_pending;
    if (is_pending)
        DL_APPEND2(hub->presence_pending, list, prev_pending, next_pending);
    else
        DL_DELETE2(hub->presence_pending, list, prev_pending, next_pending);
}

void presence_list_destroy(struct presence_list *list)
{
    if (!list)
        return;
    set_pending(list, false);
    presence_window_destroy(list->window);
    presence_roster_destroy(list->roster);
    free(list->waiting.ids);
    free(list->reading.ids);
    free(list);
}

/* -------------------------------------------------------------------------------- list */

static void on_members(void *owner, uint64_t tag, const struct broker_reply *reply);

static void read_list(struct channel *channel)
{
    struct hub *hub = channel_hub(channel);
    channel_presence(channel)->is_reading = true;
    broker_members(hub->broker, channel_name(channel), channel_options(channel)->presence_limit,
                   (struct broker_waiter){on_members, hub, channel_id(channel)});
}

/* Those who hold a list are to get a new one. */
static void want_sync(struct presence_list *list)
{
    if (list->sync_due_ms == 0)
        list->sync_due_ms = clock_now_ms() + SYNC_DELAY_MS;
    set_pending(list, true);
}

/* A session that asks while the list is being read waits for the next reading: its list must
 * hold its own join. */
static void read_for_waiting(struct channel *channel)
{
    struct presence_list *list = channel_presence(channel);
    if (list->is_reading || list->waiting.count == 0)
        return;
    list->round++;
    struct presence_readers empty = list->reading;
    list->reading = list->waiting;
    list->waiting = empty;
    list->rereads = 0;
    read_list(channel);
}

static void wait_for_list(struct presence_list *list, struct subscription *subscription)
{
    if (subscription->list_round == list->round)
        return;
    subscription->list_round = list->round;
    presence_readers_add(&list->waiting, session_id(subscription->session));
}

void presence_send_list(struct subscription *subscription)
{
    struct channel *channel = subscription->channel;
    struct presence_list *list = channel_presence(channel);
    wait_for_list(list, subscription);
    if (list->read_due_ms == 0)
        read_for_waiting(channel);
}

/* Changes were missed. */
static void note_missed(struct presence_list *list)
{
    want_sync(list);
    list->expected_due_ms = 0;
    list->is_roster_stale = list->roster != NULL;
    if (list->roster && list->roster_due_ms == 0)
        list->roster_due_ms = clock_now_ms() + SYNC_DELAY_MS;
}

void presence_on_settled(struct channel *channel, uint64_t version, bool was_away)
{
    struct presence_list *list = channel_presence(channel);
    read_for_waiting(channel);
    if (list->seen == 0 && version > 0) {
        list->seen = version;
    } else if (version > list->seen) { /* the change itself may be on its way */
        list->expected = version;
        list->expected_due_ms = clock_now_ms() + SYNC_DELAY_MS;
        set_pending(list, true);
    } else if (was_away && version == 0 && list->seen != 0) {
        note_missed(list); /* nobody knows */
    }
}

/* Its clients keep no list: what it was told has to be known here. */
void presence_on_subscriber(const struct subscription *subscription)
{
    struct presence_list *list = channel_presence(subscription->channel);
    if (session_dialect(subscription->session)->encode_members || list->roster ||
        list->roster_due_ms != 0 ||
        !namespace_pushes_presence(channel_options(subscription->channel)))
        return;
    list->roster_due_ms = clock_now_ms() + SYNC_DELAY_MS;
    set_pending(list, true);
}

/* Read again a little later, or when the channel is live again. */
static void put_back_to_waiting(struct presence_list *list)
{
    const struct hub *hub = channel_hub(list->channel);
    for (size_t i = 0; i < list->reading.count; i++) {
        struct session *session = session_find(hub, list->reading.ids[i]);
        struct subscription *subscription =
            session ? channel_subscription_of(session, channel_name(list->channel)) : NULL;
        if (subscription)
            wait_for_list(list, subscription);
    }
    list->reading.count = 0;
    list->read_due_ms = clock_now_ms() + SYNC_DELAY_MS;
    if (list->is_roster_read)
        list->roster_due_ms = list->read_due_ms;
    list->is_roster_read = false;
    set_pending(list, true);
}

/* -------------------------------------------------------------------------- the window */

/* Names are not told until the channel is small again; then there is a new list. */
static void count_only(struct presence_list *list)
{
    list->is_counted_only = true;
    presence_window_clear(list->window);
}

static void encode_change(struct batch *batch, const struct dialect *dialect,
                          struct channel *channel, const void *what)
{
    dialect->encode_presence(batch, channel_name(channel), what);
}

static void tell_change(void *context, const struct broker_presence *change)
{
    channel_encode(context, encode_change, change);
}

static void encode_count(struct batch *batch, const struct dialect *dialect,
                         struct channel *channel, const void *what)
{
    const uint64_t *user_count = what;
    dialect->encode_user_count(batch, channel_name(channel), *user_count);
}

/* A tenth below the limit, so that a channel at the limit does not go to and fro. */
static bool is_small_again(const struct presence_list *list)
{
    size_t limit = channel_options(list->channel)->presence_names_limit;
    return list->user_count <= limit - limit / 10;
}

static void tell_window(struct presence_list *list)
{
    if (!list->has_news)
        return;
    list->has_news = false;
    if (list->is_counted_only && is_small_again(list)) {
        list->is_counted_only = false;
        want_sync(list);
    }
    if (list->is_counted_only) {
        presence_window_clear(list->window);
        channel_encode(list->channel, encode_count, &list->user_count);
        return;
    }
    presence_window_each(list->window, tell_change, list->channel);
    presence_window_clear(list->window);
}

/* ------------------------------------------------------------------ what the store says */

static void tell_later(struct presence_list *list, const struct broker_presence *change)
{
    struct channel *channel = list->channel;
    const struct namespace_options *options = channel_options(channel);
    list->user_count = change->user_count;
    if (!namespace_pushes_presence(options))
        return;
    if (!list->window)
        list->window = presence_window_create();
    if (change->user_count <= options->presence_names_limit)
        presence_window_add(list->window, change, options->policy.is_each_connection_told,
                            list->listed);
    else
        count_only(list);
    if (!list->has_news)
        list->window_end_ms =
            clock_now_ms() + channel_hub(channel)->options->presence_window_ms;
    list->has_news = true;
    if (list->window_end_ms <= clock_now_ms())
        tell_window(list);
    else
        set_pending(list, true);
}

/* Told with the rest of the window: what was missed. */
static void note_difference(void *context, const struct broker_presence *change)
{
    struct presence_list *list = context;
    tell_later(list, change);
}

/* A list that is cut off is none to compare with. */
static void update_roster(struct presence_list *list, const struct broker_reply *reply)
{
    const struct namespace_options *options = channel_options(list->channel);
    bool is_stale = list->is_roster_stale;
    bool is_wanted = list->roster || list->is_roster_read;
    list->is_roster_stale = false;
    list->is_roster_read = false;
    if (!is_wanted)
        return;
    if (reply->connection_count > reply->member_count ||
        reply->user_count > options->presence_names_limit) {
        presence_roster_destroy(list->roster);
        list->roster = NULL;
        return;
    }
    if (!list->roster)
        list->roster = presence_roster_create(options->policy.is_each_connection_told);
    presence_roster_replace(list->roster, reply, is_stale ? note_difference : NULL, list);
}

/* Older than what came, although it was read again and again: there will be another. */
static bool is_too_old(struct presence_list *list, const struct broker_reply *reply)
{
    if (reply->version >= list->seen)
        return false;
    if (list->rereads++ < REREADS_MAX)
        return true;
    want_sync(list);
    return false;
}

static void on_members(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct hub *hub = owner;
    struct channel *channel = id_table_find(hub->channel_ids, tag);
    if (!channel)
        return;
    struct presence_list *list = channel_presence(channel);
    list->is_reading = false;
    if (reply->status != BROKER_OK) {
        put_back_to_waiting(list);
        return;
    }
    if (is_too_old(list, reply)) {
        read_list(channel);
        return;
    }
    list->read_due_ms = 0;
    list->listed = reply->version;
    if (reply->version > list->seen)
        list->seen = reply->version;
    update_roster(list, reply);
    if (list->has_news && !list->is_counted_only) {
        tell_window(list); /* first the names that the list has already */
        channel_send(channel);
    }
    presence_readers_send(hub, &list->reading, reply);
    list->reading.count = 0;
    read_for_waiting(channel);
}

void presence_on_change(struct channel *channel, const struct broker_presence *change)
{
    struct presence_list *list = channel_presence(channel);
    bool is_next = list->seen == 0 || change->version <= list->seen + 1;
    if (change->version > list->seen)
        list->seen = change->version;
    if (!is_next)
        note_missed(list);
    list->user_count = change->user_count;
    if (change->kind == BROKER_SYNC) {
        note_missed(list);
        return;
    }
    if (list->roster && !presence_roster_note(list->roster, change))
        return; /* told already, as a difference */
    tell_later(list, change);
}

/* ----------------------------------------------------------------------------- each tick */

static void wait_if_it_has_list(void *context, struct subscription *subscription)
{
    if (subscription->has_list)
        wait_for_list(context, subscription);
}

/* To those who hold a list of users. */
static void send_lists_anew(struct presence_list *list)
{
    list->sync_due_ms = 0;
    channel_each_subscriber(list->channel, wait_if_it_has_list, list);
    read_for_waiting(list->channel);
}

static bool is_due(int64_t due_ms)
{
    return due_ms != 0 && due_ms <= clock_now_ms();
}

/* What was expected has come, or was missed. */
static void check_expected(struct presence_list *list)
{
    if (!is_due(list->expected_due_ms))
        return;
    list->expected_due_ms = 0;
    if (list->seen < list->expected)
        note_missed(list);
}

/* So many at a time: after an outage it may be due in every channel. */
static void read_roster(struct presence_list *list, size_t *left)
{
    if (!is_due(list->roster_due_ms) || list->is_reading || *left == 0 ||
        !channel_is_live(list->channel))
        return;
    --*left;
    list->roster_due_ms = 0;
    list->is_roster_read = true;
    list->rereads = 0;
    read_list(list->channel);
}

static bool has_something_due(const struct presence_list *list)
{
    return list->has_news || list->sync_due_ms != 0 || list->read_due_ms != 0 ||
           list->roster_due_ms != 0 || list->expected_due_ms != 0;
}

void presence_tick(struct hub *hub)
{
    struct presence_list *list;
    struct presence_list *next;
    size_t rosters_left = ROSTERS_PER_TICK;
    DL_FOREACH_SAFE2(hub->presence_pending, list, next, next_pending)
    {
        check_expected(list);
        if (list->has_news && is_due(list->window_end_ms))
            tell_window(list);
        if (is_due(list->sync_due_ms))
            send_lists_anew(list);
        if (is_due(list->read_due_ms)) {
            list->read_due_ms = 0;
            read_for_waiting(list->channel);
        }
        read_roster(list, &rosters_left);
        set_pending(list, has_something_due(list));
    }
}
