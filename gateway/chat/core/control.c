/*
 * control - what one node tells all of them about a user's connections; see control.h.
 */
#include "control.h"

#include "channel.h"
#include "dialect.h"
#include "hub.h"
#include "id_table.h"
#include "log.h"
#include "session.h"
#include "text_map.h"

#include <jansson.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What an order says is told in a close frame. */
static_assert((int)CONTROL_REASON_BYTES_MAX <= (int)CLOSE_REASON_BYTES_MAX, "reasons fit");

void control_send(struct hub *hub, const struct control_order *order,
                  struct broker_waiter waiter)
{
    char *text = control_order_print(order);
    broker_control(hub->broker, text, strlen(text), waiter);
    free(text);
}

/* ------------------------------------------------------------------------------- obeying */

static bool is_listed(const json_t *list, const char *client)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *each = json_string_value(json_array_get(list, i));
        if (each && strcmp(each, client) == 0)
            return true;
    }
    return false;
}

static bool is_meant(const struct control_order *order, const struct session *session)
{
    char client[CLIENT_BYTES];
    const char *user = session_user(session);
    bool is_by_client = order->user[0] == '\0' && order->client[0] != '\0';
    if (!session_is_open(session) ||
        (!is_by_client && strcmp(user ? user : "", order->user) != 0))
        return false;
    session_print_client(session, client);
    return (order->client[0] == '\0' || strcmp(order->client, client) == 0) &&
           !is_listed(order->whitelist, client);
}

static void unsubscribe(const struct control_order *order, struct session *session)
{
    const struct dialect *dialect = session_dialect(session);
    struct subscription *subscription = *session_subscriptions(session);
    while (subscription && session_is_open(session)) {
        struct subscription *next = subscription->next_of_session;
        if (order->channel[0] == '\0' ||
            strcmp(order->channel, channel_name(subscription->channel)) == 0)
            dialect->unsubscribe(subscription);
        subscription = next;
    }
}

static void obey(const struct control_order *order, struct session *session)
{
    const struct dialect *dialect = session_dialect(session);
    switch (order->kind) {
    case CONTROL_DISCONNECT:
        dialect->disconnect(session, order->code, order->reason);
        break;
    case CONTROL_UNSUBSCRIBE:
        unsubscribe(order, session);
        break;
    case CONTROL_SUBSCRIBE:
        if (dialect->subscribe)
            dialect->subscribe(session, order->channel,
                               order->has_position ? &order->position : NULL);
        break;
    case CONTROL_REFRESH:
        if (dialect->refresh)
            dialect->refresh(session, order->is_expired, order->expires_at_s);
        break;
    }
}

/* All connections of a user. Most users no node but one knows: elsewhere this costs nothing. */
static void obey_for_user(struct hub *hub, const struct control_order *order)
{
    size_t cursor = 0;
    struct session *session;
    if (!text_map_find(hub->users, order->user))
        return;
    while ((session = id_table_next(hub->sessions, &cursor))) {
        if (is_meant(order, session))
            obey(order, session);
    }
}

static void obey_for_client(struct hub *hub, const struct control_order *order)
{
    struct session *session = hub_session_of(hub, order->client);
    if (session && is_meant(order, session))
        obey(order, session);
}

void control_on_message(struct hub *hub, const char *bytes, size_t length)
{
    struct control_order order = {.user = NULL};
    json_t *root = json_loadb(bytes, length, 0, NULL);
    if (!control_order_read(root, &order))
        log_event(control_not_understood, kv_int("bytes", (int64_t)length));
    else if (order.client[0])
        obey_for_client(hub, &order);
    else
        obey_for_user(hub, &order);
    json_decref(root);
}
