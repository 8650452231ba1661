/*
 * node_lease - this node's sign of life in Redis; see node_lease.h.
 *
 * Each interval: the script lease.lua on the node's key, then, with the time it answered,
 * the node's place in the set of all nodes. Two commands. The generation is Redis's time when
 * the lease was taken: it grows, without a counter that would have to outlive the lease.
 */
#include "node_lease.h"

#include "clock.h"
#include "keys.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "metrics.h"
#include "random.h"
#include "redis_link.h"
#include "redis_script.h"
#include "text_map.h"

#include <hiredis/hiredis.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 24, INSTANCE_BYTES = 17 };

enum lease_answer { LEASE_TAKEN_BY_ANOTHER = 0, LEASE_RENEWED = 1, LEASE_TAKEN = 2 };

struct node_lease {
    const struct node_lease_options *options;
    struct redis_link *commands;
    struct loop_timer *timer;
    char *node_key;
    char *nodes_key;
    char instance[INSTANCE_BYTES];
    char started[NUMBER_BYTES]; /* wall time in ms */
    int64_t generation;
    int64_t held_until_ms;
    int64_t taken_since_ms; /* another process was first seen with our name; 0: none */
    int64_t redis_ahead_ms; /* Redis's clock minus our monotonic one */
    bool is_released;
    struct text_map *alive; /* names of nodes */
};

static void on_alive_nodes(void *context, enum broker_status status, const redisReply *reply)
{
    struct node_lease *lease = context;
    if (status != BROKER_OK || reply->type != REDIS_REPLY_ARRAY)
        return;
    text_map_destroy(lease->alive);
    lease->alive = text_map_create();
    for (size_t i = 0; i < reply->elements; i++)
        text_map_add(lease->alive, reply->element[i]->str, lease);
}

void node_lease_look(struct node_lease *lease)
{
    char now[NUMBER_BYTES];
    (void)snprintf(now, sizeof(now), "%lld",
                   (long long)(clock_now_ms() + lease->redis_ahead_ms));
    redis_link_command_text(lease->commands, on_alive_nodes, lease, "ZRANGEBYSCORE",
                            lease->nodes_key, now, "+inf", NULL);
}

static void show_in_nodes(struct node_lease *lease, int64_t now_ms)
{
    char end[NUMBER_BYTES];
    (void)snprintf(end, sizeof(end), "%lld", (long long)(now_ms + lease->options->ttl_ms));
    redis_link_command_text(lease->commands, NULL, NULL, "ZADD", lease->nodes_key, end,
                            lease->options->node, NULL);
}

/* A process that was killed leaves its lease behind for up to one TTL; a living one renews. */
static void on_taken_by_another(struct node_lease *lease)
{
    int64_t now_ms = clock_now_ms();
    if (lease->taken_since_ms == 0) {
        lease->taken_since_ms = now_ms;
        log_warn("node_name_taken", kv_str("node", lease->options->node),
                 kv_int("wait_ms", lease->options->ttl_ms));
    } else if (now_ms - lease->taken_since_ms >
               lease->options->ttl_ms + lease->options->renew_ms) {
        log_error("node_name_conflict", kv_str("node", lease->options->node),
                  kv_str("err", "another process with this name is alive; give each node a "
                                "--node of its own"));
        lease->options->on_name_taken(lease->options->context);
    }
}

static void on_held(struct node_lease *lease, enum lease_answer answer, int64_t generation,
                    int64_t now_ms)
{
    bool was_held_before = lease->generation != 0;
    lease->taken_since_ms = 0;
    lease->generation = generation;
    lease->redis_ahead_ms = now_ms - clock_now_ms();
    lease->held_until_ms = clock_now_ms() + lease->options->ttl_ms;
    show_in_nodes(lease, now_ms);
    if (answer != LEASE_TAKEN)
        return;
    log_info("lease_taken", kv_str("node", lease->options->node),
             kv_int("generation", generation));
    if (was_held_before)
        lease->options->on_regained(lease->options->context);
}

