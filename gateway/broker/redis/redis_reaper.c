/*
 * redis_reaper - cleans up after leases that have ended; see redis_reaper.h.
 */
#include "redis_reaper.h"

#include "clock.h"
#include "keys.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "redis_presence.h"
#include "redis_store.h"
#include "text_map.h"

#include <hiredis/hiredis.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    RIGHT_TTL_MS = 2000,
    AGAIN_AFTER_MS = 500,
    WRONG_TRIES_MAX = 5, /* slices with a channel whose keys are no node's */
};

static const char right_ttl[] = "2000";
static const char slice_size[] = "200"; /* members: about 2 ms of Redis's time */

/* One lease that this node reaps, or has tried to. */
struct reaping {
    struct redis_reaper *reaper;
    char *lease;
    char *node;
    char *members_key;
    char *reaper_key;
    int64_t generation;
    int64_t renewed_ms; /* for the last time, Redis time */
    int64_t began_ms;
    int64_t again_ms; /* not to be tried before */
    bool is_running;
    bool has_failed;
    bool has_wrong;  /* this slice */
    int wrong_tries; /* slices before */
    size_t waiting;  /* calls of this slice without an answer */
    char **entries;  /* of this slice, by channel: "CLIENT CHANNEL" */
    size_t entry_count;
    int64_t member_count;
};

/* The members of one channel in a slice. */
struct batch_call {
    struct reaping *reaping;
    size_t first; /* of its entries */
};

struct redis_reaper {
    struct redis_store *store;
    struct redis_presence *presence;
    const char *node;
    int64_t lease_ttl_ms;
    struct text_map *reapings; /* by lease */
};

static void drop_slice(struct reaping *reaping)
{
    for (size_t i = 0; i < reaping->entry_count; i++)
        free(reaping->entries[i]);
    free(reaping->entries);
    reaping->entries = NULL;
    reaping->entry_count = 0;
}

static void reaping_destroy(struct reaping *reaping)
{
    drop_slice(reaping);
    free(reaping->lease);
    free(reaping->node);
    free(reaping->members_key);
    free(reaping->reaper_key);
    free(reaping);
}

static void try_later(struct reaping *reaping)
{
    drop_slice(reaping);
    reaping->is_running = false;
    reaping->again_ms = clock_now_ms() + AGAIN_AFTER_MS;
}

/* ------------------------------------------------------------------------------ a slice */

static void next_slice(struct reaping *reaping);

static int by_channel(const void *one, const void *other)
{
    return strcmp(strchr(*(char *const *)one, ' '), strchr(*(char *const *)other, ' '));
}

static void end_slice(struct reaping *reaping)
{
    struct redis_store *store = reaping->reaper->store;
    size_t part_count = reaping->entry_count + 2;
    reaping->wrong_tries += reaping->has_wrong;
    if (reaping->has_failed) {
        try_later(reaping);
        return;
    }
    const char **parts = mem_alloc(part_count * sizeof(*parts));
    size_t *lengths = mem_alloc(part_count * sizeof(*lengths));
    parts[0] = "SREM";
    parts[1] = reaping->members_key;
    for (size_t i = 0; i < reaping->entry_count; i++)
        parts[i + 2] = reaping->entries[i];
    for (size_t i = 0; i < part_count; i++)
        lengths[i] = strlen(parts[i]);
    redis_store_command(store, &(struct redis_ask){.name = "SREM", .shape = "i"}, part_count,
                        parts, lengths);
    redis_store_command_text(store, "i", NULL, NULL, "PEXPIRE", reaping->reaper_key, right_ttl,
                             NULL);
    free(parts);
    free(lengths);
    drop_slice(reaping);
    next_slice(reaping);
}

/* A channel one of whose keys is of another type than ours refuses for ever. It is not to keep
 * the lease for as long: after some tries it is given up, and said to be. */
static void on_batch_refused(struct reaping *reaping, const char *channel, const char *why)
{
    bool is_wrong = strstr(why, "WRONGTYPE") != NULL;
    bool is_given_up = is_wrong && reaping->wrong_tries >= WRONG_TRIES_MAX;
    if (is_given_up)
        log_event(reap_given_up, kv_str("lease", reaping->lease), kv_str("channel", channel),
                  kv_str("err", why));
    else if (!reaping->has_failed)
        log_event(reap_refused, kv_str("lease", reaping->lease), kv_str("channel", channel),
                  kv_str("err", why));
    reaping->has_wrong |= is_wrong;
    reaping->has_failed |= !is_given_up;
}

