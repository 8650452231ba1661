/*
 * node_lease - this node's sign of life in Redis; see node_lease.h.
 *
 * Each interval: the script lease.lua on the node's key, then, with the time it answered,
 * the lease's place in the set of all leases, and a look at that set: seven commands inside
 * Redis. The generation is Redis's time when the lease was taken: it grows, without a counter
 * that would have to outlive the lease.
 */
#include "node_lease.h"

#include "clock.h"
#include "keys.h"
#include "lease_table.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "metrics.h"
#include "random.h"
#include "redis_store.h"

#include <hiredis/hiredis.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBER_BYTES = 24,
    INSTANCE_BYTES = 17,
    WATCH_EVERY_MS = 100,  /* whether a lease has ended */
    COMING_BACK_MS = 1500, /* how much later than this node others may be back */
    REFUSAL_BYTES = 128,
};

enum lease_answer { LEASE_TAKEN_BY_ANOTHER = 0, LEASE_RENEWED = 1, LEASE_TAKEN = 2 };

struct node_lease {
    const struct node_lease_options *options;
    struct redis_store *store;
    struct loop_timer *timer;
    struct loop_timer *watch_timer;
    char *node_key;
    char *nodes_key;
    char *name; /* NODE:GENERATION */
    char instance[INSTANCE_BYTES];
    char started[NUMBER_BYTES]; /* wall time in ms */
    int64_t generation;
    int64_t first_generation; /* of this process */
    int64_t asked_ms;         /* when the renewal on its way was sent */
    int64_t held_until_ms;
    int64_t end_ms;         /* the same in Redis's time */
    int64_t taken_since_ms; /* another process was first seen with our name; 0: none */
    int64_t redis_ahead_ms; /* Redis's clock minus our monotonic one */
    bool is_released;
    bool is_to_be_confirmed; /* the link was away */
    int64_t seen_ms;         /* when Redis last confirmed it; 0: never */
    int64_t truce_from_ms;   /* who was alive then, Redis time, is so until truce_until_ms */
    int64_t truce_until_ms;
    char refusal[REFUSAL_BYTES]; /* why it was not renewed the last time; "": it was */
    struct lease_table *table;
};

/* ---------------------------------------------------------------------- the other leases */

/* One that this name had before: whoever holds the name is the only one. */
static bool is_predecessor(const struct node_lease *lease, const char *name)
{
    const char *colon = strrchr(name, ':');
    const char *node = lease->options->node;
    return lease->generation != 0 && colon && (size_t)(colon - name) == strlen(node) &&
           strncmp(name, node, strlen(node)) == 0 &&
           strtoll(colon + 1, NULL, 10) < lease->first_generation;
}

static void on_leases(void *context, enum broker_status status, const redisReply *reply)
{
    struct node_lease *lease = context;
    if (status != BROKER_OK)
        return;
    int64_t now_ms = node_lease_redis_time(lease, clock_now_ms());
    lease_table_clear(lease->table);
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        const char *name = reply->element[i]->str;
        int64_t end_ms = strtoll(reply->element[i + 1]->str, NULL, 10);
        lease_table_add(lease->table, name, end_ms);
        if (end_ms > now_ms && is_predecessor(lease, name))
            node_lease_hand_over(lease, name); /* its end is not waited for */
    }
}

void node_lease_look(struct node_lease *lease)
{
    redis_store_command_text(lease->store, "*s", on_leases, lease, "ZRANGE", lease->nodes_key,
                             "0", "-1", "WITHSCORES", NULL);
}

/* The moment that decides whether a lease is over, Redis time. */
static int64_t judged_ms(const struct node_lease *lease)
{
    int64_t now_ms = clock_now_ms();
    return now_ms < lease->truce_until_ms ? lease->truce_from_ms
                                          : node_lease_redis_time(lease, now_ms);
}

/* While this node could not renew, the others may not have been able to either: what ended
 * meanwhile is no death before they had the time to come back. */
