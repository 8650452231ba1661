/*
 * redis_broker_calls - what is asked of the broker on Redis, handed to the module whose it is;
 * see redis_broker.h.
 *
 * While too much waits for Redis, what clients ask for is refused here.
 */
#include "redis_broker_body.h"

#include "channel_call.h"
#include "limit.h"
#include "mem.h"
#include "redis_census.h"
#include "redis_files.h"
#include "redis_log.h"
#include "redis_members.h"
#include "redis_presence.h"
#include "redis_store.h"
#include "redis_subscriptions.h"

#include <hiredis/hiredis.h>

#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------- a queue that is full */

static void on_done(void *context, enum broker_status status, const redisReply *reply)
{
    (void)reply;
    channel_call_answer(context, &(struct broker_reply){.status = status, .epoch = ""});
}

/* Nothing was done, and will be if it is asked for again: of a channel's log, the channel
 * itself does so. */
static void on_put_off(void *context, enum broker_status status, const redisReply *reply)
{
    (void)status;
    (void)reply;
    channel_call_answer(context, &(struct broker_reply){.status = BROKER_REFUSED, .epoch = ""});
}

/* Redis is slow, and too much waits for it: true, and the waiter is answered by on_refused. */
static bool is_refused(struct redis_broker *self, const char *channel,
                       redis_reply_fn on_refused, struct broker_waiter waiter)
{
    if (redis_store_has_room(self->store))
        return false;
    limit_hit(LIMIT_redis_queue_bytes);
    redis_store_answer_later(self->store, on_refused, channel_call_create(channel, waiter));
    return true;
}

/* -------------------------------------------------------------------------- publications */

void redis_publish(struct broker *broker, const char *channel,
                   const struct broker_message *message, struct broker_waiter waiter)
{
    struct redis_broker *self = redis_broker_of(broker);
    if (!is_refused(self, channel, on_done, waiter))
        redis_log_publish(self->log, channel, message, waiter);
}

void redis_history(struct broker *broker, const char *channel, const struct broker_range *range,
                   struct broker_waiter waiter)
{
    struct redis_broker *self = redis_broker_of(broker);
    if (!is_refused(self, channel, on_put_off, waiter))
        redis_log_history(self->log, channel, range, waiter);
}

void redis_history_remove(struct broker *broker, const char *channel,
                          struct broker_waiter waiter)
{
    struct redis_broker *self = redis_broker_of(broker);
    if (!is_refused(self, channel, on_done, waiter))
        redis_log_remove(self->log, channel, waiter);
}

void redis_new_epoch(struct broker *broker, const char *channel,
                     const struct broker_position *seen, bool is_certain)
{
    redis_log_new_epoch(redis_broker_of(broker)->log, channel, seen, is_certain);
}

/* ----------------------------------------------------------------------------- orders */

void redis_control(struct broker *broker, const char *bytes, size_t length,
                   struct broker_waiter waiter)
{
    struct redis_broker *self = redis_broker_of(broker);
    if (is_refused(self, "", on_done, waiter))
        return;
    const char *parts[] = {"PUBLISH", self->control_channel, bytes};
    size_t lengths[] = {7, strlen(self->control_channel), length};
    redis_store_command(
        self->store,
        &(struct redis_ask){"PUBLISH", "i", on_done, channel_call_create("", waiter)}, 3, parts,
        lengths);
}

/* --------------------------------------------------------------------------- presence */

void redis_join(struct broker *broker, const char *channel, const struct broker_member *member,
                bool is_put_back, struct broker_waiter waiter)
{
    struct redis_broker *self = redis_broker_of(broker);
    if (is_put_back || !is_refused(self, channel, on_done, waiter))
        redis_presence_join(self->presence, channel, member, is_put_back, waiter);
}

void redis_check_member(struct broker *broker, const char *channel,
                        const struct broker_member *member, struct broker_waiter waiter)
{
    redis_presence_check(redis_broker_of(broker)->presence, channel, member, waiter);
}

void redis_leave(struct broker *broker, const char *channel, const struct broker_member *member)
{
    redis_presence_leave(redis_broker_of(broker)->presence, channel, member);
}

void redis_members(struct broker *broker, const char *channel, size_t limit,
                   struct broker_waiter waiter)
{
    struct redis_broker *self = redis_broker_of(broker);
    if (!is_refused(self, channel, on_done, waiter))
        redis_members_read(self->store, self->lease, channel, limit, waiter);
}

/* ------------------------------------------------------------------------ the cluster */

void redis_channels(struct broker *broker, const char *pattern, size_t limit,
                    struct broker_waiter waiter)
{
    struct redis_broker *self = redis_broker_of(broker);
    if (!is_refused(self, "", on_done, waiter))
        redis_census_channels(self->store, pattern, limit, waiter);
}

void redis_nodes(struct broker *broker, struct broker_waiter waiter)
{
    struct redis_broker *self = redis_broker_of(broker);
    if (!is_refused(self, "", on_done, waiter))
        redis_census_nodes(self->store, waiter);
}

/* ------------------------------------------------------------------------------ files */

void redis_file_reserve(struct broker *broker, const struct broker_file *file, bool is_whole,
                        struct broker_waiter waiter)
{
    struct redis_broker *self = redis_broker_of(broker);
    if (!is_refused(self, "", on_done, waiter))
        redis_files_reserve(self->store, file, is_whole, waiter);
}

void redis_file_append(struct broker *broker, const struct broker_file *file, size_t at,
                       struct slice piece, struct broker_waiter waiter)
{
    struct redis_broker *self = redis_broker_of(broker);
    if (!is_refused(self, "", on_done, waiter))
        redis_files_append(self->store, file, at, piece, waiter);
}

void redis_file_read(struct broker *broker, const char *id, size_t at, size_t length,
                     struct broker_waiter waiter)
{
    struct redis_broker *self = redis_broker_of(broker);
    if (!is_refused(self, "", on_done, waiter))
        redis_files_read(self->store, id, at, length, waiter);
}

void redis_file_remove(struct broker *broker, const struct broker_file *file)
{
    struct redis_broker *self = redis_broker_of(broker);
    redis_files_remove(self->store, file);
}
