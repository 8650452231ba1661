/*
 * memory_broker - the broker of a single node; see memory_broker.h.
 *
 * What a call brings about is put into a list and handed out at the next turn, in order, as
 * if it had been to Redis and back: callers meet one behaviour, whatever the broker.
 */
#include "memory_broker.h"

#include "broker.h"
#include "clock.h"
#include "loop.h"
#include "mem.h"
#include "memory_files.h"
#include "memory_roster.h"
#include "text_map.h"

#include <utlist.h>

#include <assert.h>
#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SWEEP_EVERY_MS = 10000,
    EMPTY_KEPT_MS = 10000, /* a channel that never had a message, after it was last asked for */
};

/* The result of an idempotent publish. */
struct once {
    char *key;
    char *digest;
    uint64_t offset;
    int64_t until_ms;
};

struct memory_channel {
    char *name;
    const struct broker_policy *policy;
    bool is_subscribed;
    uint64_t offset;
    char epoch[BROKER_EPOCH_BYTES];
    struct publication **log; /* oldest first */
    size_t log_count;
    int64_t last_publish_ms;
    int64_t last_asked_ms;
    struct memory_roster *roster;
    struct text_map *once; /* by key */
};

enum task_kind { TASK_SUBSCRIBED, TASK_PUBLICATION, TASK_PRESENCE, TASK_CONTROL, TASK_REPLY };

struct task {
    enum task_kind kind;
    char *channel;
    struct publication *publication;
    struct broker_presence presence; /* user, client and info are *new* */
    char *control;
    size_t control_length;
    struct broker_waiter waiter;
    struct broker_reply reply; /* arrays and what they hold are *new* */
    char epoch[BROKER_EPOCH_BYTES];
    struct task *next;
    struct task *prev;
};

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

static void log_clear(struct memory_channel *channel)
{
    for (size_t i = 0; i < channel->log_count; i++)
        publication_unref(channel->log[i]);
    channel->log_count = 0;
}

static bool is_log_old(const struct memory_channel *channel)
{
    return clock_now_ms() - channel->last_publish_ms > channel->policy->history_ttl_ms;
}

static void tell_presence(void *context, const char *channel,
                          const struct broker_presence *change);

static struct memory_channel *channel_ensure(struct memory_broker *self, const char *name)
{
    struct memory_channel *channel = text_map_find(self->channels, name);
    if (!channel) {
        channel = mem_zalloc(sizeof(*channel));
        channel->name = mem_strdup(name);
        channel->policy = self->policies.find(self->policies.context, name);
        channel->roster = memory_roster_create(name, channel->policy,
                                               (struct roster_teller){tell_presence, self});
        channel->once = text_map_create();
        broker_make_epoch(channel->epoch);
        text_map_add(self->channels, name, channel);
    }
    if (is_log_old(channel))
        log_clear(channel);
    channel->last_asked_ms = clock_now_ms();
    return channel;
}

static void once_destroy(struct once *once)
{
    free(once->key);
    free(once->digest);
    free(once);
}

static void channel_destroy(struct memory_channel *channel)
{
    const void *cursor = NULL;
    memory_roster_destroy(channel->roster);
    struct once *once;
    while ((once = text_map_next(channel->once, &cursor)))
        once_destroy(once);
    text_map_destroy(channel->once);
    log_clear(channel);
    free(channel->log);
    free(channel->name);
    free(channel);
}

static void forget_once(struct memory_channel *channel, struct once *once)
{
    text_map_remove(channel->once, once->key);
    once_destroy(once);
}

static void sweep_once(struct memory_channel *channel)
{
    const void *cursor = NULL;
    struct once *once;
    while ((once = text_map_next(channel->once, &cursor))) {
        if (once->until_ms <= clock_now_ms())
            forget_once(channel, once);
    }
}

/* What the key's publish was answered, NULL: none in BROKER_KEY_TTL_MS. */
static const struct once *find_once(struct memory_channel *channel, const char *key)
{
    struct once *once = key ? text_map_find(channel->once, key) : NULL;
    if (!once || once->until_ms > clock_now_ms())
        return once;
    forget_once(channel, once);
    return NULL;
}

/* Does nothing keep it but its name? After a message its offset and epoch do, for as long as
 * the log would. */
static bool is_over(const struct memory_channel *channel)
{
    bool is_used = channel->is_subscribed || !memory_roster_is_empty(channel->roster) ||
                   text_map_count(channel->once) > 0;
    int64_t asked_ago_ms = clock_now_ms() - channel->last_asked_ms;
    return !is_used &&
           (channel->offset == 0 ? asked_ago_ms >= EMPTY_KEPT_MS : is_log_old(channel));
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
        sweep_once(channel);
        if (!is_over(channel))
            continue;
        text_map_remove(self->graced, channel->name);
        text_map_remove(self->channels, channel->name);
        channel_destroy(channel);
    }
}

