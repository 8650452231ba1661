/*
 * store - a model of Redis and of the two links to it; see store.h.
 */
#include "store.h"

#include "chance.h"
#include "fault.h"
#include "store_body.h"

#include <utlist.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct model_channel channels[STORE_CHANNELS];
static struct command *replies;
static struct message *messages;
static struct broker broker;
static bool is_refusing;
static uint64_t log_size;

/* ------------------------------------------------------------------------------ channels */

const char *store_channel_name(int channel)
{
    return channels[channel].name;
}

int store_channel_number(const char *name)
{
    for (int i = 0; name && i < STORE_CHANNELS; i++) {
        if (strcmp(channels[i].name, name) == 0)
            return i;
    }
    return -1;
}

uint64_t store_newest(int channel)
{
    return channels[channel].newest;
}

unsigned store_present(int channel)
{
    return roster_users(&channels[channel].roster);
}

struct model_channel *store_find(const char *name)
{
    int number = store_channel_number(name);
    if (number < 0)
        fault("a channel that nobody named: %s", name);
    return &channels[number];
}

static bool is_logged(const struct model_channel *channel)
{
    return channel != &channels[STORE_UNLOGGED];
}

/* The oldest that is kept. */
static uint64_t oldest(const struct model_channel *channel)
{
    uint64_t newest = channel->newest;
    return newest > log_size ? newest - log_size + 1 : 1;
}

/* Now and then a long one. */
static struct publication *make_publication(uint64_t number, bool has_offset, bool has_info)
{
    static const char padding[] =
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    char text[256];
    (void)snprintf(text, sizeof(text),
                   "{\"message\":{\"userid\":\"u\",\"message\":\"%llu %s\"}}",
                   (unsigned long long)number, number % 7 == 0 ? padding : "");
    return publication_create(has_offset ? number : 0, slice_of(text),
                              slice_of(has_info ? "{}" : ""));
}

/* ---------------------------------------------------------------------- what is pushed */

static struct message *push(enum message_kind kind, struct model_channel *channel)
{
    struct message *message = calloc(1, sizeof(*message));
    message->kind = kind;
    message->channel = channel;
    DL_APPEND(messages, message);
    return message;
}

static void do_publish(struct model_channel *channel, bool has_info)
{
    channel->newest++;
    if (!channel->is_subscribed)
        return;
    struct message *message = push(PUBLISHED, channel);
    message->number = channel->newest;
    message->has_info = has_info;
    message->has_offset = is_logged(channel) || chance_one_in(2);
    if (message->has_offset)
        strcpy(message->epoch, channel->epoch);
}

void store_publish_elsewhere(int channel)
{
    do_publish(&channels[channel], chance_one_in(2));
}

void store_order(const char *text)
{
    push(ORDERED, NULL)->text = strdup(text);
}

/* Told is who comes first or goes last. */
static void do_presence(const struct command *command)
{
    struct model_channel *channel = command->channel;
    bool is_join = command->kind == JOIN;
    bool is_told = is_join ? roster_join(&channel->roster, command->client, command->user)
                           : roster_leave(&channel->roster, command->client);
    if (!is_told)
        return;
    channel->version++;
    if (!channel->is_subscribed)
        return;
    struct message *message = push(is_join ? JOINED : LEFT, channel);
    message->number = channel->version;
    message->user_count = roster_user_count(&channel->roster);
    strcpy(message->user, command->user);
    strcpy(message->client, command->client);
}

/* ------------------------------------------------------------------- what the store does */

static void read_log(struct command *command)
{
    const struct model_channel *channel = command->channel;
    const struct broker_range *range = &command->range;
    uint64_t from = oldest(channel);
    if (!is_logged(channel))
        return;
    strcpy(command->epoch, channel->epoch);
    strcpy(command->renames, channel->renames);
    command->newest = channel->newest;
    if (range->is_reverse) {
        uint64_t last = range->since > 0 && range->since <= channel->newest ? range->since - 1
                                                                            : channel->newest;
        command->first = last;
        command->count = last >= from ? last - from + 1 : 0;
    } else {
        command->first = range->since + 1 > from ? range->since + 1 : from;
        command->count =
            command->first <= channel->newest ? channel->newest - command->first + 1 : 0;
    }
    if (command->count > range->limit)
        command->count = range->limit;
}

