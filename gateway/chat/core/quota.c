/*
 * quota - what one connection may take of the node and the store; see quota.h.
 *
 * All buckets of a connection are filled up together, by the time since the last look. A
 * bucket may be taken from while it holds as much as is asked for or, for what is more than it
 * can ever hold, while it is full.
 */
#include "quota.h"

#include "channel.h"
#include "chat.h"
#include "clock.h"
#include "hub.h"
#include "intake.h"
#include "limit.h"
#include "mem.h"
#include "name_cache.h"
#include "session.h"
#include "usage_body.h"

#include <assert.h>
#include <float.h>
#include <stdlib.h>

enum {
    BURST_S = 10, /* what may be taken at once, in seconds of its rate */
    BYTES_BURST_S = 4,
    REFUSALS_FACTOR = 10, /* refused in a second before refusing waits, by what is granted */
    REPLIES_MAX = 16,     /* on their way to all together, however short they seem to be */
    ITEM_BYTES = 1024,    /* what listing something costs besides its bytes, in bytes */
};

static const double SECOND_MS = 1000;
static const double MINUTE_MS = 60000;

struct bucket {
    double per_ms;
    double size;
    enum limit limit;
};

static struct bucket bucket_of(int64_t amount, double ms, double size, enum limit limit)
{
    if (amount == 0)
        return (struct bucket){0, FLT_MAX, limit};
    return (struct bucket){(double)amount / ms, size, limit};
}

static struct bucket by_second(int64_t amount, int burst_s, enum limit limit)
{
    return bucket_of(amount, SECOND_MS, (double)amount * burst_s, limit);
}

static struct bucket by_minute(int64_t amount, int64_t burst, enum limit limit)
{
    return bucket_of(amount, MINUTE_MS, (double)burst, limit);
}

/* Bound by the commands there may be: where they are not, neither are refusals. */
static struct bucket refusals(int64_t commands_per_s)
{
    return by_second(REFUSALS_FACTOR * commands_per_s, BURST_S, LIMIT_commands_per_s);
}

static struct bucket bucket_find(const struct chat_limits *limits, enum quota quota)
{
    switch (quota) {
    case QUOTA_PUBLISHES:
        return by_second(limits->publishes_per_s, BURST_S, LIMIT_publishes_per_s);
    case QUOTA_PUBLISH_BYTES:
        return by_second(limits->publish_bytes_per_s, BYTES_BURST_S, LIMIT_publish_bytes_per_s);
    case QUOTA_NEW_CHANNELS:
        return by_minute(limits->new_channels_per_minute, limits->new_channels_per_minute,
                         LIMIT_new_channels_per_minute);
    case QUOTA_SUBSCRIBES:
        return by_minute(limits->new_channels_per_minute,
                         limits->new_channels_per_minute +
                             (int64_t)limits->channels_per_connection,
                         LIMIT_new_channels_per_minute);
    case QUOTA_NAMES: /* the first one is free, and there is one more a minute */
        return bucket_of(limits->names_per_connection > 0, MINUTE_MS,
                         (double)limits->names_per_connection - 1, LIMIT_names_per_connection);
    case QUOTA_REPLY_BYTES:
        return by_second((int64_t)limits->reply_bytes, BYTES_BURST_S, LIMIT_reply_bytes);
    case QUOTA_REFUSALS:
        return refusals(limits->commands_per_s);
    case QUOTA_COMMANDS:
    case QUOTA_COUNT:
        break;
    }
    return by_second(limits->commands_per_s, BURST_S, LIMIT_commands_per_s);
}

static const struct chat_limits *limits_of(const struct session *session)
{
    return &session_hub(session)->options->limits;
}

/* -------------------------------------------------------------------------------- usage */

struct usage *usage_ensure(struct session *session)
{
    struct usage **usage = session_usage(session);
    if (*usage)
        return *usage;
    const struct chat_limits *limits = limits_of(session);
    *usage = mem_zalloc(sizeof(**usage));
    (*usage)->refilled_ms = clock_now_ms();
    for (int i = 0; i < QUOTA_COUNT; i++)
        (*usage)->left[i] = (float)bucket_find(limits, (enum quota)i).size;
    intake_watch(session);
    return *usage;
}

