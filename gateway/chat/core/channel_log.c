/*
 * channel_log - a channel's place in its log, and the newest publications; see channel.h.
 *
 *   channel_on_publication
 *     offset is the next one       -> pass_on
 *     offset was seen              -> dropped: a duplicate
 *     offset leaves a gap,
 *     or the epoch is another      -> hold, channel_log_read
 *   on_log_read
 *     the epoch is another, but is this log's new one     -> follow_renaming
 *     what was missed -> pass_on, then what was held, by the same rules as above
 *
 * A node that keeps no log of the channel (history_size 0) passes everything on as it comes:
 * offsets that other nodes give are neither kept nor put in order.
 */
#include "channel.h"

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

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Held back at most, of a channel; beyond it they are read from the log instead. */
enum { HELD_MAX = 8192, HELD_BYTES_MAX = 8 * 1024 * 1024 };

static bool keeps_log(const struct channel *channel)
{
    return channel->options->policy.history_size > 0;
}

/* ----------------------------------------------------------------------- newest kept */

static void forget_recent(struct channel *channel)
{
    size_t size = channel->options->policy.history_size;
    for (size_t i = 0; i < channel->recent_count; i++)
        publication_unref(channel->recent[(channel->recent_first + i) % size]);
    channel->recent_count = 0;
    channel_history_forget(channel);
}

static bool follows_recent(const struct channel *channel, const struct publication *publication)
{
    size_t count = channel->recent_count;
    return count == 0 || channel_recent(channel, count - 1)->offset + 1 == publication->offset;
}

static void keep(struct channel *channel, struct publication *publication)
{
    size_t size = channel->options->policy.history_size;
    assert(size > 0);
    if (!follows_recent(channel, publication))
        forget_recent(channel); /* else a recovery would step over what is missing */
    if (!channel->recent)
        channel->recent = mem_alloc(size * sizeof(struct publication *));
    if (channel->recent_count == size) {
        publication_unref(channel->recent[channel->recent_first]);
        channel->recent_first = (channel->recent_first + 1) % size;
        channel->recent_count--;
    }
    size_t place = (channel->recent_first + channel->recent_count) % size;
    channel->recent[place] = publication_ref(publication);
    channel_history_replace(channel, place);
    channel->recent_count++;
    channel->recent_ms = clock_now_ms();
}

void channel_forget_log(struct channel *channel)
{
    forget_recent(channel);
}

void channel_log_expire(struct channel *channel)
{
    if (channel->recent_count > 0 &&
        clock_now_ms() - channel->recent_ms > channel->options->policy.history_ttl_ms)
        forget_recent(channel);
}

static void pass_on(struct channel *channel, struct publication *publication)
{
    metrics.publications_total++;
    if (publication->offset > 0 && keeps_log(channel)) {
        channel->offset = publication->offset;
        keep(channel, publication);
    }
    fanout_publication(channel, publication);
}

/* --------------------------------------------------------------------------- held back */

static void hold(struct channel *channel, const char *epoch, struct publication *publication)
{
    size_t bytes = publication->length + publication->info_length;
    if (channel->held_count == HELD_MAX || channel->held_bytes + bytes > HELD_BYTES_MAX) {
        channel->has_dropped = true; /* read from the log, then */
        return;
    }
    channel->held_bytes += bytes;
    channel->held = mem_grow(channel->held, channel->held_count, &channel->held_capacity,
                             sizeof(*channel->held));
    struct held_publication *held = &channel->held[channel->held_count++];
    (void)snprintf(held->epoch, sizeof(held->epoch), "%s", epoch);
    held->publication = publication_ref(publication);
}

static bool is_next(const struct channel *channel, const struct held_publication *held)
{
    return strcmp(held->epoch, channel->epoch) == 0 &&
           held->publication->offset == channel->offset + 1;
}

/* Publications were held while the log was read. One that came before the read was sent and
 * does not continue the log is stale, since its epoch is gone or the log has lost its end: it
 * is dropped. One that came after may show a new gap: it is checked as if it came now. */
static void release_held(struct channel *channel)
{
    struct held_publication *held = channel->held;
    size_t count = channel->held_count;
    size_t old_count = channel->held_before_read;
    bool has_dropped = channel->has_dropped;
    channel->held = NULL; /* what shows a gap is held anew */
    channel->held_count = 0;
    channel->held_capacity = 0;
    channel->held_bytes = 0;
    channel->has_dropped = false;
    for (size_t i = 0; i < count; i++) {
        if (i >= old_count || is_next(channel, &held[i]))
            channel_on_publication(channel, held[i].epoch, held[i].publication);
        publication_unref(held[i].publication);
    }
    free(held);
    if (has_dropped && channel->state == CHANNEL_LIVE)
        channel_log_read(channel);
}

/* ------------------------------------------------------------------------- the log read */

static void begin_epoch(struct channel *channel, const char *epoch, uint64_t offset)
{
    (void)snprintf(channel->epoch, sizeof(channel->epoch), "%s", epoch);
    channel->offset = offset;
}

static void tell_of_gap(struct subscription *subscription)
{
    session_dialect(subscription->session)->on_gap(subscription);
}

