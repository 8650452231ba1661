/*
 * memory_roster - the members of one channel of the memory broker.
 *
 * Connections by their ids and users by their names; a user's first connection and last one are
 * told, the last one after the grace. Knows the policy; nothing of where channels are kept.
 */
#ifndef PARLEY_MEMORY_ROSTER_H
#define PARLEY_MEMORY_ROSTER_H

#include "broker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory_roster;

/* What everybody is to be told; borrowed for the call. */
struct roster_teller {
    void (*tell)(void *context, const char *channel, const struct broker_presence *change);
    void *context;
};

/* The policy is borrowed, the name copied. *new* */
struct memory_roster *memory_roster_create(const char *channel,
                                           const struct broker_policy *policy,
                                           struct roster_teller teller);
void memory_roster_destroy(struct memory_roster *roster);

/* Nothing happens if the connection is there already, or is not there. */
void memory_roster_join(struct memory_roster *roster, const struct broker_member *joining);
void memory_roster_leave(struct memory_roster *roster, const struct broker_member *leaving);

/* Tells of those whose grace is over. Answers when the next one ends; INT64_MAX: none. */
int64_t memory_roster_end_graces(struct memory_roster *roster, int64_t now_ms);

/* Nobody is there, nor in a grace. */
bool memory_roster_is_empty(const struct memory_roster *roster);
uint64_t memory_roster_connection_count(const struct memory_roster *roster);

/* Fills in what a reply says of members; the list and its texts are *new*. */
void memory_roster_list(const struct memory_roster *roster, size_t limit,
                        struct broker_reply *reply);

#endif