/* Graces that are still running are this node's to end from now on. */
static void on_batch_left(void *context, enum broker_status status, const redisReply *reply)
{
    struct batch_call *call = context;
    struct reaping *reaping = call->reaping;
    const char *channel = strchr(reaping->entries[call->first], ' ') + 1;
    if (status == BROKER_REFUSED)
        on_batch_refused(reaping, channel, reply->str);
    else if (status != BROKER_OK)
        reaping->has_failed = true;
    else if (reply->integer > 0)
        redis_presence_adopt(reaping->reaper->presence, channel);
    free(call);
    if (--reaping->waiting == 0)
        end_slice(reaping);
}

static void remove_batch(struct reaping *reaping, size_t first, size_t count)
{
    char *names[REDIS_REMAINS_MAX];
    struct batch_call *call = mem_alloc(sizeof(*call));
    *call = (struct batch_call){reaping, first};
    for (size_t i = 0; i < count; i++) {
        const char *entry = reaping->entries[first + i];
        names[i] = mem_strndup(entry, (size_t)(strchr(entry, ' ') - entry));
    }
    reaping->waiting++;
    redis_presence_remove(
        reaping->reaper->presence,
        &(struct redis_remains){.channel = strchr(reaping->entries[first], ' ') + 1,
                                .clients = (const char *const *)names,
                                .client_count = count,
                                .generation = reaping->generation,
                                .began_ms = reaping->renewed_ms},
        on_batch_left, call);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
}

static size_t count_of_channel(const struct reaping *reaping, size_t first)
{
    size_t count = 1;
    while (first + count < reaping->entry_count && count < REDIS_REMAINS_MAX &&
           by_channel(&reaping->entries[first], &reaping->entries[first + count]) == 0)
        count++;
    return count;
}

/* The copy is what the set holds: an entry of another shape than ours is only taken out. */
static void take_slice(struct reaping *reaping, const redisReply *reply)
{
    reaping->entries = mem_alloc(reply->elements * sizeof(*reaping->entries));
    for (size_t i = 0; i < reply->elements; i++) {
        const char *entry = reply->element[i]->str;
        if (strchr(entry, ' '))
            reaping->entries[reaping->entry_count++] = mem_strdup(entry);
        else
            redis_store_command_text(reaping->reaper->store, "i", NULL, NULL, "SREM",
                                     reaping->members_key, entry, NULL);
    }
    qsort(reaping->entries, reaping->entry_count, sizeof(*reaping->entries), by_channel);
    reaping->member_count += (int64_t)reaping->entry_count;
}

static void finish(struct reaping *reaping)
{
    struct redis_reaper *reaper = reaping->reaper;
    char *nodes_key = key_nodes(redis_store_prefix(reaper->store));
    redis_store_command_text(reaper->store, "i", NULL, NULL, "ZREM", nodes_key, reaping->lease,
                             NULL);
    redis_store_command_text(reaper->store, "i", NULL, NULL, "DEL", reaping->reaper_key, NULL);
    free(nodes_key);
    metrics.leases_reaped_total++;
    metrics.members_reaped_total += reaping->member_count;
    log_event(lease_reaped, kv_str("lease", reaping->lease),
              kv_int("members", reaping->member_count),
              kv_int("ms", clock_now_ms() - reaping->began_ms));
    reaping->is_running = false;
    reaping->again_ms = clock_now_ms() + RIGHT_TTL_MS; /* until the next look has it gone */
}

static void on_slice(void *context, enum broker_status status, const redisReply *reply)
{
    struct reaping *reaping = context;
    if (status != BROKER_OK) {
        try_later(reaping);
        return;
    }
    if (reply->elements == 0) {
        finish(reaping);
        return;
    }
    take_slice(reaping, reply);
    reaping->waiting = 1; /* until all are sent */
    reaping->has_failed = false;
    reaping->has_wrong = false;
    for (size_t first = 0; first < reaping->entry_count;) {
        size_t count = count_of_channel(reaping, first);
        remove_batch(reaping, first, count);
        first += count;
    }
    if (--reaping->waiting == 0)
        end_slice(reaping);
}