static void tell_of_new_epoch(struct subscription *subscription)
{
    const struct dialect *dialect = session_dialect(subscription->session);
    if (dialect->on_new_epoch)
        dialect->on_new_epoch(subscription);
}

/* From the end of each list: whoever is told may leave it, and nobody else does. */
static void tell_subscribers(struct channel *channel,
                             void (*tell)(struct subscription *subscription))
{
    fanout_flush(channel);
    for (size_t number = 0; number < channel->audience_count; number++) {
        const struct subscription_list *list = &channel->audiences[number].subscribers;
        for (size_t i = list->count; i > 0; i--) {
            struct subscription *subscription = list->items[i - 1];
            if (session_is_open(subscription->session))
                tell(subscription);
        }
    }
}

static void note_lost(struct channel *channel, uint64_t missing)
{
    metrics.gaps_lost_total++;
    log_event(gap_not_in_log, kv_str("channel", channel->name),
              kv_int("missing", (int64_t)missing));
    forget_recent(channel); /* what is kept is without a gap */
    tell_subscribers(channel, tell_of_gap);
}

static void remember_renames(struct channel *channel, const char *renames)
{
    free(channel->renames);
    channel->renames = renames && renames[0] ? mem_strdup(renames) : NULL;
}

/* The log as far as it is known begins here: at the first look, or because nobody had
 * published when we looked before. Whoever is admitted already has seen nothing of it yet. */
static void begin_at(struct channel *channel, const struct broker_reply *reply)
{
    bool is_whole = reply->offset == reply->publication_count;
    begin_epoch(channel, reply->epoch, 0);
    if (channel->is_replaced && channel->was_away && !is_whole)
        note_lost(channel, reply->offset - reply->publication_count);
    channel->is_replaced = false;
    for (size_t i = reply->publication_count; i > 0; i--) /* newest first, they were read */
        pass_on(channel, reply->publications[i - 1]);
    channel->offset = reply->offset;
}

/* Same epoch: what came after our offset, as far as the log still reaches. False: the answer
 * ended before the log did, so it is to be read on from there. */
static bool catch_up(struct channel *channel, const struct broker_reply *reply)
{
    uint64_t first =
        reply->publication_count > 0 ? reply->publications[0]->offset : reply->offset + 1;
    if (reply->first > 0)
        first = reply->first;
    if (first > channel->offset + 1)
        note_lost(channel, first - channel->offset - 1);
    for (size_t i = 0; i < reply->publication_count; i++) {
        if (reply->publications[i]->offset > channel->offset)
            pass_on(channel, reply->publications[i]);
    }
    if (reply->publication_count > 0 && channel->offset < reply->offset)
        return false;
    channel->offset = reply->offset;
    return true;
}

/* Another log: all that it holds is new. */
static void begin_anew(struct channel *channel, const struct broker_reply *reply)
{
    log_event(log_replaced, kv_str("channel", channel->name),
              kv_int("offset", (int64_t)channel->offset),
              kv_int("log_offset", (int64_t)reply->offset));
    forget_recent(channel);
    channel->is_epoch_news = true;
    channel->epoch[0] = '\0';
    channel->offset = 0;
    channel->is_replaced = true;
    channel_log_read(channel);
}

/* The log that we know has a new epoch, since it may have lost its end. What is the same of
 * both is nothing new to those who are here; whoever had seen more of the old one has missed
 * nothing either: what was lost was passed on before. */
static void follow_renaming(struct channel *channel, const struct broker_reply *reply,
                            uint64_t same_until)
{
    log_event(log_renamed, kv_str("channel", channel->name),
              kv_int("offset", (int64_t)channel->offset),
              kv_int("log_offset", (int64_t)same_until));
    if (same_until < channel->offset) {
        forget_recent(channel);
        channel->offset = same_until;
        channel->is_epoch_news = true; /* once they have what is new in it */
    } else {
        tell_subscribers(channel, tell_of_new_epoch); /* they come back, and are recovered */
    }
    begin_epoch(channel, reply->epoch, channel->offset);
    remember_renames(channel, reply->renames);
    channel_log_read(channel);
}

/* The log has lost its end: restored from an older file, or a replica that was behind, and
 * nobody has written to it since. What is left of it was passed on before. It gets a new epoch,
 * so that nobody who saw more of the old one is told that nothing is missing; then it is read
 * from here. */
static void rename_log(struct channel *channel, const struct broker_reply *reply)
{
    struct broker_position seen = {.offset = channel->offset};
    (void)snprintf(seen.epoch, sizeof(seen.epoch), "%s", channel->epoch);
    log_event(log_went_back, kv_str("channel", channel->name),
              kv_int("offset", (int64_t)channel->offset),
              kv_int("log_offset", (int64_t)reply->offset));
    forget_recent(channel);
    channel->is_epoch_news = true;
    channel->offset = reply->offset;
    channel->is_renaming = true;
    broker_new_epoch(channel->hub->broker, channel->name, &seen, /* is_certain= */ true);
    channel_log_read(channel);
}

