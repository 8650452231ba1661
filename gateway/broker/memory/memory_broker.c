/*
 * memory_broker - the broker of a single node; see memory_broker.h.
 *
 * What a call brings about is put into a list and handed out at the next turn, in order, as
 * if it had been to Redis and back: callers meet one behaviour, whatever the broker.
 */
#include "memory_broker.h"

#include "broker.h"
#include "clock.h"
#include "json_out.h"
#include "loop.h"
#include "mem.h"
#include "memory_channel.h"
#include "memory_files.h"
#include "memory_roster.h"
#include "memory_task.h"
#include "text_map.h"

#include <utlist.h>

#include <assert.h>
#include <fnmatch.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { SWEEP_EVERY_MS = 10000 };

struct memory_broker {
    struct broker base; /* first, see below */
    struct loop *loop;
    struct broker_policies policies;
    int64_t next_sweep_ms;
    struct text_map *graced;   /* channels with users in their grace, by name */
    int64_t next_grace_ms;     /* when the first of their graces ends */
    struct text_map *channels; /* by name */
    struct memory_files *files;
    struct task *tasks;
};

/* A struct broker * of these operations is one of these. */
static_assert(offsetof(struct memory_broker, base) == 0, "self_of");

static struct memory_broker *self_of(struct broker *broker)
{
    return (struct memory_broker *)broker;
}

/* ------------------------------------------------------------------------ channels */

static void tell_presence(void *context, const char *channel,
                          const struct broker_presence *change);

static struct memory_channel *channel_ensure(struct memory_broker *self, const char *name)
{
    struct memory_channel *channel = text_map_find(self->channels, name);
    if (!channel) {
        channel = memory_channel_create(name, self->policies.find(self->policies.context, name),
                                        (struct roster_teller){tell_presence, self});
        text_map_add(self->channels, name, channel);
    }
    memory_channel_touch(channel);
    return channel;
}

/* Channels that nobody is in and whose log ran out: names are chosen by strangers. */
static void sweep(struct memory_broker *self)
{
    const void *cursor = NULL;
    struct memory_channel *channel;
    if (clock_now_ms() < self->next_sweep_ms)
        return;
    self->next_sweep_ms = clock_now_ms() + SWEEP_EVERY_MS;
    memory_files_sweep(self->files);
    while ((channel = text_map_next(self->channels, &cursor))) {
        memory_channel_sweep_once(channel);
        if (!memory_channel_is_over(channel))
            continue;
        text_map_remove(self->graced, channel->name);
        text_map_remove(self->channels, channel->name);
        memory_channel_destroy(channel);
    }
}

/* --------------------------------------------------------------------------- tasks */

static void task_run(struct memory_broker *self, const struct task *task)
{
    const struct broker_events *events = &self->base.events;
    if (task->kind == TASK_REPLY) {
        task_answer(task);
        return;
    }
    if (task->kind == TASK_CONTROL) {
        events->on_control(events->context, task->control, task->control_length);
        return;
    }
    const struct memory_channel *channel = text_map_find(self->channels, task->channel);
    if (!channel || !channel->is_subscribed)
        return;
    if (task->kind == TASK_SUBSCRIBED)
        events->on_subscribed(events->context, task->channel);
    else if (task->kind == TASK_REMOVED)
        events->on_history_removed(events->context, task->channel);
    else if (task->kind == TASK_PUBLICATION)
        events->on_publication(events->context, task->channel, channel->epoch,
                               task->publication);
    else
        events->on_presence(events->context, task->channel, &task->presence);
}

static void end_graces(struct memory_broker *self);

static void memory_turn(struct broker *broker)
{
    struct memory_broker *self = self_of(broker);
    end_graces(self);
    struct task *tasks = self->tasks;
    self->tasks = NULL; /* what the callbacks add waits for the next turn */
    struct task *task;
    struct task *next;
    DL_FOREACH_SAFE(tasks, task, next)
    {
        task_run(self, task);
        task_destroy(task);
    }
    sweep(self);
    if (self->tasks)
        loop_again(self->loop);
}

/* ------------------------------------------------------------------ publish, history */

static void memory_subscribe(struct broker *broker, const char *name)
{
    channel_ensure(self_of(broker), name)->is_subscribed = true;
    task_add(&self_of(broker)->tasks, TASK_SUBSCRIBED, name);
}

static void memory_unsubscribe(struct broker *broker, const char *name)
{
    struct memory_broker *self = self_of(broker);
    struct memory_channel *channel = channel_ensure(self, name);
    channel->is_subscribed = false;
}

/* Answers the offset. */
static uint64_t append(struct memory_broker *self, struct memory_channel *channel,
                       const struct broker_message *message)
{
    struct publication *publication = memory_channel_append(channel, message);
    task_add(&self->tasks, TASK_PUBLICATION, channel->name)->publication = publication;
    return publication->offset;
}

