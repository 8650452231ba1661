/*
 * fake_broker - a broker that does nothing by itself; see fake_broker.h.
 */
#include "fake_broker.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING_MAX = 128, ITEMS_MAX = 64, INFO_BYTES = 64 };

struct waiting {
    struct broker_waiter waiter;
    char *channel;
    bool is_reverse; /* of a read of the log */
};

struct queue {
    struct waiting items[WAITING_MAX];
    size_t count;
};

struct fake_broker {
    struct broker base; /* first: a struct broker * is one of these */
    struct journal calls;
    struct queue queues[FAKE_REQUEST_COUNT];
    char last_client[FAKE_CLIENT_BYTES];
    bool is_away;
};

static struct fake_broker *self_of(struct broker *broker)
{
    return (struct fake_broker *)broker;
}

static struct waiting *wait_for_answer(struct broker *broker, enum fake_request kind,
                                       const char *channel, struct broker_waiter waiter)
{
    struct queue *queue = &self_of(broker)->queues[kind];
    assert_true(queue->count < WAITING_MAX);
    queue->items[queue->count] = (struct waiting){.waiter = waiter, .channel = strdup(channel)};
    return &queue->items[queue->count++];
}

/* ------------------------------------------------------------------------------- calls */

static void fake_subscribe(struct broker *broker, const char *channel)
{
    journal_add(&self_of(broker)->calls, "subscribe %s", channel);
}

static void fake_unsubscribe(struct broker *broker, const char *channel)
{
    journal_add(&self_of(broker)->calls, "unsubscribe %s", channel);
}

static void fake_publish(struct broker *broker, const char *channel,
                         const struct broker_message *message, struct broker_waiter waiter)
{
    journal_add(&self_of(broker)->calls, "publish %s %.*s%s%s", channel,
                (int)message->payload.length, (const char *)message->payload.bytes,
                message->key ? " once " : "", message->key ? message->key : "");
    wait_for_answer(broker, FAKE_PUBLISH, channel, waiter);
}

static void fake_history(struct broker *broker, const char *channel,
                         const struct broker_range *range, struct broker_waiter waiter)
{
    journal_add(&self_of(broker)->calls, "history %s %llu %zu%s", channel,
                (unsigned long long)range->since, range->limit,
                range->is_reverse ? " reverse" : "");
    wait_for_answer(broker, FAKE_HISTORY, channel, waiter)->is_reverse = range->is_reverse;
}

static void fake_history_remove(struct broker *broker, const char *channel,
                                struct broker_waiter waiter)
{
    journal_add(&self_of(broker)->calls, "history_remove %s", channel);
    wait_for_answer(broker, FAKE_HISTORY_REMOVE, channel, waiter);
}

static void fake_new_epoch(struct broker *broker, const char *channel,
                           const struct broker_position *seen, bool is_certain)
{
    journal_add(&self_of(broker)->calls, "new_epoch %s %s %llu%s", channel, seen->epoch,
                (unsigned long long)seen->offset, is_certain ? " certain" : "");
}

static void fake_control(struct broker *broker, const char *bytes, size_t length,
                         struct broker_waiter waiter)
{
    journal_add(&self_of(broker)->calls, "control %.*s", (int)length, bytes);
    wait_for_answer(broker, FAKE_CONTROL, "", waiter);
}

static void write_member_call(struct broker *broker, const char *verb, const char *channel,
                              const struct broker_member *member)
{
    struct fake_broker *fake = self_of(broker);
    journal_add(&fake->calls, "%s %s %s", verb, channel, member->user);
    (void)snprintf(fake->last_client, sizeof(fake->last_client), "%s", member->client);
}

static void fake_join(struct broker *broker, const char *channel,
                      const struct broker_member *member, bool is_put_back,
                      struct broker_waiter waiter)
{
    write_member_call(broker, is_put_back ? "rejoin" : "join", channel, member);
    wait_for_answer(broker, FAKE_JOIN, channel, waiter);
}

static void fake_leave(struct broker *broker, const char *channel,
                       const struct broker_member *member)
{
    write_member_call(broker, "leave", channel, member);
}

static void fake_check_member(struct broker *broker, const char *channel,
                              const struct broker_member *member, struct broker_waiter waiter)
{
    (void)broker;
    (void)channel;
    (void)member;
    (void)waiter; /* it is there, which nobody has to be told */
}

static void fake_members(struct broker *broker, const char *channel, size_t limit,
                         struct broker_waiter waiter)
{
    journal_add(&self_of(broker)->calls, "members %s %zu", channel, limit);
    wait_for_answer(broker, FAKE_MEMBERS, channel, waiter);
}

static void fake_channels(struct broker *broker, const char *pattern, size_t limit,
                          struct broker_waiter waiter)
{
    journal_add(&self_of(broker)->calls, "channels %s %zu", pattern, limit);
    wait_for_answer(broker, FAKE_CHANNELS, "", waiter);
}

static void fake_nodes(struct broker *broker, struct broker_waiter waiter)
{
    journal_add(&self_of(broker)->calls, "nodes");
    wait_for_answer(broker, FAKE_NODES, "", waiter);
}

static void fake_turn(struct broker *broker)
{
    (void)broker;
}

static bool fake_is_ready(const struct broker *broker, const char **ret_reason)
{
    const struct fake_broker *fake = (const struct fake_broker *)broker;
    *ret_reason = "the test says so";
    return !fake->is_away;
}

