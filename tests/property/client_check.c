/*
 * client_check - whether what a client gets is right; see client_check.h and client.h.
 */
#include "client_check.h"

#include "client.h"
#include "fault.h"
#include "metrics.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool clients_check_lists;

/* --------------------------------------------------------------------- what is received */

static bool is_logged(int channel)
{
    return channel != STORE_UNLOGGED;
}

static uint64_t number_in(const json_t *publication)
{
    const json_t *message = json_object_get(publication, "message");
    const char *text = json_string_value(json_object_get(message, "message"));
    return text ? strtoull(text, NULL, 10) : 0;
}

static void check_luchat_number(struct client *client, uint64_t number)
{
    struct view *view = &client->views[client->channel];
    if (client->has_any && number <= view->last)
        fault("LuChat client %d: %llu again, after %llu", client->number,
              (unsigned long long)number, (unsigned long long)view->last);
    bool is_jump = client->has_any && is_logged(client->channel) && number != view->last + 1;
    if (is_jump && ++client->jumps > metrics.gaps_lost_total - client->gaps_before)
        fault("LuChat client %d: %llu after %llu", client->number, (unsigned long long)number,
              (unsigned long long)view->last);
    view->last = number;
    client->has_any = true;
}

static unsigned user_bit(const json_t *identity)
{
    const char *user = json_string_value(json_object_get(identity, "userid"));
    if (!user || user[0] != 'p')
        fault("a user who is nobody");
    return 1U << (user[1] - '0');
}

static void take_presence(struct client *client, const json_t *frame)
{
    const json_t *users = json_object_get(frame, "users");
    const json_t *online = json_object_get(frame, "online");
    const json_t *offline = json_object_get(frame, "offline");
    if (users) {
        client->has_list = true;
        client->users = 0;
        for (size_t i = 0; i < json_array_size(users); i++)
            client->users |= user_bit(json_array_get(users, i));
    }
    if (online)
        client->users |= user_bit(online);
    if (offline)
        client->users &= ~user_bit(offline);
}

static void take_luchat(struct client *client, const char *text, size_t length)
{
    if (length == 4 && memcmp(text, "pong", 4) == 0)
        return;
    json_t *frame = json_loadb(text, length, 0, NULL);
    if (!frame)
        fault("no JSON: %.*s", (int)length, text);
    uint64_t number = number_in(frame);
    if (number > 0)
        check_luchat_number(client, number);
    take_presence(client, frame);
    json_decref(frame);
}

static void take_publication(struct client *client, int channel, const json_t *publication)
{
    struct view *view = &client->views[channel];
    uint64_t offset = (uint64_t)json_integer_value(json_object_get(publication, "offset"));
    uint64_t number = number_in(json_object_get(publication, "data"));
    if (!view->is_on)
        return; /* on its way when the client had enough of it */
    if (is_logged(channel) && number != offset)
        fault("SDK %d: %llu at offset %llu", client->number, (unsigned long long)number,
              (unsigned long long)offset);
    if (is_logged(channel) ? number != view->last + 1 : number <= view->last)
        fault("SDK %d on %s: %llu after %llu", client->number, store_channel_name(channel),
              (unsigned long long)number, (unsigned long long)view->last);
    view->last = number;
}

static void take_position(struct view *view, const json_t *subscribed)
{
    const char *epoch = json_string_value(json_object_get(subscribed, "epoch"));
    view->is_on = true;
    view->last = (uint64_t)json_integer_value(json_object_get(subscribed, "offset"));
    (void)snprintf(view->epoch, sizeof(view->epoch), "%s", epoch ? epoch : "");
}

static void take_push(struct client *client, const json_t *push)
{
    int channel = store_channel_number(json_string_value(json_object_get(push, "channel")));
    const json_t *publication = json_object_get(push, "pub");
    const json_t *subscribed = json_object_get(push, "subscribe");
    if (channel < 0)
        return;
    if (publication)
        take_publication(client, channel, publication);
    else if (subscribed)
        take_position(&client->views[channel], subscribed);
    else if (json_object_get(push, "unsubscribe"))
        client->views[channel].is_on = false;
}

static void take_subscribed(struct client *client, int channel, const json_t *subscribed)
{
    struct view *view = &client->views[channel];
    const json_t *missed = json_object_get(subscribed, "publications");
    bool is_recovered = json_is_true(json_object_get(subscribed, "recovered"));
    view->is_asked = false;
    take_position(view, subscribed);
    if (!is_recovered && json_array_size(missed) > 0)
        fault("SDK %d: publications that were not recovered", client->number);
    if (is_recovered)
        view->last = view->asked_since;
    for (size_t i = 0; i < json_array_size(missed); i++)
        take_publication(client, channel, json_array_get(missed, i));
}

static void take_reply(struct client *client, const json_t *reply)
{
    uint32_t id = (uint32_t)json_integer_value(json_object_get(reply, "id"));
    const json_t *subscribed = json_object_get(reply, "subscribe");
    for (int i = 0; i < STORE_CHANNELS; i++) {
        struct view *view = &client->views[i];
        bool is_asked = view->is_asked && view->subscribe_id == id;
        if (is_asked && subscribed)
            take_subscribed(client, i, subscribed);
        else if (is_asked && json_object_get(reply, "error"))
            view->is_asked = false;
        if (json_object_get(reply, "unsubscribe") && view->unsubscribe_id == id)
            view->is_on = false;
    }
}

static void take_sdk(struct client *client, const char *text, size_t length)
{
    json_t *frame = json_loadb(text, length, 0, NULL);
    const json_t *push = json_object_get(frame, "push");
    if (!frame)
        fault("no JSON: %.*s", (int)length, text);
    if (push)
        take_push(client, push);
    else if (json_object_size(frame) == 0)
        client->is_pinged = true;
    else
        take_reply(client, frame);
    json_decref(frame);
}

void client_take(struct client *client, const char *text, size_t length)
{
    (client->is_luchat ? take_luchat : take_sdk)(client, text, length);
}

/* -------------------------------------------------------------------------------- at rest */

static void check_luchat_rest(const struct client *client)
{
    uint64_t newest = store_newest(client->channel);
    uint64_t last = client->views[client->channel].last;
    unsigned present = store_present(client->channel);
    if (client->has_any && is_logged(client->channel) && last != newest)
        fault("LuChat client %d has %llu of %llu at rest", client->number,
              (unsigned long long)last, (unsigned long long)newest);
    if (clients_check_lists && client->has_list && client->users != present)
        fault("LuChat client %d on %s sees users %x, and there are %x", client->number,
              store_channel_name(client->channel), client->users, present);
}

static void check_sdk_rest(const struct client *client)
{
    for (int i = 0; i < STORE_CHANNELS; i++) {
        const struct view *view = &client->views[i];
        if (view->is_asked)
            fault("SDK %d: no answer to subscribe, %s", client->number, store_channel_name(i));
        if (view->is_on && is_logged(i) && view->last != store_newest(i))
            fault("SDK %d on %s has %llu of %llu at rest", client->number,
                  store_channel_name(i), (unsigned long long)view->last,
                  (unsigned long long)store_newest(i));
    }
}

void client_check_rest(const struct client *client)
{
    (client->is_luchat ? check_luchat_rest : check_sdk_rest)(client);
}
