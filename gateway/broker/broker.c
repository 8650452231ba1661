/*
 * broker - the seam between the chat and whatever its nodes share; see broker.h.
 */
#include "broker.h"

#include "mem.h"
#include "random.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void broker_make_epoch(char epoch[BROKER_EPOCH_BYTES])
{
    (void)snprintf(epoch, BROKER_EPOCH_BYTES, "%08" PRIx32, (uint32_t)random_number());
}

bool broker_is_epoch(const char *text)
{
    size_t length = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_");
    return length > 0 && length < BROKER_EPOCH_BYTES && text[length] == '\0';
}

struct publication *publication_create(uint64_t offset, struct slice payload, struct slice info)
{
    assert(payload.length <= UINT32_MAX && info.length <= UINT32_MAX);
    struct publication *publication =
        mem_alloc(sizeof(*publication) + payload.length + info.length);
    publication->refs = 1;
    publication->offset = offset;
    publication->length = (uint32_t)payload.length;
    publication->info_length = (uint32_t)info.length;
    memcpy(publication->bytes, payload.bytes, payload.length);
    if (info.length > 0)
        memcpy(publication->bytes + payload.length, info.bytes, info.length);
    return publication;
}

size_t publication_weight(const struct publication *publication)
{
    return (size_t)publication->length + publication->info_length + BROKER_ENTRY_BYTES;
}

struct slice publication_payload(const struct publication *publication)
{
    return (struct slice){publication->bytes, publication->length};
}

struct slice publication_info(const struct publication *publication)
{
    return (struct slice){publication->bytes + publication->length, publication->info_length};
}

struct publication *publication_ref(struct publication *publication)
{
    assert(publication->refs > 0);
    publication->refs++;
    return publication;
}

void publication_unref(struct publication *publication)
{
    assert(!publication || publication->refs > 0);
    if (publication && --publication->refs == 0)
        free(publication);
}

void broker_set_events(struct broker *broker, const struct broker_events *events)
{
    assert(events->on_subscribed && events->on_publication && events->on_presence);
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

void broker_publish(struct broker *broker, const char *channel,
                    const struct broker_message *message, struct broker_waiter waiter)
{
    broker->ops->publish(broker, channel, message, waiter);
}

void broker_history(struct broker *broker, const char *channel,
                    const struct broker_range *range, struct broker_waiter waiter)
{
    broker->ops->history(broker, channel, range, waiter);
}

void broker_history_remove(struct broker *broker, const char *channel,
                           struct broker_waiter waiter)
{
    broker->ops->history_remove(broker, channel, waiter);
}

void broker_new_epoch(struct broker *broker, const char *channel,
                      const struct broker_position *seen, bool is_certain)
{
    broker->ops->new_epoch(broker, channel, seen, is_certain);
}

/* A log that was renamed at 20, and again at 10, is the first one up to 10. */
bool broker_same_until(const char *renames, const char *epoch, uint64_t *ret_offset)
{
    char name[BROKER_EPOCH_BYTES];
    unsigned long long offset;
    int length;
    bool is_found = false;
    *ret_offset = UINT64_MAX;
    for (const char *at = renames;
         at && sscanf(at, "%16s %llu %n", name, &offset, &length) == 2; at += length) {
        is_found = is_found || strcmp(name, epoch) == 0;
        if (is_found && offset < *ret_offset)
            *ret_offset = offset;
    }
    return is_found;
}

void broker_control(struct broker *broker, const char *bytes, size_t length,
                    struct broker_waiter waiter)
{
    broker->ops->control(broker, bytes, length, waiter);
}

void broker_join(struct broker *broker, const char *channel, const struct broker_member *member,
                 bool is_put_back, struct broker_waiter waiter)
{
    broker->ops->join(broker, channel, member, is_put_back, waiter);
}

void broker_leave(struct broker *broker, const char *channel,
                  const struct broker_member *member)
{
    broker->ops->leave(broker, channel, member);
}

void broker_check_member(struct broker *broker, const char *channel,
                         const struct broker_member *member, struct broker_waiter waiter)
{
    broker->ops->check_member(broker, channel, member, waiter);
}

void broker_members(struct broker *broker, const char *channel, size_t limit,
                    struct broker_waiter waiter)
{
    broker->ops->members(broker, channel, limit, waiter);
}

void broker_channels(struct broker *broker, const char *pattern, size_t limit,
                     struct broker_waiter waiter)
{
    broker->ops->channels(broker, pattern, limit, waiter);
}

void broker_nodes(struct broker *broker, struct broker_waiter waiter)
{
    broker->ops->nodes(broker, waiter);
}

void broker_file_reserve(struct broker *broker, const struct broker_file *file, bool is_whole,
                         struct broker_waiter waiter)
{
    broker->ops->file_reserve(broker, file, is_whole, waiter);
}

void broker_file_append(struct broker *broker, const struct broker_file *file, size_t at,
                        struct slice piece, struct broker_waiter waiter)
{
    broker->ops->file_append(broker, file, at, piece, waiter);
}

void broker_file_read(struct broker *broker, const char *id, size_t at, size_t length,
                      struct broker_waiter waiter)
{
    broker->ops->file_read(broker, id, at, length, waiter);
}

void broker_file_remove(struct broker *broker, const struct broker_file *file)
{
    broker->ops->file_remove(broker, file);
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

void broker_describe(const struct broker *broker, struct json_out *out)
{
    broker->ops->describe(broker, out);
}

void broker_destroy(struct broker *broker)
{
    if (broker)
        broker->ops->destroy(broker);
}
