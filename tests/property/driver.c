/*
 * driver - one run of the real chat; see driver.h.
 */
#include "driver.h"

#include "broker.h"
#include "chance.h"
#include "chat.h"
#include "client.h"
#include "clock.h"
#include "fake_clock.h"
#include "fault.h"
#include "hub.h"
#include "metrics.h"
#include "namespaces.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    STEPS_BETWEEN_RESTS = 4000,
    ROUNDS_TO_REST = 1000,
    ROUNDS_AT_LEAST = 130, /* presence has its windows and new lists, a second apart */
    ROUND_MS = 60,
    OPEN_TIMEOUT_MS = 3000,
    PING_MS = 25000,
    ORDER_BYTES = 512,
};

static struct hub *hub;

/* Limits are small, so that they are met. */
static struct chat_options make_options(const struct namespaces *namespaces)
{
    return (struct chat_options){
        .node = "n",
        .max_backlog_bytes = 400 + chance_below(1200),
        .backlog_bytes = chance_one_in(3) ? 12000 : 1 << 30,
        .limits = {.channels_per_connection = 100,
                   .commands_in_flight = chance_below(4),
                   .reply_bytes = chance_one_in(2) ? 10000 : 0},
        .idle_timeout_ms = 600000,
        .open_timeout_ms = OPEN_TIMEOUT_MS,
        .namespaces = namespaces,
        .presence_window_ms = 200,
        .ping_interval_ms = PING_MS,
        .pong_timeout_ms = 20000000, /* clients do not answer pings by themselves */
        .flush_delay_ms = chance_one_in(2) ? 50 : 0,
        .connect_timeout_ms = 500000,
    };
}

static struct namespaces *make_namespaces(void)
{
    char *error = NULL;
    const struct namespace_options defaults = {
        .policy = {.history_size = STORE_LOG_SIZE, .history_ttl_ms = 3600000},
        .has_join_leave = true,
        .presence_limit = 1000,
        .presence_names_limit = 100,
    };
    return namespaces_create("{\"none\":{\"history_size\":0}}", &defaults, &error);
}

static void give_order(void)
{
    static const char *const kinds[] = {"unsubscribe", "subscribe", "disconnect", "refresh"};
    char text[ORDER_BYTES];
    unsigned target = chance_below(3); /* a user, those without a name, a connection */
    unsigned kind = chance_below(4);
    bool names_all = kind == 0 && chance_one_in(3);
    long expires_s = chance_one_in(2) ? 0 : (long)(clock_wall_ms() / 1000 + chance_below(30));
    (void)snprintf(
        text, sizeof(text),
        "{\"%s\":{\"user\":\"%s\",\"client\":\"%s\",\"channel\":\"%s\",\"code\":3000,"
        "\"reason\":\"r\",\"expired\":%s,\"expires_at\":%ld}}",
        kinds[kind], target == 0 ? "p1" : "",
        target == 2 ? client_id((int)chance_below(CLIENTS)) : "",
        names_all ? "" : store_channel_name((int)chance_below(STORE_CHANNELS)),
        chance_one_in(8) ? "true" : "false", expires_s);
    store_order(text);
}

static void break_something(void)
{
    if (chance_one_in(60))
        store_cut_subscriber();
    else if (chance_one_in(60))
        store_cut_commands();
    else if (chance_one_in(60))
        give_order();
}

static void pass_time(void)
{
    fake_clock_advance(20 + (int)chance_below(chance_one_in(100) ? 30000 : 80));
    if (chance_one_in(3))
        chat_tick(hub);
}

/* A weight of 3: three times in the sum of all weights. */
struct action {
    int weight;
    void (*run)(int client);
};

static void on_store_command(int client)
{
    (void)client;
    store_do_command();
}

static void on_store_reply(int client)
{
    (void)client;
    store_deliver_reply();
}

static void on_store_subscription(int client)
{
    (void)client;
    store_do_subscription();
}

static void on_store_message(int client)
{
    (void)client;
    store_deliver_message();
}

static void on_turn(int client)
{
    (void)client;
    chat_turn(hub);
}

static void on_time(int client)
{
    (void)client;
    pass_time();
}

static void on_publication(int client)
{
    (void)client;
    store_publish_elsewhere((int)chance_below(STORE_CHANNELS));
}

static void on_trouble(int client)
{
    (void)client;
    break_something();
}

static void on_departure(int client)
{
    if (chance_one_in(8))
        client_disconnect(client);
    else if (chance_one_in(8))
        client_expire_subscription(client);
}

static const struct action actions[] = {
    {2, client_connect},   {4, client_speak},
    {1, on_departure},     {1, client_stop_reading},
    {3, client_read},      {4, on_store_command},
    {4, on_store_reply},   {2, on_store_subscription},
    {4, on_store_message}, {2, on_turn},
    {1, on_time},          {1, on_publication},
    {1, on_trouble},
};

static void step(void)
{
    int at = (int)chance_below(30);
    size_t i = 0;
    while (at >= actions[i].weight)
        at -= actions[i++].weight;
    actions[i].run((int)chance_below(CLIENTS));
    clients_end_closed();
}

static void calm_round(void)
{
    clients_read_all();
    for (int i = 0; i < 3; i++) {
        store_do_command();
        store_deliver_reply();
        store_do_subscription();
        store_deliver_message();
    }
    fake_clock_advance(ROUND_MS);
    chat_tick(hub);
    chat_turn(hub);
    clients_end_closed();
}

/* Nobody does anything, and all that waits is done: then everybody must have everything. */
static void come_to_rest(void)
{
    bool is_at_rest = false;
    store_set_refusing(false);
    for (int i = 0; i < ROUNDS_TO_REST && !is_at_rest; i++) {
        calm_round();
        is_at_rest = i >= ROUNDS_AT_LEAST && store_is_at_rest() && chat_wait_ms(hub) < 0 &&
                     !hub->unsettled;
    }
    if (!is_at_rest)
        fault("does not come to rest");
    clients_read_all();
    clients_end_closed();
    clients_check_rest();
    store_set_refusing(true);
}

static void expect_nothing_left(void)
{
    if (store_member_count() > 0)
        fault("%zu are present, and nobody is here", store_member_count());
    if (metrics.connections || metrics.subscriptions || metrics.channels || metrics.members ||
        metrics.users || metrics.backlog_bytes)
        fault("left: %lld connections, %lld subscriptions, %lld channels, %lld members, "
              "%lld users, %lld bytes",
              (long long)metrics.connections, (long long)metrics.subscriptions,
              (long long)metrics.channels, (long long)metrics.members, (long long)metrics.users,
              (long long)metrics.backlog_bytes);
}

void driver_run(long steps)
{
    struct namespaces *namespaces = make_namespaces();
    struct chat_options options = make_options(namespaces);
    hub = chat_create(NULL, store_create(), &options);
    clients_reset(hub);
    for (long i = 1; i <= steps && !chance_is_over(); i++) {
        fault_set_step(i);
        step();
        if (i % STEPS_BETWEEN_RESTS == 0)
            come_to_rest();
    }
    come_to_rest();
    clients_disconnect_all();
    store_set_refusing(false);
    while (chat_wait_ms(hub) >= 0 || !store_is_at_rest())
        calm_round();
    expect_nothing_left();
    store_destroy();
    chat_destroy(hub);
    namespaces_destroy(namespaces);
}
