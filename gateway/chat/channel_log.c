/*
 * channel_log - a channel's place in its log, and the newest publications; see channel.h.
 *
 *   channel_on_publication
 *     offset is the next one       -> pass_on
 *     offset was seen              -> dropped: a duplicate
 *     offset leaves a gap,
 *     or the epoch is another      -> hold, channel_log_read
 *   on_log_read
 *     what was missed -> pass_on, then what was held, by the same rules as above
 */
#include "channel.h"

#include "channel_body.h"
#include "hub.h"
#include "id_table.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "presence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_MAX = 8192 }; /* beyond it they are read from the log instead */

/* ----------------------------------------------------------------------- newest kept */

static void keep(struct channel *channel, struct publication *publication)
{
    size_t size = channel->hub->options->history_size;
    if (!channel->recent)
        channel->recent = mem_alloc(size * sizeof(struct publication *));
    if (channel->recent_count == size) {
        publication_unref(channel->recent[channel->recent_first]);
        channel->recent_first = (channel->recent_first + 1) % size;
        channel->recent_count--;
    }
    size_t place = (channel->recent_first + channel->recent_count) % size;
    channel->recent[place] = publication_ref(publication);
    channel->recent_count++;
}

static void forget_recent(struct channel *channel)
{
    size_t size = channel->hub->options->history_size;
    for (size_t i = 0; i < channel->recent_count; i++)
        publication_unref(channel->recent[(channel->recent_first + i) % size]);
    channel->recent_count = 0;
}

static void pass_on(struct channel *channel, struct publication *publication)
{
    metrics.publications_total++;
    if (publication->offset > 0) {
        channel->offset = publication->offset;
        keep(channel, publication);
    }
    fanout_publication(channel, publication);
}

/* --------------------------------------------------------------------------- held back */

static void hold(struct channel *channel, const char *epoch, struct publication *publication)
{
    if (channel->held_count == HELD_MAX) {
        channel->has_dropped = true; /* read from the log, then */
        return;
    }
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

/* What came before the log was asked for and does not follow it now is not in it and never
 * will be: its epoch is gone, or the log has lost its end. What came later may show a gap. */
static void release_held(struct channel *channel)
{
    struct held_publication *held = channel->held;
    size_t count = channel->held_count;
    size_t old_count = channel->held_before_read;
    bool has_dropped = channel->has_dropped;
    channel->held = NULL; /* what shows a gap is held anew */
    channel->held_count = 0;
    channel->held_capacity = 0;
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

/* The log as far as it is known begins here: at the first look, or because nobody had
 * published when we looked before. Whoever is admitted already has seen nothing yet. */
static void begin_at(struct channel *channel, const struct broker_reply *reply)
{
    begin_epoch(channel, reply->epoch, 0);
    for (size_t i = 0; i < reply->publication_count; i++)
        pass_on(channel, reply->publications[i]);
    channel->offset = reply->offset;
}

/* Same epoch: what came after our offset, as far as the log still reaches. */
static void catch_up(struct channel *channel, const struct broker_reply *reply)
{
    uint64_t first =
        reply->publication_count > 0 ? reply->publications[0]->offset : reply->offset + 1;
    if (reply->offset < channel->offset) {
        log_warn("log_went_back", kv_str("channel", channel->name),
                 kv_int("offset", (int64_t)channel->offset),
                 kv_int("log_offset", (int64_t)reply->offset));
        forget_recent(channel);
        channel->offset = reply->offset;
        return;
    }
    if (first > channel->offset + 1) {
        metrics.gaps_lost_total++;
        log_warn("gap_not_in_log", kv_str("channel", channel->name),
                 kv_int("missing", (int64_t)(first - channel->offset - 1)));
    }
    for (size_t i = 0; i < reply->publication_count; i++) {
        if (reply->publications[i]->offset > channel->offset)
            pass_on(channel, reply->publications[i]);
    }
    channel->offset = reply->offset;
}

static void on_log_read(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct hub *hub = owner;
    struct channel *channel = id_table_find(hub->channel_ids, tag);
    if (!channel || --channel->reads_pending > 0)
        return;
    if (reply->status != BROKER_OK) {
        /* out of reach: the channel will be announced again; refused: asked again */
        channel->wants_read = reply->status == BROKER_REFUSED;
        return;
    }
    if (channel->epoch[0] == '\0') {
        begin_at(channel, reply);
    } else if (strcmp(channel->epoch, reply->epoch) != 0) {
        /* another log: all that it holds is new */
        forget_recent(channel);
        begin_epoch(channel, reply->epoch, 0);
        if (reply->offset > 0) {
            channel_log_read(channel);
            return;
        }
    } else {
        catch_up(channel, reply);
    }
    channel_set_state(channel, CHANNEL_LIVE);
    channel_mark_dirty(channel);
    channel_send_and_admit(channel); /* arrivals, too, get all that was held */
    release_held(channel);
    presence_on_settled(channel);
}

void channel_log_read(struct channel *channel)
{
    struct hub *hub = channel->hub;
    struct broker_waiter waiter = {on_log_read, hub, channel->id};
    channel_set_state(channel, CHANNEL_SYNCING);
    channel->wants_read = false;
    channel->held_before_read = channel->held_count;
    channel->reads_pending++;
    broker_history(hub->broker, channel->name, channel->offset, hub->options->history_size,
                   waiter);
}

void channel_on_publication(struct channel *channel, const char *epoch,
                            struct publication *publication)
{
    if (channel->state == CHANNEL_OPENING)
        return; /* the log is still to be read */
    if (publication->offset == 0) {
        pass_on(channel, publication);
        return;
    }
    if (channel->state == CHANNEL_SYNCING) {
        hold(channel, epoch, publication);
        return;
    }
    if (channel->epoch[0] == '\0' && publication->offset == 1)
        begin_epoch(channel, epoch, 0); /* the log begins under our eyes */
    bool is_same_log = strcmp(channel->epoch, epoch) == 0;
    if (is_same_log && publication->offset <= channel->offset)
        return;
    if (is_same_log && publication->offset == channel->offset + 1) {
        pass_on(channel, publication);
        return;
    }
    metrics.gaps_total++;
    log_debug("gap", kv_str("channel", channel->name),
              kv_int("offset", (int64_t)channel->offset),
              kv_int("next", (int64_t)publication->offset));
    hold(channel, epoch, publication);
    channel_log_read(channel);
}

void channel_log_finish(struct channel *channel)
{
    forget_recent(channel);
    free(channel->recent);
    for (size_t i = 0; i < channel->held_count; i++)
        publication_unref(channel->held[i].publication);
    free(channel->held);
}