static void begin_truce(struct node_lease *lease)
{
    int64_t now_ms = clock_now_ms();
    int64_t away_ms = lease->seen_ms != 0 ? now_ms - lease->seen_ms : 0;
    if (away_ms > lease->options->renew_ms + lease->options->renew_ms / 2) {
        if (now_ms >= lease->truce_until_ms)
            lease->truce_from_ms = node_lease_redis_time(lease, lease->seen_ms);
        lease->truce_until_ms = now_ms + lease->options->ttl_ms + COMING_BACK_MS;
    }
    lease->seen_ms = now_ms;
}

static void on_watch_due(void *context)
{
    const struct node_lease *lease = context;
    if (lease->is_released || !node_lease_is_held(lease))
        return;
    lease_table_each_ended(lease->table, judged_ms(lease), lease->options->on_ended,
                           lease->options->context);
}

static void show_in_nodes(struct node_lease *lease, const char *name, int64_t end_ms)
{
    char end[NUMBER_BYTES];
    (void)snprintf(end, sizeof(end), "%lld", (long long)end_ms);
    redis_store_command_text(lease->store, "i", NULL, NULL, "ZADD", lease->nodes_key, end, name,
                             NULL);
}

void node_lease_hand_over(struct node_lease *lease, const char *name)
{
    int64_t now_ms = node_lease_redis_time(lease, clock_now_ms());
    show_in_nodes(lease, name, now_ms - lease->options->ttl_ms);
}

/* ------------------------------------------------------------------------------ our own */

/* A process that was killed leaves its lease behind for up to one TTL; a living one renews. */
static void on_taken_by_another(struct node_lease *lease)
{
    int64_t now_ms = clock_now_ms();
    if (lease->taken_since_ms == 0) {
        lease->taken_since_ms = now_ms;
        log_event(node_name_taken, kv_str("node", lease->options->node),
                  kv_int("wait_ms", lease->options->ttl_ms));
    } else if (now_ms - lease->taken_since_ms >
               lease->options->ttl_ms + lease->options->renew_ms) {
        log_event(node_name_conflict, kv_str("node", lease->options->node),
                  kv_str("err", "another process with this name is alive; give each node a "
                                "--node of its own"));
        lease->options->on_name_taken(lease->options->context);
    }
}

/* The lease is shown among all leases before a member hangs on it. */
static void take(struct node_lease *lease, int64_t generation)
{
    char *old_name = lease->name;
    bool was_held_before = lease->generation != 0;
    lease->generation = generation;
    lease->name = mem_printf("%s:%lld", lease->options->node, (long long)generation);
    if (!was_held_before)
        lease->first_generation = generation;
    log_event(lease_taken, kv_str("node", lease->options->node),
              kv_int("generation", generation));
    show_in_nodes(lease, lease->name, lease->end_ms);
    lease->options->on_taken(lease->options->context);
    if (was_held_before)
        node_lease_hand_over(lease, old_name); /* what was written late in its name */
    free(old_name);
}

/* An entry is there before its member is counted, and as long: if there are fewer, the set was
 * lost, and with it what others would have to clean up. */
static void on_entries_counted(void *context, enum broker_status status,
                               const redisReply *reply)
{
    struct node_lease *lease = context;
    if (status == BROKER_OK && reply->integer < metrics.members && node_lease_is_held(lease))
        lease->options->on_confirmed(lease->options->context);
}

static void count_entries(struct node_lease *lease)
{
    char *key = key_lease_members(redis_store_prefix(lease->store), lease->name);
    redis_store_command_text(lease->store, "i", on_entries_counted, lease, "SCARD", key, NULL);
    free(key);
}

static void on_held(struct node_lease *lease, enum lease_answer answer, int64_t generation,
                    int64_t now_ms)
{
    assert(generation > 0 && now_ms > 0);
    /* an earlier answer may have been lost, and with it the new generation */
    bool is_taken = answer == LEASE_TAKEN || generation != lease->generation;
    /* what was refused while we thought it over is still to be done */
    bool is_confirmed = !is_taken && (lease->is_to_be_confirmed || !node_lease_is_held(lease));
    lease->taken_since_ms = 0;
    lease->is_to_be_confirmed = false;
    begin_truce(lease);
    lease->redis_ahead_ms = now_ms - clock_now_ms();
    lease->held_until_ms = lease->asked_ms + lease->options->ttl_ms;
    lease->end_ms = now_ms + lease->options->ttl_ms;
    if (is_taken)
        take(lease, generation);
    else
        show_in_nodes(lease, lease->name, lease->end_ms);
    if (is_confirmed)
        lease->options->on_confirmed(lease->options->context);
    else if (!is_taken && metrics.members > 0)
        count_entries(lease);
    node_lease_look(lease);
}