static void next_slice(struct reaping *reaping)
{
    redis_store_command_text(reaping->reaper->store, "*s", on_slice, reaping, "SRANDMEMBER",
                             reaping->members_key, slice_size, NULL);
}

/* ---------------------------------------------------------------------------- the right */

static void on_right(void *context, enum broker_status status, const redisReply *reply)
{
    struct reaping *reaping = context;
    if (status != BROKER_OK || reply->type != REDIS_REPLY_STATUS) {
        try_later(reaping); /* another has it */
        return;
    }
    log_event(lease_ended, kv_str("lease", reaping->lease));
    reaping->began_ms = clock_now_ms();
    reaping->member_count = 0;
    next_slice(reaping);
}

/* Its own key decides: while that has the generation, the lease was renewed since we looked. */
static void on_generation(void *context, enum broker_status status, const redisReply *reply)
{
    struct reaping *reaping = context;
    bool is_held = status == BROKER_OK && reply->type == REDIS_REPLY_STRING &&
                   strtoll(reply->str, NULL, 10) == reaping->generation;
    if (status != BROKER_OK || is_held) {
        try_later(reaping);
        return;
    }
    redis_store_command_text(reaping->reaper->store, "?S", on_right, reaping, "SET",
                             reaping->reaper_key, reaping->reaper->node, "NX", "PX", right_ttl,
                             NULL);
}

static void begin(struct reaping *reaping, int64_t end_ms)
{
    char *node_key = key_node(redis_store_prefix(reaping->reaper->store), reaping->node);
    reaping->is_running = true;
    reaping->renewed_ms = end_ms - reaping->reaper->lease_ttl_ms;
    redis_store_command_text(reaping->reaper->store, "?s", on_generation, reaping, "HGET",
                             node_key, "generation", NULL);
    free(node_key);
}

/* NULL: it is no name of a lease. */
static struct reaping *reaping_create(struct redis_reaper *reaper, const char *lease)
{
    const char *colon = strrchr(lease, ':');
    if (!colon)
        return NULL;
    struct reaping *reaping = mem_zalloc(sizeof(*reaping));
    reaping->reaper = reaper;
    reaping->lease = mem_strdup(lease);
    reaping->node = mem_strndup(lease, (size_t)(colon - lease));
    reaping->generation = strtoll(colon + 1, NULL, 10);
    reaping->members_key = key_lease_members(redis_store_prefix(reaper->store), lease);
    reaping->reaper_key = key_lease_reaper(redis_store_prefix(reaper->store), lease);
    text_map_add(reaper->reapings, lease, reaping);
    return reaping;
}

/* Those that are done, and not told of again for a while, are forgotten. */
static void forget_old(struct redis_reaper *reaper)
{
    const void *cursor = NULL;
    struct reaping *reaping;
    while ((reaping = text_map_next(reaper->reapings, &cursor))) {
        if (reaping->is_running || clock_now_ms() - reaping->again_ms < reaper->lease_ttl_ms)
            continue;
        text_map_remove(reaper->reapings, reaping->lease);
        reaping_destroy(reaping);
    }
}

void redis_reaper_on_ended(struct redis_reaper *reaper, const char *lease, int64_t end_ms)
{
    struct reaping *reaping = text_map_find(reaper->reapings, lease);
    if (!reaping) {
        forget_old(reaper);
        reaping = reaping_create(reaper, lease);
    }
    if (!reaping || reaping->is_running || clock_now_ms() < reaping->again_ms)
        return;
    if (redis_store_is_up(reaper->store))
        begin(reaping, end_ms);
}

/* -------------------------------------------------------------------------------- life */

struct redis_reaper *redis_reaper_create(struct redis_store *store,
                                         struct redis_presence *presence, const char *node,
                                         int64_t lease_ttl_ms)
{
    struct redis_reaper *reaper = mem_zalloc(sizeof(*reaper));
    reaper->store = store;
    reaper->node = node;
    reaper->presence = presence;
    reaper->lease_ttl_ms = lease_ttl_ms;
    reaper->reapings = text_map_create();
    return reaper;
}

void redis_reaper_destroy(struct redis_reaper *reaper)
{
    const void *cursor = NULL;
    struct reaping *reaping;
    if (!reaper)
        return;
    while ((reaping = text_map_next(reaper->reapings, &cursor)))
        reaping_destroy(reaping);
    text_map_destroy(reaper->reapings);
    free(reaper);
}