static void refill(struct usage *usage, const struct chat_limits *limits)
{
    int64_t now_ms = clock_now_ms();
    double passed_ms = (double)(now_ms - usage->refilled_ms);
    if (passed_ms <= 0)
        return;
    usage->refilled_ms = now_ms;
    for (int i = 0; i < QUOTA_COUNT; i++) {
        struct bucket bucket = bucket_find(limits, (enum quota)i);
        double left = usage->left[i] + passed_ms * bucket.per_ms;
        usage->left[i] = (float)(left < bucket.size ? left : bucket.size);
    }
}

static bool holds(const struct usage *usage, enum quota quota, const struct bucket *bucket,
                  double amount)
{
    return usage->left[quota] >= (amount < bucket->size ? amount : bucket->size) &&
           bucket->size > 0;
}

static void spend(struct usage *usage, enum quota quota, const struct bucket *bucket,
                  double amount)
{
    if (bucket->per_ms > 0)
        usage->left[quota] = (float)(usage->left[quota] - amount);
}

static bool take(struct session *session, enum quota quota, double amount)
{
    const struct chat_limits *limits = limits_of(session);
    struct bucket bucket = bucket_find(limits, quota);
    struct usage *usage;
    if (bucket.per_ms == 0)
        return true;
    usage = usage_ensure(session);
    refill(usage, limits);
    if (holds(usage, quota, &bucket, amount)) {
        spend(usage, quota, &bucket, amount);
        return true;
    }
    struct bucket patience = bucket_find(limits, QUOTA_REFUSALS);
    spend(usage, QUOTA_REFUSALS, &patience, 1);
    limit_hit(bucket.limit);
    return false;
}

bool quota_take(struct session *session, enum quota quota)
{
    return take(session, quota, 1);
}

bool quota_take_publish(struct session *session, size_t bytes)
{
    if (!take(session, QUOTA_PUBLISHES, 1))
        return false;
    if (take(session, QUOTA_PUBLISH_BYTES, (double)bytes))
        return true;
    struct bucket bucket = bucket_find(limits_of(session), QUOTA_PUBLISHES);
    spend(usage_ensure(session), QUOTA_PUBLISHES, &bucket, -1);
    return false;
}

/* ----------------------------------------------------------------------------- channels */

bool quota_take_channel(struct session *session, const char *channel)
{
    struct hub *hub = session_hub(session);
    if (limits_of(session)->new_channels_per_minute == 0 || channel_find(hub, channel) ||
        name_cache_has(hub->touched_channels, channel))
        return true;
    if (!quota_take(session, QUOTA_NEW_CHANNELS))
        return false;
    name_cache_add(hub->touched_channels, channel);
    return true;
}

bool quota_take_subscribe(struct session *session, const char *channel)
{
    return channel_find(session_hub(session), channel) || quota_take(session, QUOTA_SUBSCRIBES);
}

/* -------------------------------------------------------------------------- in flight */

void quota_begin(struct session *session)
{
    usage_ensure(session)->in_flight++;
}

void quota_end(struct session *session)
{
    struct usage *usage = usage_ensure(session);
    assert(usage->in_flight > 0);
    usage->in_flight--;
    intake_wake(session);
}

bool quota_has_room(struct session *session)
{
    const struct usage *usage = *session_usage(session);
    size_t limit = limits_of(session)->commands_in_flight;
    return !usage || limit == 0 || usage->in_flight < limit;
}

bool quota_has_credit(struct session *session)
{
    struct usage *usage = *session_usage(session);
    const struct chat_limits *limits = limits_of(session);
    if (limits->reply_bytes == 0)
        return true;
    if (session_is_behind(session))
        return false;
    if (!usage)
        return true;
    refill(usage, limits);
    return usage->left[QUOTA_REPLY_BYTES] > 0;
}

/* One is let through whatever it is like. */
static bool is_room(size_t expected, size_t bytes, size_t limit)
{
    return expected == 0 || expected + bytes <= limit;
}

/* What the next long answer may be like. Of who had none the worst is thought that leaves room
 * for two, but of many such together what is usual here. */
