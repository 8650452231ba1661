/*
 * presence - who is in a channel; see presence.h.
 */
#include "presence.h"

#include "batch.h"
#include "broker.h"
#include "channel.h"
#include "hub.h"
#include "id_table.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "namespaces.h"
#include "session.h"

#include <stdlib.h>

enum { REREADS_MAX = 2 }; /* of a list that is older than what was passed on */

struct id_list {
    uint64_t *ids;
    size_t count;
    size_t capacity;
};

struct presence_list {
    uint64_t version;       /* of the last change passed on */
    struct id_list waiting; /* sessions that are to get the list */
    struct id_list reading; /* those that get the one being read */
    bool is_reading;
    int rereads;
};

struct presence_list *presence_list_create(void)
{
    return mem_zalloc(sizeof(struct presence_list));
}

void presence_list_destroy(struct presence_list *list)
{
    if (!list)
        return;
    free(list->waiting.ids);
    free(list->reading.ids);
    free(list);
}

/* ---------------------------------------------------------------------- join and leave */

static void broker_member_of(const struct subscription *subscription, char client[CLIENT_BYTES],
                             struct broker_member *ret_member)
{
    const struct session *session = subscription->session;
    hub_print_client(session_hub(session), session_id(session), client);
    *ret_member = (struct broker_member){
        .client = client, .user = session_user(session), .info = session_info(session)};
}

static void set_presence(struct subscription *subscription, enum presence_state state)
{
    metrics.members +=
        (state == PRESENCE_PRESENT) - (subscription->presence == PRESENCE_PRESENT);
    subscription->presence = state;
}

/* A join on its way. The session may take another identity before the answer comes: only the
 * answer to its last join counts. */
struct pending_join {
    struct hub *hub;
    uint32_t serial;
};

static void on_joined(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct pending_join *join = owner;
    struct session *session = session_find(join->hub, tag);
    struct subscription *subscription =
        session ? channel_subscription_of(session, reply->channel) : NULL;
    bool is_last = subscription && subscription->presence == PRESENCE_JOINING &&
                   subscription->join_serial == join->serial;
    free(join);
    if (!is_last)
        return;
    if (reply->status == BROKER_OK)
        set_presence(subscription, PRESENCE_PRESENT);
    else
        presence_leave(subscription); /* it may have been done all the same */
    session_dialect(session)->on_joined(subscription, reply);
}

static void send_join(struct subscription *subscription, bool is_quiet,
                      struct broker_waiter waiter)
{
    char client[CLIENT_BYTES];
    struct broker_member member;
    broker_member_of(subscription, client, &member);
    broker_join(session_hub(subscription->session)->broker, channel_name(subscription->channel),
                &member, is_quiet, waiter);
}

void presence_join(struct subscription *subscription)
{
    if (!subscription->is_admitted) {
        set_presence(subscription, PRESENCE_WANTED);
        return;
    }
    struct pending_join *join = mem_alloc(sizeof(*join));
    join->hub = session_hub(subscription->session);
    join->serial = ++join->hub->join_serial;
    subscription->join_serial = join->serial;
    set_presence(subscription, PRESENCE_JOINING);
    send_join(subscription, /* is_quiet= */ false,
              (struct broker_waiter){on_joined, join, session_id(subscription->session)});
}

void presence_leave(struct subscription *subscription)
{
    struct hub *hub = session_hub(subscription->session);
    bool was_said = subscription->presence >= PRESENCE_JOINING;
    char client[CLIENT_BYTES];
    struct broker_member member;
    set_presence(subscription, PRESENCE_ABSENT);
    if (!was_said)
        return;
    broker_member_of(subscription, client, &member);
    broker_leave(hub->broker, channel_name(subscription->channel), &member);
}

void presence_on_admitted(struct subscription *subscription)
{
    if (subscription->presence == PRESENCE_WANTED)
        presence_join(subscription);
}

void presence_join_later(struct subscription *subscription)
{
    set_presence(subscription, PRESENCE_WANTED);
}

