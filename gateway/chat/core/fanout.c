/*
 * fanout - gives one batch of messages to every subscriber of a channel on this node.
 *
 *   fanout_publication   dialect->encode_publication into the batch of each audience
 *   fanout_begin         at the end of the turn: the batch is outgoing, nobody has it yet
 *   fanout_slice         session_send(batch) for each subscriber, as far as there is time
 *
 * A batch is built once per wire format and shared by reference; a subscriber that is behind
 * keeps a reference, not a copy. Big channels go out in slices, so that others are not held
 * up: of a list of subscribers the first `unserved` have yet to get the outgoing batch, and
 * the slices go through them from the last to the first. What is published meanwhile comes
 * together in the next batch. Whoever leaves is taken out by list_remove, which keeps both
 * parts whole; whoever is admitted (just after fanout_begin, when the next batch is empty and
 * the outgoing one is in the history) is added at the end, to those who are served.
 * Knows channels and sessions; nothing of Redis, nor of how bytes leave.
 */
#include "batch.h"
#include "channel_body.h"
#include "clock.h"
#include "hub.h"
#include "session.h"
#include "wire_format.h"

#include <assert.h>

enum {
    /* A fuller batch goes out by itself: who is behind then gets it in parts that are not too
     * long for a turn. */
    BATCH_BYTES_MAX = 128 * 1024,
    SENDS_PER_LOOK = 16, /* at the clock */
    FETCH_AHEAD = 3,
};

static bool has_anybody(const struct audience *audience)
{
    return audience->subscribers.count > 0;
}

static struct batch *ensure_batch(struct audience *audience)
{
    assert(audience->format);
    if (!audience->next)
        audience->next = wire_format_batch(audience->format);
    return audience->next;
}

void channel_encode(struct channel *channel, channel_encode_fn encode, const void *what)
{
    for (size_t i = 0; i < channel->audience_count; i++) {
        struct audience *audience = &channel->audiences[i];
        if (!has_anybody(audience))
            continue;
        channel_mark_dirty(channel);
        encode(ensure_batch(audience), audience->format->dialect, channel, what);
    }
}

static bool is_going_out(const struct channel *channel)
{
    for (size_t i = 0; i < channel->audience_count; i++) {
        if (channel->audiences[i].outgoing)
            return true;
    }
    return false;
}

bool fanout_begin(struct channel *channel)
{
    if (is_going_out(channel))
        return false;
    for (size_t i = 0; i < channel->audience_count; i++) {
        struct audience *audience = &channel->audiences[i];
        if (!audience->next || batch_length(audience->next) == 0)
            continue;
        assert(audience->subscribers.unserved == 0);
        audience->outgoing = audience->next;
        audience->next = NULL;
        audience->subscribers.unserved = audience->subscribers.count;
    }
    return true;
}

static void encode_publication(struct batch *batch, const struct dialect *dialect,
                               struct channel *channel, const void *what)
{
    dialect->encode_publication(batch, channel, what);
}

static bool is_any_full(const struct channel *channel)
{
    for (size_t i = 0; i < channel->audience_count; i++) {
        const struct batch *next = channel->audiences[i].next;
        if (next && batch_length(next) > BATCH_BYTES_MAX)
            return true;
    }
    return false;
}

void fanout_publication(struct channel *channel, const struct publication *publication)
{
    channel_encode(channel, encode_publication, publication);
    if (is_any_full(channel)) /* if what was before is out; else it grows */
        (void)fanout_begin(channel);
}

/* The buffer is used again, if no other took its place. */
static void end_outgoing(struct audience *audience)
{
    struct batch *batch = audience->outgoing;
    audience->outgoing = NULL;
    if (audience->next)
        batch_unref(batch);
    else
        audience->next = batch_renew(batch);
}

/* Most of them were not looked at for as long as the caches remember; what the kernel does for
 * one is time enough to fetch the next. */
static void fetch_ahead(const struct subscription_list *list)
{
    if (list->unserved > FETCH_AHEAD)
        __builtin_prefetch(list->items[list->unserved - 1 - FETCH_AHEAD]);
    if (list->unserved > 1)
        session_prefetch(list->items[list->unserved - 2]->session);
}

/* A session that is closed here for being behind stays in the list until the next turn. */
static bool serve(struct subscription_list *list, struct batch *batch, int64_t end_us)
{
    assert(list->unserved <= list->count);
    for (size_t sends = 1; list->unserved > 0; sends++) {
        fetch_ahead(list);
        session_send(list->items[--list->unserved]->session, batch);
        if (sends % SENDS_PER_LOOK == 0 && clock_now_us() >= end_us)
            return list->unserved == 0;
    }
    return true;
}

bool fanout_slice(struct channel *channel, int64_t end_us)
{
    bool is_done = true;
    for (size_t i = 0; i < channel->audience_count; i++) {
        struct audience *audience = &channel->audiences[i];
        if (!audience->outgoing)
            continue;
        if (serve(&audience->subscribers, audience->outgoing, end_us))
            end_outgoing(audience);
        else
            is_done = false;
    }
    return is_done;
}

void fanout_flush(struct channel *channel)
{
    (void)fanout_slice(channel, INT64_MAX);
    (void)fanout_begin(channel);
    (void)fanout_slice(channel, INT64_MAX);
}

void fanout_finish(struct channel *channel)
{
    for (size_t i = 0; i < channel->audience_count; i++) {
        batch_unref(channel->audiences[i].next);
        batch_unref(channel->audiences[i].outgoing);
    }
}
