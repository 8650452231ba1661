/*
 * fanout - gives one batch of messages to every subscriber of a channel on this node.
 *
 *   fanout_publication   dialect->encode_publication into the channel's batch, per dialect
 *   fanout_begin         at the end of the turn: the batch is outgoing, nobody has it yet
 *   fanout_slice         session_send(batch) for each subscriber, as far as there is time
 *
 * A batch is built once per dialect and shared by reference; a subscriber that is behind
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

enum {
    /* A fuller batch goes out by itself: who is behind then gets it in parts that are not too
     * long for a turn. */
    BATCH_BYTES_MAX = 128 * 1024,
    SENDS_PER_LOOK = 16, /* at the clock */
    FETCH_AHEAD = 3,
};

static struct batch *ensure_batch(struct batch **place)
{
    if (!*place)
        *place = batch_create();
    return *place;
}

struct batch *channel_batch(struct channel *channel, enum dialect_number dialect)
{
    if (channel->subscribers[dialect].count == 0)
        return NULL;
    channel_mark_dirty(channel);
    return ensure_batch(&channel->batches[dialect]);
}

const struct dialect *channel_dialect(const struct channel *channel, enum dialect_number number)
{
    return session_dialect(channel->subscribers[number].items[0]->session);
}

bool fanout_begin(struct channel *channel)
{
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        if (channel->outgoing[i])
            return false;
    }
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        struct batch *batch = channel->batches[i];
        if (!batch || batch_length(batch) == 0)
            continue;
        channel->outgoing[i] = batch;
        channel->batches[i] = NULL;
        channel->subscribers[i].unserved = channel->subscribers[i].count;
    }
    return true;
}

void fanout_publication(struct channel *channel, const struct publication *publication)
{
    bool is_full = false;
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        enum dialect_number number = (enum dialect_number)i;
        struct batch *batch = channel_batch(channel, number);
        if (!batch)
            continue;
        channel_dialect(channel, number)->encode_publication(batch, channel, publication);
        is_full = is_full || batch_length(batch) > BATCH_BYTES_MAX;
    }
    if (is_full) /* if what was before is out; else it grows */
        (void)fanout_begin(channel);
}

/* The buffer is used again, if no other took its place. */
static void end_outgoing(struct channel *channel, size_t number)
{
    struct batch *batch = channel->outgoing[number];
    channel->outgoing[number] = NULL;
    if (channel->batches[number])
        batch_unref(batch);
    else
        channel->batches[number] = batch_renew(batch);
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

/* Whoever is closed for being behind stays in the list until the next turn. */
static bool serve(struct subscription_list *list, struct batch *batch, int64_t end_us)
{
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
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        if (!channel->outgoing[i])
            continue;
        if (serve(&channel->subscribers[i], channel->outgoing[i], end_us))
            end_outgoing(channel, i);
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
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        batch_unref(channel->batches[i]);
        batch_unref(channel->outgoing[i]);
    }
}
