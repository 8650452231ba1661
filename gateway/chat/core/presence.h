/*
 * presence - who is in a channel: joining, leaving, and the list a newcomer gets.
 *
 * The list is read from the store once for all who wait for it, and only counts when it is
 * at least as new as the last change that came: a list from before a leave would bring the
 * user back on the newcomer's screen for good. Changes are told together, once a window;
 * above presence_names_limit users only how many there are. Every change has a version: where
 * one is missing, whoever holds a list is sent a new one.
 */
#ifndef PARLEY_PRESENCE_H
#define PARLEY_PRESENCE_H

#include "broker.h"

#include <stdbool.h>
#include <stdint.h>

struct channel;
struct hub;
struct presence_list;
struct subscription;

struct presence_list *presence_list_create(struct channel *channel);
void presence_list_destroy(struct presence_list *list); /* takes NULL */

/* The session's identity joins the channel; waits for admission if need be. The dialect's
 * on_joined is told. */
void presence_join(struct subscription *subscription);
void presence_leave(struct subscription *subscription);
/* The subscription is sent the list of users, as soon as there is one that is new enough. */
void presence_send_list(struct subscription *subscription);
/* The subscription was admitted: a join that waited for it goes on. */
void presence_on_admitted(struct subscription *subscription);

/* The channel is live (again): a list that could not be read is read now. version: of the list
 * in the store when the log was read; 0: not known. was_away: changes may have been missed; if
 * so, whoever holds a list gets a new one, and the others hear the difference. */
void presence_on_settled(struct channel *channel, uint64_t version, bool was_away);
/* A subscriber was let in. */
void presence_on_subscriber(const struct subscription *subscription);

/* A join failed: it is tried again soon, or when the store is back. */
void presence_join_later(struct subscription *subscription);

/* The broker says that somebody came or left. */
void presence_on_change(struct channel *channel, const struct broker_presence *change);

/* One that is a member already is made one again, if the store has lost it. */
void presence_put_back(struct subscription *subscription);
/* Answers is_taken: it is one still. */
void presence_check(const struct subscription *subscription, struct broker_waiter waiter);

/* All members of this node are put back: the store may have lost them. Those who could not
 * join before join now. */
void presence_rejoin_all(struct hub *hub);

/* Each tick: is somebody still a member who should be? Of another channel each time; where not,
 * all members of the channel are put back. */
void presence_check_some(struct hub *hub);

/* Somebody is to join later: presence_again.c. */
void presence_note_wanted(struct hub *hub);
/* Each tick: some of those whose time has come join now. */
void presence_join_wanted(struct hub *hub);

/* Each tick: windows that are over, lists that are to be sent anew. */
void presence_tick(struct hub *hub);

#endif