/* A log of the model loses its end never, so that whoever has seen more of it does not say the
 * truth; but another run of the store, once in a while, renames it all the same. */
static void rename_log(const struct command *command)
{
    struct model_channel *channel = command->channel;
    size_t length = strlen(channel->renames);
    if (strcmp(channel->epoch, command->seen.epoch) != 0 ||
        command->seen.offset <= channel->newest || !chance_one_in(2))
        return;
    if (length + BROKER_EPOCH_BYTES + 24 > sizeof(channel->renames))
        length = 0; /* only the last are kept */
    (void)snprintf(channel->renames + length, sizeof(channel->renames) - length, "%s %llu ",
                   channel->epoch, (unsigned long long)channel->newest);
    (void)snprintf(channel->epoch, sizeof(channel->epoch), "e%u", 10 + chance_below(60000));
}

static void do_it(struct command *command)
{
    switch (command->kind) {
    case PUBLISH:
        do_publish(command->channel, command->has_info);
        command->newest = is_logged(command->channel) ? command->channel->newest : 0;
        strcpy(command->epoch, command->channel->epoch);
        break;
    case HISTORY:
        read_log(command);
        break;
    case JOIN:
    case LEAVE:
        do_presence(command);
        break;
    case MEMBERS:
        command->version = command->channel->version;
        command->roster = malloc(sizeof(*command->roster));
        *command->roster = command->channel->roster;
        break;
    case NEW_EPOCH:
        rename_log(command);
        break;
    case OTHER:
        break;
    }
}

/* What must not fail is tried again by the real one. */
static bool may_be_refused(const struct command *command)
{
    return command->kind != LEAVE && command->kind != NEW_EPOCH;
}

void store_do_command(void)
{
    struct command *command = store_commands;
    if (!command)
        return;
    DL_DELETE(store_commands, command);
    if (is_refusing && may_be_refused(command) && chance_one_in(REFUSED_ONE_IN))
        command->status = BROKER_REFUSED;
    else
        do_it(command);
    DL_APPEND(replies, command);
}

void store_do_subscription(void)
{
    struct request *request = store_requests;
    if (!request)
        return;
    DL_DELETE(store_requests, request);
    request->channel->is_subscribed = request->is_subscribe;
    if (request->is_subscribe)
        push(SUBSCRIBED, request->channel);
    free(request);
}

/* ------------------------------------------------------------------------- what arrives */

static void answer(const struct command *command)
{
    struct publication *publications[LONG_LOG_SIZE];
    struct broker_member members[ROSTER_MAX];
    size_t count =
        command->kind == HISTORY && command->status == BROKER_OK ? command->count : 0;
    struct broker_reply reply = {
        .status = command->status,
        .channel = command->channel ? command->channel->name : "",
        .epoch = command->epoch,
        .offset = command->newest,
        .renames = command->renames,
        .publications = publications,
        .publication_count = count,
        .members = members,
        .version = command->version,
    };
    for (size_t i = 0; i < count; i++)
        publications[i] = make_publication(command->range.is_reverse ? command->first - i
                                                                     : command->first + i,
                                           /* has_offset= */ true, /* has_info= */ false);
    if (command->kind == MEMBERS && command->status == BROKER_OK) {
        reply.member_count = roster_list(command->roster, members);
        reply.connection_count = reply.member_count;
        reply.user_count = roster_user_count(command->roster);
    }
    if (command->waiter.on_reply)
        command->waiter.on_reply(command->waiter.owner, command->waiter.tag, &reply);
    for (size_t i = 0; i < count; i++)
        publication_unref(publications[i]);
}

void store_deliver_reply(void)
{
    struct command *command = replies;
    if (!command)
        return;
    DL_DELETE(replies, command);
    answer(command);
    free(command->roster);
    free(command);
}

static void deliver_publication(const struct message *message)
{
    const struct broker_events *events = &broker.events;
    struct publication *publication =
        make_publication(message->number, message->has_offset, message->has_info);
    events->on_publication(events->context, message->channel->name, message->epoch,
                           publication);
    publication_unref(publication);
}

