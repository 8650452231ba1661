/*
 * fanout - gives one batch of messages to every subscriber of a channel on this node.
 *
 *   fanout_publication   dialect->encode_publication into the channel's batch, per dialect
 *   fanout_send          at the end of the turn: session_send(batch) for each subscriber
 *
 * A batch is built once per dialect and shared by reference; a subscriber that is behind
 * keeps a reference, not a copy. Knows channels and sessions; nothing of Redis, nor of how
 * bytes leave.
 */
#include "batch.h"
#include "channel_body.h"
#include "hub.h"
#include "session.h"

enum {
    /* A fuller batch does not wait for the end of the turn: it is what a connection that
     * has just fallen behind makes the transport keep for it, by copy. */
    BATCH_BYTES_MAX = 128 * 1024,
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

void fanout_publication(struct channel *channel, const struct publication *publication)
{
    bool is_full = false;
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        enum dialect_number number = (enum dialect_number)i;
        struct batch *batch = channel_batch(channel, number);
        if (!batch)
            continue;
        channel_dialect(channel, number)->encode_publication(batch, channel->name, publication);
        is_full = is_full || batch_length(batch) > BATCH_BYTES_MAX;
    }
    if (is_full)
        fanout_send(channel);
}

/* From the end of the list: a subscriber that is closed for being behind leaves it. */
static void send_to_all(struct subscription_list *list, struct batch *batch)
{
    for (size_t i = list->count; i > 0; i--) {
        if (i <= list->count)
            session_send(list->items[i - 1]->session, batch);
    }
}

void fanout_send(struct channel *channel)
{
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        struct batch *batch = channel->batches[i];
        if (!batch || batch_length(batch) == 0)
            continue;
        send_to_all(&channel->subscribers[i], batch);
        channel->batches[i] = batch_renew(batch);
    }
}

struct batch *channel_history(struct channel *channel, const struct dialect *dialect)
{
    if (channel->histories[dialect->number] || channel->recent_count == 0)
        return channel->histories[dialect->number];
    struct batch *batch = ensure_batch(&channel->histories[dialect->number]);
    for (size_t i = 0; i < channel->recent_count; i++)
        dialect->encode_publication(batch, channel->name, channel_recent(channel, i));
    return batch;
}

void fanout_forget_histories(struct channel *channel)
{
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        batch_unref(channel->histories[i]);
        channel->histories[i] = NULL;
    }
}

void fanout_finish(struct channel *channel)
{
    fanout_forget_histories(channel);
    for (size_t i = 0; i < DIALECT_COUNT; i++)
        batch_unref(channel->batches[i]);
}
