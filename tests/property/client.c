/*
 * client - clients of both dialects, and whether what they get is right; see client.h.
 */
#include "client.h"

#include "broker.h"
#include "chance.h"
#include "channel.h"
#include "chat.h"
#include "clock.h"
#include "fake_clock.h"
#include "fault.h"
#include "hub.h"
#include "metrics.h"
#include "session.h"
#include "store.h"
#include "transport.h"

#include <jansson.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_BYTES = 600,
    FEW_CLIENTS = 40,
    WRITE_US = 100, /* so that channels go out in slices */
    FIN_AND_TEXT = 0x81,
    LENGTH_16_BIT = 126,
};

/* How a client sees a channel. */
struct view {
    uint64_t last; /* number that came last; an SDK keeps it when it is disconnected */
    char epoch[BROKER_EPOCH_BYTES];
    bool is_on;
    bool is_asked; /* subscribe is not answered yet */
    uint64_t asked_since;
    uint32_t subscribe_id;
    uint32_t unsubscribe_id;
};

struct client {
    struct session *session; /* NULL: unconnected */
    bool is_luchat;
    bool is_busy;
    bool is_closed;
    bool is_paused;
    bool is_pinged;
    uint32_t command_id;
    struct view views[STORE_CHANNELS];
    int channel; /* of a LuChat client; and of it: */
    bool has_any;
    int64_t gaps_before; /* that were counted before it came */
    int64_t jumps;
    bool has_list;
    unsigned users; /* bit N: "pN" is shown as present */
};

bool clients_check_lists;

static struct client clients[CLIENTS];
static unsigned trouble_one_in; /* writes */
static bool is_crowd;           /* in one channel */
static struct hub *hub;

static int any_channel(void)
{
    return is_crowd ? 0 : (int)chance_below(STORE_CHANNELS);
}