void fake_broker_set_ready(struct fake_broker *fake, bool is_ready)
{
    fake->is_away = !is_ready;
}

static void fake_give_up_lease(struct broker *broker)
{
    (void)broker;
}

static bool fake_is_idle(const struct broker *broker)
{
    (void)broker;
    return true;
}

static void tell_unknown(struct waiting *waiting)
{
    const struct broker_waiter *waiter = &waiting->waiter;
    struct broker_reply reply = {
        .status = BROKER_UNKNOWN, .channel = waiting->channel, .epoch = ""};
    if (waiter->on_reply)
        waiter->on_reply(waiter->owner, waiter->tag, &reply);
    free(waiting->channel);
}

static void fake_destroy(struct broker *broker)
{
    struct fake_broker *fake = self_of(broker);
    for (size_t kind = 0; kind < FAKE_REQUEST_COUNT; kind++) {
        for (size_t i = 0; i < fake->queues[kind].count; i++)
            tell_unknown(&fake->queues[kind].items[i]);
    }
    journal_clear(&fake->calls);
    free(fake);
}

struct fake_broker *fake_broker_create(void)
{
    static const struct broker_ops ops = {
        .subscribe = fake_subscribe,
        .unsubscribe = fake_unsubscribe,
        .publish = fake_publish,
        .history = fake_history,
        .history_remove = fake_history_remove,
        .new_epoch = fake_new_epoch,
        .control = fake_control,
        .join = fake_join,
        .leave = fake_leave,
        .check_member = fake_check_member,
        .members = fake_members,
        .channels = fake_channels,
        .nodes = fake_nodes,
        .turn = fake_turn,
        .is_ready = fake_is_ready,
        .give_up_lease = fake_give_up_lease,
        .is_idle = fake_is_idle,
        .destroy = fake_destroy,
    };
    struct fake_broker *fake = calloc(1, sizeof(*fake));
    fake->base.ops = &ops;
    return fake;
}

struct broker *fake_broker_base(struct fake_broker *fake)
{
    return &fake->base;
}

const struct broker_events *fake_broker_events(const struct fake_broker *fake)
{
    return &fake->base.events;
}

struct journal *fake_broker_calls(struct fake_broker *fake)
{
    return &fake->calls;
}

const char *fake_broker_last_client(const struct fake_broker *fake)
{
    return fake->last_client;
}

/* ----------------------------------------------------------------------------- answers */

size_t fake_broker_waiting(const struct fake_broker *fake, enum fake_request kind)
{
    return fake->queues[kind].count;
}

void fake_broker_answer(struct fake_broker *fake, enum fake_request kind,
                        const struct broker_reply *reply)
{
    struct queue *queue = &fake->queues[kind];
    if (queue->count == 0)
        fail_msg("nobody waits for an answer of this kind");
    struct waiting waiting = queue->items[0];
    struct broker_reply addressed = *reply;
    addressed.channel = waiting.channel;
    queue->count--;
    memmove(queue->items, queue->items + 1, queue->count * sizeof(queue->items[0]));
    if (waiting.waiter.on_reply)
        waiting.waiter.on_reply(waiting.waiter.owner, waiting.waiter.tag, &addressed);
    free(waiting.channel);
}

void fake_broker_answer_status(struct fake_broker *fake, enum fake_request kind,
                               enum broker_status status)
{
    fake_broker_answer(fake, kind, &(struct broker_reply){.status = status});
}

static size_t count_texts(const char *const *texts)
{
    size_t count = 0;
    while (texts[count])
        count++;
    assert_true(count <= ITEMS_MAX);
    return count;
}

void fake_broker_answer_log(struct fake_broker *fake, const char *epoch, uint64_t newest,
                            const char *const *texts)
{
    fake_broker_answer_renamed(fake, epoch, newest, texts, "");
}

void fake_broker_answer_renamed(struct fake_broker *fake, const char *epoch, uint64_t newest,
                                const char *const *texts, const char *renames)
{
    struct publication *publications[ITEMS_MAX];
    size_t count = count_texts(texts);
    const struct queue *reads = &fake->queues[FAKE_HISTORY];
    bool is_reverse = reads->count > 0 && reads->items[0].is_reverse;
    for (size_t i = 0; i < count; i++)
        publications[is_reverse ? count - 1 - i : i] = publication_create(
            newest - count + 1 + i, slice_of(texts[i]), (struct slice){.length = 0});
    fake_broker_answer(fake, FAKE_HISTORY,
                       &(struct broker_reply){.epoch = epoch,
                                              .offset = newest,
                                              .renames = renames,
                                              .publications = publications,
                                              .publication_count = count});
    for (size_t i = 0; i < count; i++)
        publication_unref(publications[i]);
}

void fake_broker_answer_members(struct fake_broker *fake, uint64_t version,
                                const char *const *users)
{
    struct broker_member members[ITEMS_MAX];
    char infos[ITEMS_MAX][INFO_BYTES];
    char clients[ITEMS_MAX][INFO_BYTES];
    size_t count = count_texts(users);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(infos[i], INFO_BYTES, "{\"userid\":\"%s\"}", users[i]);
        (void)snprintf(clients[i], INFO_BYTES, "client-%zu", i);
        members[i] = (struct broker_member){clients[i], users[i], infos[i], 0};
    }
    fake_broker_answer(fake, FAKE_MEMBERS,
                       &(struct broker_reply){.version = version,
                                              .members = members,
                                              .member_count = count,
                                              .connection_count = count,
                                              .user_count = count});
}