static void on_lease_reply(void *context, enum broker_status status, const redisReply *reply)
{
    struct node_lease *lease = context;
    if (lease->is_released)
        return;
    (void)snprintf(lease->refusal, sizeof(lease->refusal), "%s",
                   status == BROKER_REFUSED ? reply->str : "");
    if (status != BROKER_OK) {
        log_event(lease_not_renewed, kv_str("node", lease->options->node),
                  kv_str("err", status == BROKER_REFUSED ? reply->str : "no answer"));
        return;
    }
    int64_t answer = reply->element[0]->integer;
    int64_t generation = reply->element[1]->integer;
    int64_t now_ms = reply->element[2]->integer;
    if (answer == LEASE_TAKEN_BY_ANOTHER && now_ms > 0)
        on_taken_by_another(lease);
    else if ((answer == LEASE_RENEWED || answer == LEASE_TAKEN) && generation > 0 && now_ms > 0)
        on_held(lease, (enum lease_answer)answer, generation, now_ms);
    else
        redis_store_restart(lease->store, "an answer about the lease that cannot be");
}

static void print_instance(char text[INSTANCE_BYTES], uint64_t instance)
{
    (void)snprintf(text, INSTANCE_BYTES, "%016llx", (unsigned long long)instance);
}

static void release(struct node_lease *lease, const char *instance)
{
    struct redis_call call = {.count = 0};
    redis_call_key(&call, lease->node_key);
    redis_call_text(&call, instance);
    redis_store_script(lease->store, SCRIPT_RELEASE, &call, NULL, NULL);
}

/* Its lease would keep the name from us until it runs out. */
static void release_for_the_dead(struct node_lease *lease)
{
    char instance[INSTANCE_BYTES];
    if (lease->options->dead_instance == 0 || lease->generation != 0)
        return;
    print_instance(instance, lease->options->dead_instance);
    release(lease, instance);
}

static void renew(struct node_lease *lease)
{
    struct redis_call call = {.count = 0};
    char connections[NUMBER_BYTES];
    char users[NUMBER_BYTES];
    char subscriptions[NUMBER_BYTES];
    char channels[NUMBER_BYTES];
    if (lease->is_released || !redis_store_is_up(lease->store))
        return;
    release_for_the_dead(lease);
    lease->asked_ms = clock_now_ms();
    (void)snprintf(connections, sizeof(connections), "%lld", (long long)metrics.connections);
    (void)snprintf(users, sizeof(users), "%lld", (long long)metrics.users);
    (void)snprintf(subscriptions, sizeof(subscriptions), "%lld",
                   (long long)metrics.subscriptions);
    (void)snprintf(channels, sizeof(channels), "%lld", (long long)metrics.channels);
    redis_call_key(&call, lease->node_key);
    redis_call_text(&call, lease->instance);
    redis_call_number(&call, lease->options->ttl_ms);
    redis_call_number(&call, lease->generation);
    redis_call_text(&call, lease->options->place ? lease->options->place : "");
    const char *const fields[] = {
        "address", lease->options->address, "connections", connections,   "users",
        users,     "subscriptions",         subscriptions, "channels",    channels,
        "version", PARLEY_VERSION,          "started",     lease->started};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        redis_call_text(&call, fields[i]);
    redis_store_script(lease->store, SCRIPT_LEASE, &call, on_lease_reply, lease);
}

void node_lease_renew_after_silence(struct node_lease *lease)
{
    lease->is_to_be_confirmed = true;
    lease->taken_since_ms = 0; /* what was heard before the silence proves nothing now */
    renew(lease);
}