static void memory_publish(struct broker *broker, const char *name,
                           const struct broker_message *message, struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    struct memory_channel *channel = channel_ensure(self, name);
    const struct once *once = memory_channel_find_once(channel, message->key);
    uint64_t offset = once ? once->offset : append(self, channel, message);
    if (message->key && !once)
        memory_channel_remember_once(channel, message, offset);
    struct broker_reply *reply = task_add_reply(&self->tasks, name, waiter);
    reply->offset = offset;
    task_set_epoch(reply, channel->epoch);
    reply->is_duplicate = once && strcmp(once->digest, message->digest) == 0;
    reply->is_conflict = once && !reply->is_duplicate;
}

static void memory_history(struct broker *broker, const char *name,
                           const struct broker_range *range, struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    bool is_there = range->begins_log || text_map_find(self->channels, name);
    struct broker_reply *reply = task_add_reply(&self->tasks, name, waiter);
    reply->epoch = "";
    if (!is_there)
        return;
    const struct memory_channel *channel = channel_ensure(self, name);
    reply->offset = channel->offset;
    task_set_epoch(reply, channel->epoch);
    memory_channel_list(channel, range, reply);
}

static void memory_history_remove(struct broker *broker, const char *name,
                                  struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    memory_channel_clear_log(channel_ensure(self, name));
    (void)task_add(&self->tasks, TASK_REMOVED, name);
    task_add_reply(&self->tasks, name, waiter);
}

/* A log in memory loses no end: whoever has seen more than there is has not. */
static void memory_new_epoch(struct broker *broker, const char *name,
                             const struct broker_position *seen, bool is_certain)
{
    (void)broker;
    (void)name;
    (void)seen;
    (void)is_certain;
}

static void memory_control(struct broker *broker, const char *bytes, size_t length,
                           struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    struct task *task = task_add(&self->tasks, TASK_CONTROL, "");
    task->control = mem_strndup(bytes, length);
    task->control_length = length;
    task_add_reply(&self->tasks, "", waiter);
}

/* ------------------------------------------------------------------------- presence */

static void tell_presence(void *context, const char *channel,
                          const struct broker_presence *change)
{
    struct memory_broker *self = context;
    struct task *task = task_add(&self->tasks, TASK_PRESENCE, channel);
    task->presence = *change;
    task->presence.user = mem_strdup(change->user);
    task->presence.client = mem_strdup(change->client);
    task->presence.info = mem_strdup(change->info);
}

static void end_graces(struct memory_broker *self)
{
    const void *cursor = NULL;
    const struct memory_channel *channel;
    int64_t now_ms = clock_now_ms();
    if (text_map_count(self->graced) == 0 || now_ms < self->next_grace_ms)
        return;
    self->next_grace_ms = INT64_MAX;
    while ((channel = text_map_next(self->graced, &cursor))) {
        int64_t next_ms = memory_roster_end_graces(channel->roster, now_ms);
        if (next_ms == INT64_MAX)
            text_map_remove(self->graced, channel->name);
        else if (next_ms < self->next_grace_ms)
            self->next_grace_ms = next_ms;
    }
}

/* This store forgets nothing: who is put back is there. */
static void memory_join(struct broker *broker, const char *name,
                        const struct broker_member *joining, bool is_put_back,
                        struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    (void)is_put_back;
    task_add_reply(&self->tasks, name, waiter);
    memory_roster_join(channel_ensure(self, name)->roster, joining);
}

/* It may have begun a grace: that is looked at when one would end. */
static void memory_leave(struct broker *broker, const char *name,
                         const struct broker_member *leaving)
{
    struct memory_broker *self = self_of(broker);
    struct memory_channel *channel = channel_ensure(self, name);
    int64_t end_ms = clock_now_ms() + channel->policy->presence_grace_ms;
    memory_roster_leave(channel->roster, leaving);
    if (text_map_count(self->graced) == 0 || end_ms < self->next_grace_ms)
        self->next_grace_ms = end_ms;
    if (!text_map_find(self->graced, name))
        text_map_add(self->graced, name, channel);
}

static void memory_members(struct broker *broker, const char *name, size_t limit,
                           struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    const struct memory_channel *channel = channel_ensure(self, name);
    memory_roster_list(channel->roster, limit, task_add_reply(&self->tasks, name, waiter));
}

/* ---------------------------------------------------------------------- the cluster */

