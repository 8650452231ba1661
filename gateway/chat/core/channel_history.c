/*
 * channel_history - what newcomers get of a channel's newest publications, ready-made.
 *
 * A publication is encoded when the first newcomer needs it and kept so, as long as it is kept
 * at all; all of them are put together anew when there is another one. So a newcomer costs no
 * encoding, however busy the channel and whatever its messages are. All this is memory twice:
 * where nobody comes for a while it is forgotten.
 */
#include "batch.h"
#include "channel_body.h"
#include "clock.h"
#include "hub.h"
#include "mem.h"
#include "namespaces.h"
#include "wire_format.h"

#include <utlist.h>

#include <stdlib.h>

struct channel_history {
    struct channel *channel;
    struct batch **encoded[WIRE_FORMATS_MAX]; /* by place in the ring; NULL: not yet */
    struct batch *whole[WIRE_FORMATS_MAX];    /* NULL: to be put together */
    int64_t used_ms;
    struct channel_history *next; /* in the hub's list */
    struct channel_history *prev;
};

static size_t size_of(const struct channel *channel)
{
    return channel->options->policy.history_size;
}

static struct channel_history *ensure_history(struct channel *channel)
{
    if (channel->history)
        return channel->history;
    struct channel_history *history = mem_zalloc(sizeof(*history));
    history->channel = channel;
    channel->history = history;
    DL_APPEND(channel->hub->histories, history);
    return history;
}

void channel_history_forget(struct channel *channel)
{
    struct channel_history *history = channel->history;
    if (!history)
        return;
    for (size_t number = 0; number < WIRE_FORMATS_MAX; number++) {
        for (size_t i = 0; history->encoded[number] && i < size_of(channel); i++)
            batch_unref(history->encoded[number][i]);
        free(history->encoded[number]);
        batch_unref(history->whole[number]);
    }
    DL_DELETE(channel->hub->histories, history);
    free(history);
    channel->history = NULL;
}

void channel_history_replace(struct channel *channel, size_t place)
{
    struct channel_history *history = channel->history;
    for (size_t number = 0; history && number < WIRE_FORMATS_MAX; number++) {
        batch_unref(history->whole[number]);
        history->whole[number] = NULL;
        if (!history->encoded[number])
            continue;
        batch_unref(history->encoded[number][place]);
        history->encoded[number][place] = NULL;
    }
}

static const struct batch *encoded_at(struct channel_history *history,
                                      const struct wire_format *format, size_t i)
{
    struct channel *channel = history->channel;
    size_t place = (channel->recent_first + i) % size_of(channel);
    struct batch **batch = &history->encoded[format->number][place];
    if (!*batch) {
        *batch = wire_format_batch(format);
        format->dialect->encode_publication(*batch, channel, channel->recent[place]);
        batch_trim(*batch);
    }
    return *batch;
}

static struct batch *put_together(struct channel_history *history,
                                  const struct wire_format *format)
{
    const struct channel *channel = history->channel;
    struct batch *whole = wire_format_batch(format);
    if (!history->encoded[format->number])
        history->encoded[format->number] =
            mem_zalloc(size_of(channel) * sizeof(struct batch *));
    for (size_t i = 0; i < channel->recent_count; i++)
        batch_append_batch(whole, encoded_at(history, format, i));
    batch_trim(whole);
    return whole;
}

struct batch *channel_history(struct channel *channel, const struct wire_format *format)
{
    if (channel->recent_count == 0)
        return NULL;
    struct channel_history *history = ensure_history(channel);
    struct batch **whole = &history->whole[format->number];
    history->used_ms = clock_now_ms();
    if (!*whole)
        *whole = put_together(history, format);
    return *whole;
}

void channel_history_tick(struct hub *hub)
{
    int64_t limit_ms = clock_now_ms() - CHANNEL_HISTORY_IDLE_MS;
    struct channel_history *history;
    struct channel_history *next;
    DL_FOREACH_SAFE(hub->histories, history, next)
    {
        if (history->used_ms <= limit_ms)
            channel_history_forget(history->channel);
    }
}