static void deliver_presence(const struct message *message)
{
    const struct broker_events *events = &broker.events;
    events->on_presence(events->context, message->channel->name,
                        &(struct broker_presence){
                            .kind = message->kind == JOINED ? BROKER_JOIN : BROKER_LEAVE,
                            .version = message->number,
                            .user_count = message->user_count,
                            .user = message->user,
                            .client = message->client,
                            .info = "null",
                        });
}

static void deliver(const struct message *message)
{
    const struct broker_events *events = &broker.events;
    if (message->kind == ORDERED) {
        events->on_control(events->context, message->text, strlen(message->text));
        return;
    }
    if (!message->channel->is_wanted)
        return;
    if (message->kind == SUBSCRIBED) {
        message->channel->is_confirmed = true;
        events->on_subscribed(events->context, message->channel->name);
    } else if (message->kind == PUBLISHED) {
        deliver_publication(message);
    } else {
        deliver_presence(message);
    }
}

static void free_message(struct message *message)
{
    DL_DELETE(messages, message);
    free(message->text);
    free(message);
}

void store_deliver_message(void)
{
    struct message *message = messages;
    if (!message)
        return;
    deliver(message);
    free_message(message);
}

/* ------------------------------------------------------------------------------- trouble */

static void drop_requests(void)
{
    struct request *request;
    struct request *next;
    DL_FOREACH_SAFE(store_requests, request, next)
    free(request);
    store_requests = NULL;
}

void store_cut_subscriber(void)
{
    while (messages)
        free_message(messages);
    drop_requests();
    for (int i = 0; i < STORE_CHANNELS; i++) {
        channels[i].is_subscribed = false;
        channels[i].is_confirmed = false;
        if (channels[i].is_wanted)
            store_request(&channels[i], true);
    }
}

/* Leaves are kept until the store has taken them. */
static void lose_commands(void)
{
    struct command *command;
    struct command *next;
    DL_FOREACH_SAFE(store_commands, command, next)
    {
        if (!may_be_refused(command))
            continue;
        command->status = chance_one_in(2) ? BROKER_UNKNOWN : BROKER_UNAVAILABLE;
        if (command->status == BROKER_UNKNOWN && chance_one_in(2))
            do_it(command);
        DL_DELETE(store_commands, command);
        DL_APPEND(replies, command);
    }
}

void store_cut_commands(void)
{
    const struct broker_events *events = &broker.events;
    struct command *reply;
    DL_FOREACH(replies, reply)
    {
        if (chance_one_in(3))
            reply->status = BROKER_UNKNOWN;
    }
    lose_commands();
    while (replies)
        store_deliver_reply();
    for (int i = 0; i < STORE_CHANNELS; i++) {
        if (channels[i].is_wanted && channels[i].is_confirmed)
            events->on_subscribed(events->context, channels[i].name);
    }
    if (chance_one_in(2))
        events->on_members_lost(events->context);
}

void store_set_refusing(bool is_now_refusing)
{
    is_refusing = is_now_refusing;
}

bool store_is_at_rest(void)
{
    return !store_commands && !replies && !messages && !store_requests;
}

size_t store_member_count(void)
{
    size_t count = 0;
    for (int i = 0; i < STORE_CHANNELS; i++)
        count += channels[i].roster.count;
    return count;
}

/* ---------------------------------------------------------------------------------- life */

struct broker *store_create(void)
{
    memset(channels, 0, sizeof(channels));
    for (int i = 0; i < STORE_CHANNELS; i++) {
        (void)snprintf(channels[i].name, NAME_BYTES, i == STORE_UNLOGGED ? "none:c%d" : "c%d",
                       i);
        (void)snprintf(channels[i].epoch, BROKER_EPOCH_BYTES, "e%d", i);
    }
    log_size = chance_one_in(2) ? STORE_LOG_SIZE : LONG_LOG_SIZE;
    broker.ops = &store_ops;
    is_refusing = true;
    return &broker;
}

void store_destroy(void)
{
    struct command *command;
    DL_FOREACH(store_commands, command)
    command->status = BROKER_UNKNOWN;
    DL_CONCAT(replies, store_commands);
    store_commands = NULL;
    DL_FOREACH(replies, command)
    command->status = BROKER_UNKNOWN;
    while (replies)
        store_deliver_reply();
    while (messages)
        free_message(messages);
    drop_requests();
}
