/*
 * presence_member - a subscription joins its channel's members and leaves them; see presence.h.
 */
#include "broker.h"
#include "channel.h"
#include "clock.h"
#include "dialect.h"
#include "hub.h"
#include "mem.h"
#include "metrics.h"
#include "presence.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void broker_member_of(const struct subscription *subscription, char client[CLIENT_BYTES],
                             struct broker_member *ret_member)
{
    const struct session *session = subscription->session;
    hub_print_client(session_hub(session), session_id(session), client);
    if (subscription->identity > 0) /* or the leave of one could be taken for another's */
        (void)snprintf(client + strlen(client), CLIENT_BYTES - strlen(client), ".%u",
                       subscription->identity);
    *ret_member = (struct broker_member){
        .client = client,
        .user = session_user(session),
        .info = session_info(session),
        .joined_ms = subscription->joined_ms,
    };
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
    else if (reply->status == BROKER_UNAVAILABLE)
        set_presence(subscription, PRESENCE_ABSENT);
    else
        presence_leave(subscription); /* it may have been done all the same */
    session_dialect(session)->on_joined(subscription, reply);
}

static void send_join(struct subscription *subscription, bool is_put_back,
                      struct broker_waiter waiter)
{
    char client[CLIENT_BYTES];
    struct broker_member member;
    broker_member_of(subscription, client, &member);
    broker_join(session_hub(subscription->session)->broker, channel_name(subscription->channel),
                &member, is_put_back, waiter);
}

void presence_join(struct subscription *subscription)
{
    if (!session_is_open(subscription->session))
        return; /* it is about to leave */
    if (!subscription->is_admitted) {
        set_presence(subscription, PRESENCE_WANTED);
        return;
    }
    struct pending_join *join = mem_alloc(sizeof(*join));
    join->hub = session_hub(subscription->session);
    join->serial = ++join->hub->join_serial;
    subscription->join_serial = join->serial;
    subscription->joined_ms = clock_now_ms();
    set_presence(subscription, PRESENCE_JOINING);
    send_join(subscription, /* is_put_back= */ false,
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
    presence_note_wanted(session_hub(subscription->session));
}

void presence_put_back(struct subscription *subscription)
{
    send_join(subscription, /* is_put_back= */ true, (struct broker_waiter){NULL, NULL, 0});
}

void presence_check(const struct subscription *subscription, struct broker_waiter waiter)
{
    char client[CLIENT_BYTES];
    struct broker_member member;
    broker_member_of(subscription, client, &member);
    broker_check_member(session_hub(subscription->session)->broker,
                        channel_name(subscription->channel), &member, waiter);
}