/* --------------------------------------------------------------------------- tasks */

static struct task *task_add(struct memory_broker *self, enum task_kind kind,
                             const char *channel)
{
    struct task *task = mem_zalloc(sizeof(*task));
    task->kind = kind;
    task->channel = mem_strdup(channel);
    DL_APPEND(self->tasks, task);
    return task;
}

static struct broker_reply *reply_later(struct memory_broker *self, const char *channel,
                                        struct broker_waiter waiter)
{
    struct task *task = task_add(self, TASK_REPLY, channel);
    task->waiter = waiter;
    task->reply.status = BROKER_OK;
    task->reply.channel = task->channel;
    return &task->reply;
}

/* Copied: the channel may be forgotten before the answer is given. */
static void set_epoch(struct broker_reply *reply, const struct memory_channel *channel)
{
    struct task *task = (struct task *)((char *)reply - offsetof(struct task, reply));
    memcpy(task->epoch, channel->epoch, sizeof(task->epoch));
    reply->epoch = task->epoch;
}

static void task_destroy(struct task *task)
{
    for (size_t i = 0; i < task->reply.publication_count; i++)
        publication_unref(task->reply.publications[i]);
    for (size_t i = 0; i < task->reply.member_count; i++) {
        free((char *)task->reply.members[i].client);
        free((char *)task->reply.members[i].user);
        free((char *)task->reply.members[i].info);
    }
    for (size_t i = 0; i < task->reply.channel_count; i++)
        free((char *)task->reply.channels[i].name);
    free((void *)task->reply.piece.bytes);
    free(task->reply.publications);
    free((struct broker_channel *)task->reply.channels);
    free((struct broker_member *)task->reply.members);
    free((char *)task->presence.user);
    free((char *)task->presence.client);
    free(task->control);
    free((char *)task->presence.info);
    publication_unref(task->publication);
    free(task->channel);
    free(task);
}

