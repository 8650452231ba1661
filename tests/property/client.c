/*
 * client - clients of both dialects, and whether what they get is right; see client.h.
 */
#include "client.h"

#include "chance.h"
#include "channel.h"
#include "chat.h"
#include "client_check.h"
#include "clock.h"
#include "dialect_centrifuge.h"
#include "dialect_luchat.h"
#include "fake_clock.h"
#include "fault.h"
#include "hub.h"
#include "metrics.h"
#include "session.h"
#include "store.h"
#include "transport.h"
#include "ws_framing.h"

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

static struct client clients[CLIENTS];
static unsigned trouble_one_in; /* writes */
static bool is_crowd;           /* in one channel */
static struct hub *hub;

static int any_channel(void)
{
    return is_crowd ? 0 : (int)chance_below(STORE_CHANNELS);
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
        client_take(client, payload, frame - header);
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

static const struct transport client_transport = {
    .framing = &ws_framing,
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
    client->number = number;
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
    client->session = chat_open(hub, client, &client_transport,
                                is_luchat ? &dialect_luchat : &dialect_centrifuge, &request);
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

void clients_check_rest(void)
{
    for (int i = 0; i < CLIENTS; i++) {
        if (clients[i].session)
            client_check_rest(&clients[i]);
    }
}