static int number_of(const struct client *client)
{
    return (int)(client - clients);
}

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
        fault("LuChat client %d: %llu again, after %llu", number_of(client),
              (unsigned long long)number, (unsigned long long)view->last);
    bool is_jump = client->has_any && is_logged(client->channel) && number != view->last + 1;
    if (is_jump && ++client->jumps > metrics.gaps_lost_total - client->gaps_before)
        fault("LuChat client %d: %llu after %llu", number_of(client),
              (unsigned long long)number, (unsigned long long)view->last);
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
        fault("SDK %d: %llu at offset %llu", number_of(client), (unsigned long long)number,
              (unsigned long long)offset);
    if (is_logged(channel) ? number != view->last + 1 : number <= view->last)
        fault("SDK %d on %s: %llu after %llu", number_of(client), store_channel_name(channel),
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
        fault("SDK %d: publications that were not recovered", number_of(client));
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

/* ------------------------------------------------------------------------- the transport */

/* What the frame is long, header and all; its payload. */
static size_t read_frame(const unsigned char *bytes, size_t left, size_t *ret_header)
{
    if (left < 2 || bytes[0] != FIN_AND_TEXT || bytes[1] > LENGTH_16_BIT)
        fault("no frame, %zu bytes", left);
    *ret_header = bytes[1] == LENGTH_16_BIT ? 4 : 2;
    size_t length = bytes[1] == LENGTH_16_BIT ? (size_t)bytes[2] << 8 | bytes[3] : bytes[1];
    if (*ret_header + length > left)
        fault("a frame that is cut");
    return *ret_header + length;
}

static bool on_write(void *context, const unsigned char *bytes, size_t length,
                     size_t *ret_taken)
{
    struct client *client = context;
    bool is_short = chance_one_in(trouble_one_in);
    *ret_taken = 0;
    fake_clock_work(WRITE_US);
    if (client->is_closed)
        return false;
    if (chance_one_in(800))
        client->is_closed = true; /* broken: nobody has noticed until now */
    if (client->is_closed || client->is_busy)
        return !client->is_closed;
    while (*ret_taken < length && !(is_short && chance_one_in(2))) {
        size_t header;
        size_t frame = read_frame(bytes + *ret_taken, length - *ret_taken, &header);
        const char *payload = (const char *)bytes + *ret_taken + header;
        (client->is_luchat ? take_luchat : take_sdk)(client, payload, frame - header);
        *ret_taken += frame;
    }
    client->is_busy = *ret_taken < length || chance_one_in(trouble_one_in);
    return true;
}

static void on_close(void *context, enum close_code code, const char *reason)
{
    struct client *client = context;
    (void)code;
    (void)reason;
    client->is_closed = true;
}

static void on_kill(void *context)
{
    struct client *client = context;
    client->is_closed = true;
}

static void on_pause(void *context, bool is_paused)
{
    struct client *client = context;
    client->is_paused = is_paused;
}

const struct transport client_transport = {
    .write = on_write,
    .close = on_close,
    .kill = on_kill,
    .pause = on_pause,
};

/* ------------------------------------------------------------------------- what they say */

__attribute__((format(printf, 2, 3))) static void say(struct client *client, const char *format,
                                                      ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (!client->session || client->is_closed || client->is_paused)
        return;
    chat_heard(client->session);
    chat_message(client->session, MESSAGE_TEXT, text, (size_t)length);
}

static void speak_luchat(struct client *client)
{
    unsigned what = chance_below(6);
    if (what < 3)
        say(client, "{\"message\":{\"userid\":\"u\",\"message\":\"?\"}}");
    else if (what < 5)
        say(client, "{\"online\":{\"userid\":\"p%u\"}}", chance_below(STORE_USERS));
    else
        say(client, "ping");
}

static void subscribe(struct client *client, int channel)
{
    struct view *view = &client->views[channel];
    const char *name = store_channel_name(channel);
    if (view->is_on || view->is_asked || client->is_paused)
        return;
    view->is_asked = true;
    view->subscribe_id = ++client->command_id;
    view->asked_since = view->last + (chance_one_in(60) ? 1000 : 0); /* it claims to be ahead */
    if (chance_one_in(4))
        say(client, "{\"id\":%u,\"subscribe\":{\"channel\":\"%s\"}}", view->subscribe_id, name);
    else
        say(client,
            "{\"id\":%u,\"subscribe\":{\"channel\":\"%s\",\"recover\":true,\"offset\":%llu,"
            "\"epoch\":\"%s\"}}",
            view->subscribe_id, name, (unsigned long long)view->asked_since, view->epoch);
}

static void unsubscribe(struct client *client, int channel)
{
    struct view *view = &client->views[channel];
    if ((!view->is_on && !view->is_asked) || client->is_paused)
        return;
    view->is_on = false;
    view->is_asked = false;
    view->unsubscribe_id = ++client->command_id;
    say(client, "{\"id\":%u,\"unsubscribe\":{\"channel\":\"%s\"}}", view->unsubscribe_id,
        store_channel_name(channel));
}

static void ask(struct client *client, const char *method, int channel, const char *rest)
{
    say(client, "{\"id\":%u,\"%s\":{\"channel\":\"%s\"%s}}", ++client->command_id, method,
        store_channel_name(channel), rest);
}

static void pong(struct client *client)
{
    if (!client->is_pinged && !chance_one_in(20))
        return;
    client->is_pinged = false;
    say(client, "{}");
}

static void speak_sdk(struct client *client)
{
    int channel = any_channel();
    unsigned what = chance_below(9);
    if (what < 3)
        subscribe(client, channel);
    else if (what == 3)
        unsubscribe(client, channel);
    else if (what < 6)
        ask(client, "publish", channel, ",\"data\":1");
    else if (what == 6)
        ask(client, "history", channel, ",\"limit\":3");
    else if (what == 7)
        ask(client, "presence", channel, "");
    else
        pong(client);
}

void client_speak(int number)
{
    struct client *client = &clients[number];
    if (client->session)
        (client->is_luchat ? speak_luchat : speak_sdk)(client);
}

/* ------------------------------------------------------------------------ coming and going */

/* An SDK remembers where it was. */
static void forget_connection(struct client *client)
{
    struct client fresh = {.session = NULL};
    for (int i = 0; i < STORE_CHANNELS && !client->is_luchat; i++) {
        fresh.views[i].last = client->views[i].last;
        memcpy(fresh.views[i].epoch, client->views[i].epoch, BROKER_EPOCH_BYTES);
    }
    *client = fresh;
}

void clients_reset(struct hub *new_hub)
{
    hub = new_hub;
    memset(clients, 0, sizeof(clients));
    is_crowd = chance_one_in(2);
    trouble_one_in = is_crowd ? 100 : 8 + chance_below(50);
}

void client_connect(int number)
{
    struct client *client = &clients[number];
    if (client->session || (!is_crowd && number >= FEW_CLIENTS))
        return;
    bool is_luchat = is_crowd ? !chance_one_in(4) : chance_one_in(2);
    if (is_luchat)
        memset(client->views, 0, sizeof(client->views));
    client->is_luchat = is_luchat;
    client->channel = any_channel();
    client->gaps_before = metrics.gaps_lost_total;
    struct chat_request request = {.channel = store_channel_name(client->channel),
                                   .wants_hello = chance_one_in(2)};
    client->session =
        chat_open(hub, client, is_luchat ? &dialect_luchat : &dialect_centrifuge, &request);
    if (!is_luchat)
        say(client, "{\"id\":%u,\"connect\":{}}", ++client->command_id);
}

void client_disconnect(int number)
{
    struct client *client = &clients[number];
    if (!client->session)
        return;
    chat_closed(client->session);
    forget_connection(client);
}

const char *client_id(int number)
{
    static char id[CLIENT_BYTES];
    id[0] = '\0';
    if (clients[number].session)
        session_print_client(clients[number].session, id);
    return id;
}

void client_expire_subscription(int number)
{
    struct client *client = &clients[number];
    if (!client->session || client->is_luchat)
        return;
    struct subscription *subscription = channel_subscription_of(
        client->session, store_channel_name((int)chance_below(STORE_CHANNELS)));
    if (subscription)
        subscription->expires_at_s = clock_wall_ms() / 1000 + 1;
}

void client_stop_reading(int number)
{
    clients[number].is_busy = true;
}

void client_read(int number)
{
    struct client *client = &clients[number];
    client->is_busy = false;
    if (client->session && !client->is_closed)
        chat_writable(client->session);
}

void clients_end_closed(void)
{
    for (int i = 0; i < CLIENTS; i++) {
        if (clients[i].session && clients[i].is_closed)
            client_disconnect(i);
    }
}

void clients_read_all(void)
{
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < CLIENTS; i++)
            client_read(i);
    }
}