static void task_run(struct memory_broker *self, const struct task *task)
{
    const struct broker_events *events = &self->base.events;
    if (task->kind == TASK_REPLY) {
        if (task->waiter.on_reply)
            task->waiter.on_reply(task->waiter.owner, task->waiter.tag, &task->reply);
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
    task_add(self_of(broker), TASK_SUBSCRIBED, name);
}

static void memory_unsubscribe(struct broker *broker, const char *name)
{
    struct memory_broker *self = self_of(broker);
    struct memory_channel *channel = channel_ensure(self, name);
    channel->is_subscribed = false;
}

static void log_append(struct memory_channel *channel, struct publication *publication)
{
    size_t size = channel->policy->history_size;
    if (!channel->log)
        channel->log = mem_alloc(size * sizeof(struct publication *));
    if (channel->log_count == size) {
        publication_unref(channel->log[0]);
        channel->log_count--;
        memmove(channel->log, channel->log + 1, channel->log_count * sizeof(*channel->log));
    }
    channel->log[channel->log_count++] = publication_ref(publication);
    channel->last_publish_ms = clock_now_ms();
}

static void remember_once(struct memory_channel *channel, const struct broker_message *message,
                          uint64_t offset)
{
    struct once *once = mem_alloc(sizeof(*once));
    *once = (struct once){mem_strdup(message->key), mem_strdup(message->digest), offset,
                          clock_now_ms() + BROKER_KEY_TTL_MS};
    text_map_add(channel->once, message->key, once);
}

/* Answers the offset. */
static uint64_t append(struct memory_broker *self, struct memory_channel *channel,
                       const struct broker_message *message)
{
    bool is_logged = channel->policy->history_size > 0 && !message->is_unlogged;
    if (is_logged)
        channel->offset++;
    struct publication *publication =
        publication_create(is_logged ? channel->offset : 0, message->payload, message->info);
    if (is_logged)
        log_append(channel, publication);
    task_add(self, TASK_PUBLICATION, channel->name)->publication = publication;
    return publication->offset;
}

static void memory_publish(struct broker *broker, const char *name,
                           const struct broker_message *message, struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    struct memory_channel *channel = channel_ensure(self, name);
    const struct once *once = find_once(channel, message->key);
    uint64_t offset = once ? once->offset : append(self, channel, message);
    if (message->key && !once)
        remember_once(channel, message, offset);
    struct broker_reply *reply = reply_later(self, name, waiter);
    reply->offset = offset;
    set_epoch(reply, channel);
    reply->is_duplicate = once && strcmp(once->digest, message->digest) == 0;
    reply->is_conflict = once && !reply->is_duplicate;
}

static bool is_in_range(const struct publication *publication, const struct broker_range *range)
{
    if (range->since == 0)
        return true;
    return range->is_reverse ? publication->offset < range->since
                             : publication->offset > range->since;
}

/* Is there room for it behind what is taken already? */
static bool fits(const struct broker_reply *reply, size_t bytes,
                 const struct publication *publication, const struct broker_range *range)
{
    if (reply->publication_count == range->limit)
        return false;
    return range->bytes == 0 || reply->publication_count == 0 ||
           bytes + publication_weight(publication) <= range->bytes;
}

static void list_range(const struct memory_channel *channel, const struct broker_range *range,
                       struct broker_reply *reply)
{
    size_t bytes = 0;
    reply->publications = mem_alloc((channel->log_count + 1) * sizeof(*reply->publications));
    for (size_t i = 0; i < channel->log_count; i++) {
        size_t from = range->is_reverse ? channel->log_count - 1 - i : i;
        struct publication *publication = channel->log[from];
        if (!is_in_range(publication, range))
            continue;
        if (!fits(reply, bytes, publication, range))
            break;
        reply->publications[reply->publication_count++] = publication_ref(publication);
        bytes += publication_weight(publication);
    }
}

static void memory_history(struct broker *broker, const char *name,
                           const struct broker_range *range, struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    bool is_there = range->begins_log || text_map_find(self->channels, name);
    struct broker_reply *reply = reply_later(self, name, waiter);
    reply->epoch = "";
    if (!is_there)
        return;
    const struct memory_channel *channel = channel_ensure(self, name);
    reply->offset = channel->offset;
    set_epoch(reply, channel);
    list_range(channel, range, reply);
}

static void memory_history_remove(struct broker *broker, const char *name,
                                  struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    log_clear(channel_ensure(self, name));
    reply_later(self, name, waiter);
}

static void memory_new_epoch(struct broker *broker, const char *name, const char *old_epoch)
{
    struct memory_channel *channel = channel_ensure(self_of(broker), name);
    if (strcmp(channel->epoch, old_epoch) == 0)
        broker_make_epoch(channel->epoch);
}

static void memory_control(struct broker *broker, const char *bytes, size_t length,
                           struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    struct task *task = task_add(self, TASK_CONTROL, "");
    task->control = mem_strndup(bytes, length);
    task->control_length = length;
    reply_later(self, "", waiter);
}

/* ------------------------------------------------------------------------- presence */

static void tell_presence(void *context, const char *channel,
                          const struct broker_presence *change)
{
    struct task *task = task_add(context, TASK_PRESENCE, channel);
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
    reply_later(self, name, waiter);
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
    memory_roster_list(channel->roster, limit, reply_later(self, name, waiter));
}

/* ---------------------------------------------------------------------- the cluster */

static void memory_channels(struct broker *broker, const char *pattern, size_t limit,
                            struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    struct broker_reply *reply = reply_later(self, "", waiter);
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

static void memory_nodes(struct broker *broker, struct broker_waiter waiter)
{
    reply_later(self_of(broker), "", waiter); /* there is this one alone */
}

/* ---------------------------------------------------------------------------- files */

static void memory_file_reserve(struct broker *broker, const struct broker_file *file,
                                bool is_whole, struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    struct broker_reply *reply = reply_later(self, "", waiter);
    reply->is_taken = memory_files_reserve(self->files, file, is_whole, &reply->is_share_full);
}

static void memory_file_append(struct broker *broker, const struct broker_file *file, size_t at,
                               struct slice piece, struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    reply_later(self, "", waiter)->is_taken = memory_files_append(self->files, file, at, piece);
}

static void memory_file_read(struct broker *broker, const char *id, size_t at, size_t length,
                             struct broker_waiter waiter)
{
    struct memory_broker *self = self_of(broker);
    struct slice piece = memory_files_read(self->files, id, at, length);
    struct broker_reply *reply = reply_later(self, "", waiter);
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
        if (task->kind == TASK_REPLY && task->waiter.on_reply)
            task->waiter.on_reply(task->waiter.owner, task->waiter.tag, &task->reply);
    }
    DL_FOREACH_SAFE(self->tasks, task, next_task)
    task_destroy(task);
    const void *cursor = NULL;
    struct memory_channel *channel;
    while ((channel = text_map_next(self->channels, &cursor)))
        channel_destroy(channel);
    text_map_destroy(self->channels);
    text_map_destroy(self->graced);
    memory_files_destroy(self->files);
    free(self);
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