static size_t guess_own(struct session *session)
{
    const struct usage *usage = *session_usage(session);
    return usage && usage->reply_bytes > 0 ? usage->reply_bytes
                                           : limits_of(session)->reply_bytes / 2;
}

static size_t guess_among_all(struct session *session)
{
    const struct usage *usage = *session_usage(session);
    return usage && usage->reply_bytes > 0 ? usage->reply_bytes
                                           : session_hub(session)->reply_usual;
}

bool quota_may_recover(struct session *session, size_t pending)
{
    size_t limit = limits_of(session)->reply_bytes;
    size_t guess = guess_own(session);
    return limit == 0 || (quota_has_credit(session) && is_room(pending * guess, guess, limit));
}

bool quota_may_ask(struct session *session)
{
    const struct usage *usage = *session_usage(session);
    const struct hub *hub = session_hub(session);
    size_t limit = limits_of(session)->reply_bytes;
    if (limit == 0)
        return true;
    return quota_may_recover(session, usage ? usage->replies_in_flight : 0) &&
           hub->replies_in_flight < REPLIES_MAX &&
           is_room(hub->replies_expected, guess_among_all(session), limit);
}

/* At least one byte, so that it is seen. */
size_t quota_begin_reply(struct session *session)
{
    struct hub *hub = session_hub(session);
    size_t expected = guess_among_all(session) + 1;
    usage_ensure(session)->replies_in_flight++;
    hub->replies_in_flight++;
    hub->replies_expected += expected;
    quota_begin(session);
    return expected;
}

/* Like the last one, or a little less than was thought before. */
static size_t next_guess(size_t guess, size_t bytes)
{
    size_t less = guess - guess / 4;
    return (bytes > less ? bytes : less) + 1;
}

void quota_reply_came(struct hub *hub, size_t expected, size_t bytes)
{
    assert(hub->replies_in_flight > 0);
    hub->replies_in_flight--;
    hub->replies_expected -= expected;
    hub->reply_usual = next_guess(hub->reply_usual, bytes);
}

void quota_owe_reply(struct session *session, size_t bytes)
{
    const struct chat_limits *limits = limits_of(session);
    struct bucket bucket = bucket_find(limits, QUOTA_REPLY_BYTES);
    struct usage *usage;
    if (bucket.per_ms == 0)
        return;
    usage = usage_ensure(session);
    refill(usage, limits);
    spend(usage, QUOTA_REPLY_BYTES, &bucket, (double)bytes);
}

void quota_end_reply(struct session *session, size_t bytes, size_t items)
{
    struct usage *usage = usage_ensure(session);
    usage->reply_bytes = next_guess(guess_own(session), bytes);
    assert(usage->replies_in_flight > 0);
    usage->replies_in_flight--;
    quota_owe_reply(session, bytes + items * ITEM_BYTES);
    quota_end(session);
}

void quota_note_recovery(struct session *session, size_t bytes)
{
    if (limits_of(session)->reply_bytes == 0)
        return;
    struct usage *usage = usage_ensure(session);
    usage->reply_bytes = next_guess(guess_own(session), bytes);
    quota_owe_reply(session, bytes);
}

bool quota_is_asking(const struct session *session)
{
    const struct usage *usage = *session_usage((struct session *)session);
    return usage && usage->replies_in_flight > 0;
}

/* -------------------------------------------------------------------------------- life */

bool quota_is_worn_out(struct session *session)
{
    struct usage *usage = *session_usage(session);
    if (!usage || usage->left[QUOTA_REFUSALS] > 0)
        return false;
    refill(usage, limits_of(session));
    return usage->left[QUOTA_REFUSALS] <= 0;
}

bool quota_is_unused(struct session *session)
{
    struct usage *usage = *session_usage(session);
    const struct chat_limits *limits = limits_of(session);
    if (usage->held || usage->is_queued || usage->in_flight > 0)
        return false;
    refill(usage, limits);
    for (int i = 0; i < QUOTA_COUNT; i++) {
        if (usage->left[i] < (float)bucket_find(limits, (enum quota)i).size)
            return false;
    }
    return true;
}

void quota_destroy(struct usage *usage)
{
    if (!usage)
        return;
    intake_forget(usage);
    free(usage);
}