/* Answers whether there was something to do. */
static bool rejoin(struct subscription *subscription)
{
    bool is_wanted = subscription->is_admitted && subscription->presence == PRESENCE_WANTED;
    if (is_wanted)
        presence_join(subscription);
    else if (subscription->presence == PRESENCE_PRESENT)
        send_join(subscription, /* is_quiet= */ true, (struct broker_waiter){NULL, NULL, 0});
    return is_wanted || subscription->presence == PRESENCE_PRESENT;
}

void presence_rejoin_all(struct hub *hub)
{
    size_t cursor = 0;
    int64_t count = 0;
    struct session *session;
    while ((session = id_table_next(hub->sessions, &cursor))) {
        struct subscription *subscription = *session_subscriptions(session);
        for (; subscription; subscription = subscription->next_of_session)
            count += rejoin(subscription);
    }
    log_info("members_rejoined", kv_int("members", count));
}

/* -------------------------------------------------------------------------------- list */

static void id_list_add(struct id_list *list, uint64_t id)
{
    list->ids = mem_grow(list->ids, list->count, &list->capacity, sizeof(*list->ids));
    list->ids[list->count++] = id;
}

static void on_members(void *owner, uint64_t tag, const struct broker_reply *reply);

static void read_list(struct channel *channel)
{
    struct hub *hub = channel_hub(channel);
    channel_presence(channel)->is_reading = true;
    broker_members(hub->broker, channel_name(channel), channel_options(channel)->presence_limit,
                   (struct broker_waiter){on_members, hub, channel_id(channel)});
}

/* Whoever asks while a list is being read waits for the next: theirs must hold their join. */
static void read_for_waiting(struct channel *channel)
{
    struct presence_list *list = channel_presence(channel);
    if (list->is_reading || list->waiting.count == 0)
        return;
    struct id_list empty = list->reading;
    list->reading = list->waiting;
    list->waiting = empty;
    list->rereads = 0;
    read_list(channel);
}

void presence_send_list(struct subscription *subscription)
{
    struct channel *channel = subscription->channel;
    id_list_add(&channel_presence(channel)->waiting, session_id(subscription->session));
    read_for_waiting(channel);
}

void presence_on_settled(struct channel *channel)
{
    read_for_waiting(channel);
}

/* One frame for all who wait, per dialect. */
static void send_list(struct hub *hub, const struct id_list *readers,
                      const struct broker_reply *reply)
{
    struct batch *batches[DIALECT_COUNT] = {NULL};
    for (size_t i = 0; i < readers->count; i++) {
        struct session *session = session_find(hub, readers->ids[i]);
        if (!session || !channel_subscription_of(session, reply->channel))
            continue;
        const struct dialect *dialect = session_dialect(session);
        struct batch **batch = &batches[dialect->number];
        if (!*batch) {
            *batch = batch_create();
            dialect->encode_members(*batch, reply);
        }
        session_send(session, *batch);
    }
    for (size_t i = 0; i < DIALECT_COUNT; i++)
        batch_unref(batches[i]);
}

static void put_back_to_waiting(struct presence_list *list)
{
    for (size_t i = 0; i < list->reading.count; i++)
        id_list_add(&list->waiting, list->reading.ids[i]);
    list->reading.count = 0;
}

static void on_members(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct hub *hub = owner;
    struct channel *channel = id_table_find(hub->channel_ids, tag);
    if (!channel)
        return;
    struct presence_list *list = channel_presence(channel);
    list->is_reading = false;
    if (reply->status != BROKER_OK) {
        put_back_to_waiting(list); /* read again when the channel is live again */
        return;
    }
    if (reply->version < list->version && list->rereads++ < REREADS_MAX) {
        read_list(channel);
        return;
    }
    list->version = reply->version;
    send_list(hub, &list->reading, reply);
    list->reading.count = 0;
    read_for_waiting(channel);
}

void presence_on_change(struct channel *channel, const struct broker_presence *change)
{
    channel_presence(channel)->version = change->version;
    if (!namespace_pushes_presence(channel_options(channel)))
        return;
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        struct batch *batch = channel_batch(channel, (enum dialect_number)i);
        if (batch)
            channel_dialect(channel, (enum dialect_number)i)
                ->encode_presence(batch, channel_name(channel), change);
    }
}