/* Either this node is behind, or the log has lost its end, or it is not true: Redis knows. */
void channel_log_claim(struct channel *channel, const struct broker_position *seen)
{
    assert(channel->state == CHANNEL_LIVE && keeps_log(channel));
    broker_new_epoch(channel->hub->broker, channel->name, seen, /* is_certain= */ false);
    channel_log_read(channel);
}

bool channel_has_place(const struct channel *channel, const struct broker_position *place)
{
    uint64_t same_until;
    if (strcmp(place->epoch, channel->epoch) == 0)
        return true;
    return broker_same_until(channel->renames, place->epoch, &same_until) &&
           place->offset <= same_until;
}

static void on_log_read(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct hub *hub = owner;
    struct channel *channel = id_table_find(hub->channel_ids, tag);
    assert(!channel || channel->reads_pending > 0);
    if (!channel || --channel->reads_pending > 0)
        return;
    if (reply->status != BROKER_OK) {
        /* out of reach: the channel will be announced again; refused: asked again */
        channel->wants_read = reply->status == BROKER_REFUSED;
        channel_note_read(hub, channel->wants_read);
        return;
    }
    channel_note_read(hub, /* is_refused= */ false);
    bool is_known = channel->epoch[0] != '\0';
    bool is_other = is_known && strcmp(channel->epoch, reply->epoch) != 0;
    bool was_renaming = channel->is_renaming;
    channel->is_renaming = false;
    if (is_known && !is_other && reply->offset < channel->offset) {
        rename_log(channel, reply);
        return;
    }
    uint64_t same_until;
    bool is_renamed =
        is_other && broker_same_until(reply->renames, channel->epoch, &same_until);
    if (is_other && is_renamed && !(was_renaming && same_until == channel->offset)) {
        follow_renaming(channel, reply, same_until);
        return;
    }
    if (is_other && !is_renamed) {
        begin_anew(channel, reply);
        return;
    }
    if (is_other)
        begin_epoch(channel, reply->epoch, channel->offset);
    remember_renames(channel, reply->renames);
    if (!is_known) {
        begin_at(channel, reply);
    } else if (!catch_up(channel, reply)) {
        channel_log_read(channel);
        return;
    }
    if (channel->is_epoch_news) /* now that all have what is in the log */
        tell_subscribers(channel, tell_of_new_epoch);
    bool was_away = channel->was_away;
    uint64_t version = reply->version;
    channel->is_epoch_news = false;
    channel->was_away = false;
    channel_set_state(channel, CHANNEL_LIVE);
    channel_mark_dirty(channel);
    /* arrivals, too, get all that was held */
    channel_send_and_admit(channel, clock_now_us() + CHANNEL_SLICE_US);
    release_held(channel);
    presence_on_settled(channel, version, was_away);
}

void channel_log_read(struct channel *channel)
{
    struct hub *hub = channel->hub;
    struct broker_waiter waiter = {on_log_read, hub, channel->id};
    assert(keeps_log(channel));
    channel_set_state(channel, CHANNEL_SYNCING);
    channel->wants_read = false;
    channel->held_before_read = channel->held_count;
    channel->reads_pending++;
    bool is_known = channel->epoch[0] != '\0';
    struct broker_range range = {.since = is_known ? channel->offset : 0,
                                 .limit = channel->options->policy.history_size,
                                 .is_reverse = !is_known,
                                 .begins_log = true};
    broker_history(hub->broker, channel->name, &range, waiter);
}

void channel_on_publication(struct channel *channel, const char *epoch,
                            struct publication *publication)
{
    if (channel->state == CHANNEL_OPENING)
        return; /* the log is still to be read */
    if (publication->offset == 0 || !keeps_log(channel)) {
        pass_on(channel, publication);
        return;
    }
    if (channel->state == CHANNEL_SYNCING) {
        hold(channel, epoch, publication);
        return;
    }
    bool is_same_log = strcmp(channel->epoch, epoch) == 0;
    if (is_same_log && publication->offset <= channel->offset)
        return;
    if (is_same_log && publication->offset == channel->offset + 1) {
        pass_on(channel, publication);
        return;
    }
    metrics.gaps_total++;
    log_event_at_times(gap, kv_str("channel", channel->name),
                       kv_int("offset", (int64_t)channel->offset),
                       kv_int("next", (int64_t)publication->offset));
    hold(channel, epoch, publication);
    channel_log_read(channel);
}

const char *channel_epoch(const struct channel *channel)
{
    return channel->epoch;
}

uint64_t channel_offset(const struct channel *channel)
{
    return channel->offset;
}

size_t channel_recent_count(const struct channel *channel)
{
    return channel->recent_count;
}

const struct publication *channel_recent(const struct channel *channel, size_t i)
{
    size_t size = channel->options->policy.history_size;
    return channel->recent[(channel->recent_first + i) % size];
}

void channel_log_finish(struct channel *channel)
{
    forget_recent(channel);
    free(channel->renames);
    free(channel->recent);
    for (size_t i = 0; i < channel->held_count; i++)
        publication_unref(channel->held[i].publication);
    free(channel->held);
}
