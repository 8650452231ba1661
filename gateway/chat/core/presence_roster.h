/*
 * presence_roster - who is in a channel, as far as its subscribers were told.
 *
 * Clients that are sent joins and leaves, and no lists, cannot find out by themselves what they
 * were not told. When changes were missed, the list in the store is compared with this one, and
 * the difference is what they have to hear.
 */
#ifndef PARLEY_PRESENCE_ROSTER_H
#define PARLEY_PRESENCE_ROSTER_H

#include "broker.h"

#include <stdbool.h>

struct presence_roster;

/* is_each_connection_told: connections are listed, not users. *new* */
struct presence_roster *presence_roster_create(bool is_each_connection_told);
void presence_roster_destroy(struct presence_roster *roster); /* takes NULL */

/* A join or a leave was heard. False: it is known already. */
bool presence_roster_note(struct presence_roster *roster, const struct broker_presence *change);

/* The whole list, as broker_members answers it. on_change, unless it is NULL, is told what
 * differs: leaves first. Its argument is borrowed for the call. */
void presence_roster_replace(struct presence_roster *roster, const struct broker_reply *list,
                             void (*on_change)(void *context,
                                               const struct broker_presence *change),
                             void *context);

#endif