/* Members that are left are for others: the lease stays in the set, its end in the past. */
static void on_left_behind(void *context, enum broker_status status, const redisReply *reply)
{
    struct node_lease *lease = context;
    if (status != BROKER_OK)
        return;
    if (reply->integer > 0)
        node_lease_hand_over(lease, lease->name);
    else
        redis_store_command_text(lease->store, "i", NULL, NULL, "ZREM", lease->nodes_key,
                                 lease->name, NULL);
}

void node_lease_release(struct node_lease *lease)
{
    lease->is_released = true;
    if (lease->generation == 0)
        return;
    char *members_key = key_lease_members(redis_store_prefix(lease->store), lease->name);
    release(lease, lease->instance);
    redis_store_command_text(lease->store, "i", on_left_behind, lease, "SCARD", members_key,
                             NULL);
    free(members_key);
}

static void change_entry(struct node_lease *lease, const char *verb, const char *client,
                         const char *channel)
{
    char *key = key_lease_members(redis_store_prefix(lease->store), lease->name);
    char *entry = mem_printf("%s %s", client, channel);
    redis_store_command_text(lease->store, "i", NULL, NULL, verb, key, entry, NULL);
    free(entry);
    free(key);
}

void node_lease_add_entry(struct node_lease *lease, const char *client, const char *channel)
{
    change_entry(lease, "SADD", client, channel);
}

void node_lease_remove_entry(struct node_lease *lease, const char *client, const char *channel)
{
    change_entry(lease, "SREM", client, channel);
}

static void on_renew_due(void *context)
{
    renew(context);
}

struct node_lease *node_lease_create(struct loop *loop, struct redis_store *store,
                                     const struct node_lease_options *options)
{
    struct node_lease *lease = mem_zalloc(sizeof(*lease));
    uint64_t instance = options->instance ? options->instance : random_number();
    lease->options = options;
    lease->store = store;
    lease->table = lease_table_create();
    lease->name = mem_strdup("");
    lease->node_key = key_node(redis_store_prefix(store), options->node);
    lease->nodes_key = key_nodes(redis_store_prefix(store));
    print_instance(lease->instance, instance);
    (void)snprintf(lease->started, sizeof(lease->started), "%lld", (long long)clock_wall_ms());
    lease->timer = loop_timer_create(loop, options->renew_ms, on_renew_due, lease);
    lease->watch_timer = loop_timer_create(loop, WATCH_EVERY_MS, on_watch_due, lease);
    return lease;
}

void node_lease_destroy(struct node_lease *lease)
{
    if (!lease)
        return;
    loop_timer_destroy(lease->timer);
    loop_timer_destroy(lease->watch_timer);
    lease_table_destroy(lease->table);
    free(lease->name);
    free(lease->node_key);
    free(lease->nodes_key);
    free(lease);
}

bool node_lease_is_held(const struct node_lease *lease)
{
    return lease->generation != 0 && lease->held_until_ms > clock_now_ms();
}

const char *node_lease_refusal(const struct node_lease *lease)
{
    return lease->refusal[0] ? lease->refusal : NULL;
}

const char *node_lease_node(const struct node_lease *lease)
{
    return lease->options->node;
}

int64_t node_lease_generation(const struct node_lease *lease)
{
    return lease->generation;
}

const char *node_lease_name(const struct node_lease *lease)
{
    return lease->name;
}

int64_t node_lease_end_ms(const struct node_lease *lease)
{
    return lease->end_ms;
}

int64_t node_lease_redis_time(const struct node_lease *lease, int64_t moment_ms)
{
    return moment_ms + lease->redis_ahead_ms;
}

/* Members of earlier generations of this process are still to be put under the present one. */
bool node_lease_is_alive(const struct node_lease *lease, const char *node, int64_t generation)
{
    bool is_own = strcmp(node, lease->options->node) == 0 && lease->generation != 0 &&
                  generation >= lease->first_generation;
    return is_own || lease_table_is_alive(lease->table, node, generation, judged_ms(lease));
}
