/*
 * broker - the seam between the chat and whatever its nodes share; see broker.h.
 */
#include "broker.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

struct publication *publication_create(uint64_t offset, const void *data, size_t length)
{
    struct publication *publication = mem_alloc(sizeof(*publication) + length);
    publication->refs = 1;
    publication->offset = offset;
    publication->length = (uint32_t)length;
    memcpy(publication->data, data, length);
    return publication;
}

struct publication *publication_ref(struct publication *publication)
{
    publication->refs++;
    return publication;
}

void publication_unref(struct publication *publication)
{
    if (publication && --publication->refs == 0)
        free(publication);
}

void broker_set_events(struct broker *broker, const struct broker_events *events)
{
    broker->events = *events;
}

void broker_subscribe(struct broker *broker, const char *channel)
{
    broker->ops->subscribe(broker, channel);
}

void broker_unsubscribe(struct broker *broker, const char *channel)
{
    broker->ops->unsubscribe(broker, channel);
}

void broker_publish(struct broker *broker, const char *channel, const void *data, size_t length,
                    struct broker_waiter waiter)
{
    broker->ops->publish(broker, channel, data, length, waiter);
}

void broker_history(struct broker *broker, const char *channel, uint64_t since, size_t limit,
                    struct broker_waiter waiter)
{
    broker->ops->history(broker, channel, since, limit, waiter);
}

void broker_join(struct broker *broker, const char *channel, const struct broker_member *member,
                 bool is_quiet, struct broker_waiter waiter)
{
    broker->ops->join(broker, channel, member, is_quiet, waiter);
}

void broker_leave(struct broker *broker, const char *channel,
                  const struct broker_member *member)
{
    broker->ops->leave(broker, channel, member);
}

void broker_members(struct broker *broker, const char *channel, size_t limit,
                    struct broker_waiter waiter)
{
    broker->ops->members(broker, channel, limit, waiter);
}

void broker_turn(struct broker *broker)
{
    broker->ops->turn(broker);
}

bool broker_is_ready(const struct broker *broker, const char **ret_reason)
{
    return broker->ops->is_ready(broker, ret_reason);
}

void broker_give_up_lease(struct broker *broker)
{
    broker->ops->give_up_lease(broker);
}

bool broker_is_idle(const struct broker *broker)
{
    return broker->ops->is_idle(broker);
}

void broker_destroy(struct broker *broker)
{
    if (broker)
        broker->ops->destroy(broker);
}
