/*
 * presence_readers - sessions that are to get the list of a channel's users.
 */
#ifndef PARLEY_PRESENCE_READERS_H
#define PARLEY_PRESENCE_READERS_H

#include <stddef.h>
#include <stdint.h>

struct broker_reply;
struct hub;

/* Zeros: nobody. ids is freed by the owner. */
struct presence_readers {
    uint64_t *ids; /* of sessions */
    size_t count;
    size_t capacity;
};

void presence_readers_add(struct presence_readers *readers, uint64_t id);
/* One batch for all of them, per wire format. reply: of broker_members. */
void presence_readers_send(struct hub *hub, const struct presence_readers *readers,
                           const struct broker_reply *reply);

#endif