static void memory_channels(struct broker *broker, const char *pattern, size_t limit,
                            struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    struct broker_reply *reply = task_add_reply(&self->tasks, "", waiter);
    struct broker_channel *channels = NULL;
    size_t capacity = 0;
    const void *cursor = NULL;
    const struct memory_channel *channel;
    while ((channel = text_map_next(self->channels, &cursor))) {
        if (!channel->is_subscribed || fnmatch(pattern, channel->name, 0) != 0 ||
            reply->channel_total++ >= limit)
            continue;
        channels = mem_grow(channels, reply->channel_count, &capacity, sizeof(*channels));
        channels[reply->channel_count++] = (struct broker_channel){
            .name = mem_strdup(channel->name),
            .connection_count = memory_roster_connection_count(channel->roster),
        };
    }
    reply->channels = channels;
}

/* Nothing is lost here. */
static void memory_check_member(struct broker *broker, const char *name,
                                const struct broker_member *member, struct broker_waiter waiter)
{
    (void)member;
    task_add_reply(&self_of(broker)->tasks, name, waiter)->is_taken = true;
}

static void memory_nodes(struct broker *broker, struct broker_waiter waiter)
{
    task_add_reply(&self_of(broker)->tasks, "", waiter); /* there is this one alone */
}

/* ---------------------------------------------------------------------------- files */

static void memory_file_reserve(struct broker *broker, const struct broker_file *file,
                                bool is_whole, struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    struct broker_reply *reply = task_add_reply(&self->tasks, "", waiter);
    reply->is_taken = memory_files_reserve(self->files, file, is_whole, &reply->is_share_full);
}

static void memory_file_append(struct broker *broker, const struct broker_file *file, size_t at,
                               struct slice piece, struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    task_add_reply(&self->tasks, "", waiter)->is_taken =
        memory_files_append(self->files, file, at, piece);
}

static void memory_file_read(struct broker *broker, const char *id, size_t at, size_t length,
                             struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    struct slice piece = memory_files_read(self->files, id, at, length);
    struct broker_reply *reply = task_add_reply(&self->tasks, "", waiter);
    if (piece.length > 0)
        reply->piece = (struct slice){
            memcpy(mem_alloc(piece.length), piece.bytes, piece.length), piece.length};
}

static void memory_file_remove(struct broker *broker, const struct broker_file *file)
{
    memory_files_remove(self_of(broker)->files, file->id);
}

/* ------------------------------------------------------------------------- the rest */

static bool memory_is_ready(const struct broker *broker, const char **ret_reason)
{
    (void)broker;
    (void)ret_reason;
    return true;
}

static void memory_give_up_lease(struct broker *broker)
{
    (void)broker; /* there is none */
}

static bool memory_is_idle(const struct broker *broker)
{
    return !((const struct memory_broker *)broker)->tasks;
}

static void memory_destroy(struct broker *broker)
{
    struct memory_broker *self = self_of(broker);
    struct task *task;
    struct task *next_task;
    DL_FOREACH(self->tasks, task)
    {
        task->reply.status = BROKER_UNKNOWN;
        if (task->kind == TASK_REPLY)
            task_answer(task);
    }
    DL_FOREACH_SAFE(self->tasks, task, next_task)
    task_destroy(task);
    const void *cursor = NULL;
    struct memory_channel *channel;
    while ((channel = text_map_next(self->channels, &cursor)))
        memory_channel_destroy(channel);
    text_map_destroy(self->channels);
    text_map_destroy(self->graced);
    memory_files_destroy(self->files);
    free(self);
}

/* It has no connections. */
static void memory_describe(const struct broker *broker, struct json_out *out)
{
    (void)broker;
    json_out_open_array(out);
    json_out_close_array(out);
}

static const struct broker_ops memory_ops = {
    .subscribe = memory_subscribe,
    .unsubscribe = memory_unsubscribe,
    .publish = memory_publish,
    .history = memory_history,
    .history_remove = memory_history_remove,
    .new_epoch = memory_new_epoch,
    .control = memory_control,
    .join = memory_join,
    .leave = memory_leave,
    .check_member = memory_check_member,
    .members = memory_members,
    .channels = memory_channels,
    .nodes = memory_nodes,
    .file_reserve = memory_file_reserve,
    .file_append = memory_file_append,
    .file_read = memory_file_read,
    .file_remove = memory_file_remove,
    .turn = memory_turn,
    .is_ready = memory_is_ready,
    .give_up_lease = memory_give_up_lease,
    .is_idle = memory_is_idle,
    .describe = memory_describe,
    .destroy = memory_destroy,
};

struct broker *memory_broker_create(struct loop *loop, struct broker_policies policies)
{
    struct memory_broker *self = mem_zalloc(sizeof(*self));
    self->base.ops = &memory_ops;
    self->loop = loop;
    self->channels = text_map_create();
    self->graced = text_map_create();
    self->files = memory_files_create();
    self->policies = policies;
    return &self->base;
}