void clients_disconnect_all(void)
{
    for (int i = 0; i < CLIENTS; i++)
        client_disconnect(i);
}

/* -------------------------------------------------------------------------------- at rest */

static void check_luchat_rest(const struct client *client)
{
    uint64_t newest = store_newest(client->channel);
    uint64_t last = client->views[client->channel].last;
    unsigned present = store_present(client->channel);
    if (client->has_any && is_logged(client->channel) && last != newest)
        fault("LuChat client %d has %llu of %llu at rest", number_of(client),
              (unsigned long long)last, (unsigned long long)newest);
    if (clients_check_lists && client->has_list && client->users != present)
        fault("LuChat client %d on %s sees users %x, and there are %x", number_of(client),
              store_channel_name(client->channel), client->users, present);
}

static void check_sdk_rest(const struct client *client)
{
    for (int i = 0; i < STORE_CHANNELS; i++) {
        const struct view *view = &client->views[i];
        if (view->is_asked)
            fault("SDK %d: no answer to subscribe, %s", number_of(client),
                  store_channel_name(i));
        if (view->is_on && is_logged(i) && view->last != store_newest(i))
            fault("SDK %d on %s has %llu of %llu at rest", number_of(client),
                  store_channel_name(i), (unsigned long long)view->last,
                  (unsigned long long)store_newest(i));
    }
}

void clients_check_rest(void)
{
    for (int i = 0; i < CLIENTS; i++) {
        if (clients[i].session)
            (clients[i].is_luchat ? check_luchat_rest : check_sdk_rest)(&clients[i]);
    }
}
