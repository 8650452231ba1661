/*
 * store_broker - what the chat asks of the model of the store: all of it waits for its turn.
 */
#include "store_body.h"

#include <utlist.h>

#include <stdio.h>
#include <stdlib.h>

struct command *store_commands;
struct request *store_requests;

static struct command *ask(enum command_kind kind, const char *channel,
                           struct broker_waiter waiter)
{
    struct command *command = calloc(1, sizeof(*command));
    command->kind = kind;
    command->channel = channel ? store_find(channel) : NULL;
    command->waiter = waiter;
    DL_APPEND(store_commands, command);
    return command;
}

void store_request(struct model_channel *channel, bool is_subscribe)
{
    struct request *request = calloc(1, sizeof(*request));
    request->channel = channel;
    request->is_subscribe = is_subscribe;
    request->channel->is_wanted = is_subscribe;
    request->channel->is_confirmed = false;
    DL_APPEND(store_requests, request);
}

static void model_subscribe(struct broker *self, const char *channel)
{
    (void)self;
    store_request(store_find(channel), true);
}

static void model_unsubscribe(struct broker *self, const char *channel)
{
    (void)self;
    store_request(store_find(channel), false);
}

static void model_publish(struct broker *self, const char *channel,
                          const struct broker_message *message, struct broker_waiter waiter)
{
    (void)self;
    ask(PUBLISH, channel, waiter)->has_info = message->info.length > 0;
}

static void model_history(struct broker *self, const char *channel,
                          const struct broker_range *range, struct broker_waiter waiter)
{
    (void)self;
    ask(HISTORY, channel, waiter)->range = *range;
}

static void model_history_remove(struct broker *self, const char *channel,
                                 struct broker_waiter waiter)
{
    (void)self;
    ask(OTHER, channel, waiter);
}

static void model_new_epoch(struct broker *self, const char *channel,
                            const struct broker_position *seen, bool is_certain)
{
    (void)self;
    struct command *command = ask(NEW_EPOCH, channel, (struct broker_waiter){.owner = NULL});
    command->seen = *seen;
    command->is_certain = is_certain;
}

static void model_control(struct broker *self, const char *bytes, size_t length,
                          struct broker_waiter waiter)
{
    (void)self;
    (void)bytes;
    (void)length;
    ask(OTHER, NULL, waiter);
}

static void ask_of_member(enum command_kind kind, const char *channel,
                          const struct broker_member *member, struct broker_waiter waiter)
{
    struct command *command = ask(kind, channel, waiter);
    (void)snprintf(command->user, sizeof(command->user), "%s", member->user);
    (void)snprintf(command->client, sizeof(command->client), "%s", member->client);
}

static void model_join(struct broker *self, const char *channel,
                       const struct broker_member *member, bool is_put_back,
                       struct broker_waiter waiter)
{
    (void)self;
    (void)is_put_back; /* nothing is ever lost here */
    ask_of_member(JOIN, channel, member, waiter);
}

static void model_leave(struct broker *self, const char *channel,
                        const struct broker_member *member)
{
    (void)self;
    ask_of_member(LEAVE, channel, member, (struct broker_waiter){.owner = NULL});
}

static void model_check_member(struct broker *self, const char *channel,
                               const struct broker_member *member, struct broker_waiter waiter)
{
    (void)self;
    (void)channel;
    (void)member;
    (void)waiter; /* this store loses nobody */
}

static void model_members(struct broker *self, const char *channel, size_t limit,
                          struct broker_waiter waiter)
{
    (void)self;
    (void)limit;
    ask(MEMBERS, channel, waiter);
}

/* A link that broke is back at once. */
static bool model_is_ready(const struct broker *self, const char **ret_reason)
{
    (void)self;
    (void)ret_reason;
    return true;
}

static void model_destroy(struct broker *self)
{
    (void)self;
}

const struct broker_ops store_ops = {
    .subscribe = model_subscribe,
    .unsubscribe = model_unsubscribe,
    .publish = model_publish,
    .history = model_history,
    .history_remove = model_history_remove,
    .new_epoch = model_new_epoch,
    .control = model_control,
    .join = model_join,
    .leave = model_leave,
    .check_member = model_check_member,
    .members = model_members,
    .is_ready = model_is_ready,
    .destroy = model_destroy,
};
