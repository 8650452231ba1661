/*
 * presence_again - members who join again: those that the store may have lost, and those whose
 * join failed and nobody asks for again: clients of the Centrifuge protocol are present by
 * being subscribed.
 *
 * While the store is out of reach there is no use in trying; when it is back, all members are
 * put back anyway (presence_rejoin_all). A store that refuses some, or is too busy, is asked
 * again after a while, a few at a time.
 */
#include "broker.h"
#include "channel.h"
#include "clock.h"
#include "hub.h"
#include "id_table.h"
#include "log.h"
#include "presence.h"
#include "session.h"

#include <assert.h>

/* From JOINING on, others have been told of the member, or are about to be. */
static_assert(PRESENCE_ABSENT < PRESENCE_WANTED && PRESENCE_WANTED < PRESENCE_JOINING &&
                  PRESENCE_JOINING < PRESENCE_PRESENT,
              "states are compared by their order");

enum { AGAIN_AFTER_MS = 1000, JOINS_PER_TICK = 100 };

/* Answers whether there was something to do. */
static bool rejoin(struct subscription *subscription)
{
    bool is_wanted = subscription->is_admitted && subscription->presence == PRESENCE_WANTED;
    if (is_wanted)
        presence_join(subscription);
    else if (subscription->presence >= PRESENCE_JOINING)
        presence_put_back(subscription);
    return is_wanted || subscription->presence >= PRESENCE_JOINING;
}

void presence_rejoin_all(struct hub *hub)
{
    size_t cursor = 0;
    int64_t count = 0;
    struct session *session;
    while ((session = id_table_next(hub->sessions, &cursor))) {
        struct subscription *subscription =
            session_is_open(session) ? *session_subscriptions(session) : NULL;
        for (; subscription; subscription = subscription->next_of_session)
            count += rejoin(subscription);
    }
    log_event(members_rejoined, kv_int("members", count));
}

void presence_note_wanted(struct hub *hub)
{
    if (hub->wanted_due_ms == 0)
        hub->wanted_due_ms = clock_now_ms() + AGAIN_AFTER_MS;
    else
        hub->is_wanted_again = true; /* the walk may be past it */
}

static size_t join_all_of(const struct session *session)
{
    size_t count = 0;
    struct subscription *subscription = *session_subscriptions((struct session *)session);
    for (; subscription; subscription = subscription->next_of_session) {
        if (!subscription->is_admitted || subscription->presence != PRESENCE_WANTED)
            continue;
        presence_join(subscription);
        count++;
    }
    return count;
}

static bool is_due(const struct hub *hub)
{
    const char *reason;
    return hub->wanted_due_ms != 0 && clock_now_ms() >= hub->wanted_due_ms &&
           broker_is_ready(hub->broker, &reason);
}

static void end_walk(struct hub *hub)
{
    hub->wanted_cursor = 0;
    hub->wanted_due_ms = 0;
    if (hub->is_wanted_again)
        presence_note_wanted(hub);
    hub->is_wanted_again = false;
}

/* Goes on in the next tick where it stopped; whoever fails meanwhile is met the next time. */
void presence_join_wanted(struct hub *hub)
{
    const struct session *session;
    size_t count = 0;
    if (!is_due(hub))
        return;
    while (count < JOINS_PER_TICK &&
           (session = id_table_next(hub->sessions, &hub->wanted_cursor))) {
        if (session_is_open(session))
            count += join_all_of(session);
    }
    if (count < JOINS_PER_TICK)
        end_walk(hub);
}