static void on_lease_reply(void *context, enum broker_status status, const redisReply *reply)
{
    struct node_lease *lease = context;
    if (lease->is_released)
        return;
    if (status != BROKER_OK || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        log_warn("lease_not_renewed", kv_str("node", lease->options->node),
                 kv_str("err", status == BROKER_REFUSED ? reply->str : "no answer"));
        return;
    }
    enum lease_answer answer = (enum lease_answer)reply->element[0]->integer;
    if (answer == LEASE_TAKEN_BY_ANOTHER)
        on_taken_by_another(lease);
    else
        on_held(lease, answer, reply->element[1]->integer, reply->element[2]->integer);
}

void node_lease_renew(struct node_lease *lease)
{
    struct redis_call call = {.count = 0};
    char ttl[NUMBER_BYTES];
    char connections[NUMBER_BYTES];
    char users[NUMBER_BYTES];
    char subscriptions[NUMBER_BYTES];
    char channels[NUMBER_BYTES];
    if (lease->is_released || !redis_link_is_up(lease->commands))
        return;
    (void)snprintf(ttl, sizeof(ttl), "%lld", (long long)lease->options->ttl_ms);
    (void)snprintf(connections, sizeof(connections), "%lld", (long long)metrics.connections);
    (void)snprintf(users, sizeof(users), "%lld", (long long)metrics.users);
    (void)snprintf(subscriptions, sizeof(subscriptions), "%lld",
                   (long long)metrics.subscriptions);
    (void)snprintf(channels, sizeof(channels), "%lld", (long long)metrics.channels);
    redis_call_key(&call, lease->node_key);
    redis_call_text(&call, lease->instance);
    redis_call_text(&call, ttl);
    const char *const fields[] = {
        "address", lease->options->address, "connections", connections,   "users",
        users,     "subscriptions",         subscriptions, "channels",    channels,
        "version", PARLEY_VERSION,          "started",     lease->started};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        redis_call_text(&call, fields[i]);
    redis_script_call(lease->commands, SCRIPT_LEASE, &call, on_lease_reply, lease);
}

void node_lease_release(struct node_lease *lease)
{
    struct redis_call call = {.count = 0};
    lease->is_released = true;
    redis_call_key(&call, lease->node_key);
    redis_call_text(&call, lease->instance);
    redis_script_call(lease->commands, SCRIPT_RELEASE, &call, NULL, NULL);
    redis_link_command_text(lease->commands, NULL, NULL, "ZREM", lease->nodes_key,
                            lease->options->node, NULL);
}

static void on_renew_due(void *context)
{
    node_lease_renew(context);
}

struct node_lease *node_lease_create(struct loop *loop, struct redis_link *commands,
                                     const struct node_lease_options *options)
{
    struct node_lease *lease = mem_zalloc(sizeof(*lease));
    lease->options = options;
    lease->commands = commands;
    lease->alive = text_map_create();
    lease->node_key = key_node(options->prefix, options->node);
    lease->nodes_key = key_nodes(options->prefix);
    (void)snprintf(lease->instance, sizeof(lease->instance), "%016llx",
                   (unsigned long long)random_number());
    (void)snprintf(lease->started, sizeof(lease->started), "%lld", (long long)clock_wall_ms());
    lease->timer = loop_timer_create(loop, options->renew_ms, on_renew_due, lease);
    return lease;
}

void node_lease_destroy(struct node_lease *lease)
{
    if (!lease)
        return;
    loop_timer_destroy(lease->timer);
    text_map_destroy(lease->alive);
    free(lease->node_key);
    free(lease->nodes_key);
    free(lease);
}

bool node_lease_is_held(const struct node_lease *lease)
{
    return lease->generation != 0 && lease->held_until_ms > clock_now_ms();
}

int64_t node_lease_generation(const struct node_lease *lease)
{
    return lease->generation;
}

bool node_lease_is_alive(const struct node_lease *lease, const char *node)
{
    if (strcmp(node, lease->options->node) == 0)
        return true;
    return text_map_find(lease->alive, node);
}
