/*
 * redis_presence - members of channels in Redis; see redis_presence.h.
 *
 * The node's own set is written before the members are, and cleared after: whatever the
 * moment a node dies, its set names at least what it left behind.
 */
#include "redis_presence.h"

#include "clock.h"
#include "keys.h"
#include "mem.h"
#include "node_lease.h"
#include "redis_link.h"
#include "redis_log.h"
#include "redis_script.h"
#include "text.h"

#include <hiredis/hiredis.h>
#include <jansson.h>
#include <utlist.h>

#include <stdlib.h>
#include <string.h>

struct unsaid_leave {
    char *channel;
    char *client;
    char *user;
    char *info;
    struct redis_presence *presence;
    struct unsaid_leave *next;
    struct unsaid_leave *prev;
};

struct redis_presence {
    struct redis_link *commands;
    struct node_lease *lease;
    const char *prefix;
    const char *node;
    struct broker_policies policies;
    char *node_members_key;
    struct unsaid_leave *unsaid;
};

struct presence_call {
    struct redis_presence *presence;
    char *channel;
    struct broker_waiter waiter;
};

/* The keys of a channel that a call names, freed together. */
struct channel_keys {
    char *pubsub;
    char *members;
    char *users;
    char *meta;
};

static struct channel_keys make_keys(const char *prefix, const char *channel)
{
    return (struct channel_keys){
        .pubsub = key_channel(prefix, channel),
        .members = key_of_channel(prefix, channel, "members"),
        .users = key_of_channel(prefix, channel, "users"),
        .meta = key_of_channel(prefix, channel, "meta"),
    };
}

static void free_keys(struct channel_keys *keys)
{
    free(keys->pubsub);
    free(keys->members);
    free(keys->users);
    free(keys->meta);
}

static struct presence_call *call_create(struct redis_presence *presence, const char *channel,
                                         struct broker_waiter waiter)
{
    struct presence_call *call = mem_alloc(sizeof(*call));
    *call = (struct presence_call){presence, mem_strdup(channel), waiter};
    return call;
}

static void call_answer(struct presence_call *call, struct broker_reply *reply)
{
    reply->channel = call->channel;
    if (call->waiter.on_reply)
        call->waiter.on_reply(call->waiter.owner, call->waiter.tag, reply);
    free(call->channel);
    free(call);
}

static int64_t meta_ttl_of(const struct redis_presence *presence, const char *channel)
{
    return redis_log_meta_ttl_ms(presence->policies.find(presence->policies.context, channel));
}

/* ------------------------------------------------------------------------------- join */

static char *member_json(const struct redis_presence *presence,
                         const struct broker_member *member)
{
    char *user = text_to_json(member->user);
    char *node = text_to_json(presence->node);
    char *json =
        mem_printf("{\"user\":%s,\"info\":%s,\"node\":%s,\"generation\":%lld,"
                   "\"since\":%lld}",
                   user, member->info, node, (long long)node_lease_generation(presence->lease),
                   (long long)clock_wall_ms());
    free(user);
    free(node);
    return json;
}

static void note_in_node_set(struct redis_presence *presence, const char *verb,
                             const char *client, const char *channel)
{
    char *entry = mem_printf("%s %s", client, channel);
    redis_link_command_text(presence->commands, NULL, NULL, verb, presence->node_members_key,
                            entry, NULL);
    free(entry);
}

static void on_joined(void *context, enum broker_status status, const redisReply *reply)
{
    (void)reply;
    call_answer(context, &(struct broker_reply){.status = status});
}

void redis_presence_join(struct redis_presence *presence, const char *channel,
                         const struct broker_member *member, bool is_quiet,
                         struct broker_waiter waiter)
{
    struct channel_keys keys = make_keys(presence->prefix, channel);
    char *json = member_json(presence, member);
    struct redis_call call = {.count = 0};
    redis_call_key(&call, keys.members);
    redis_call_key(&call, keys.users);
    redis_call_key(&call, keys.meta);
    redis_call_text(&call, member->client);
    redis_call_text(&call, member->user);
    redis_call_text(&call, json);
    redis_call_text(&call, keys.pubsub);
    redis_call_text(&call, member->info);
    redis_call_text(&call, is_quiet ? "1" : "0");
    redis_call_number(&call, meta_ttl_of(presence, channel));
    note_in_node_set(presence, "SADD", member->client, channel);
    redis_script_call(presence->commands, SCRIPT_JOIN, &call, on_joined,
                      call_create(presence, channel, waiter));
    free(json);
    free_keys(&keys);
}

/* ------------------------------------------------------------------------------ leave */

static void unsaid_destroy(struct unsaid_leave *leave)
{
    free(leave->channel);
    free(leave->client);
    free(leave->user);
    free(leave->info);
    free(leave);
}

static void on_left(void *context, enum broker_status status, const redisReply *reply)
{
    struct unsaid_leave *leave = context;
    struct redis_presence *presence = leave->presence;
    (void)reply;
    if (status == BROKER_UNAVAILABLE || status == BROKER_UNKNOWN) {
        DL_APPEND(presence->unsaid, leave);
        return;
    }
    note_in_node_set(presence, "SREM", leave->client, leave->channel);
    unsaid_destroy(leave);
}

static void say_leave(struct redis_presence *presence, struct unsaid_leave *leave)
{
    struct channel_keys keys = make_keys(presence->prefix, leave->channel);
    struct redis_call call = {.count = 0};
    redis_call_key(&call, keys.members);
    redis_call_key(&call, keys.users);
    redis_call_key(&call, keys.meta);
    redis_call_text(&call, leave->client);
    redis_call_text(&call, leave->user);
    redis_call_text(&call, keys.pubsub);
    redis_call_text(&call, leave->info);
    redis_call_number(&call, meta_ttl_of(presence, leave->channel));
    redis_script_call(presence->commands, SCRIPT_LEAVE, &call, on_left, leave);
    free_keys(&keys);
}

void redis_presence_leave(struct redis_presence *presence, const char *channel,
                          const struct broker_member *member)
{
    struct unsaid_leave *leave = mem_zalloc(sizeof(*leave));
    leave->presence = presence;
    leave->channel = mem_strdup(channel);
    leave->client = mem_strdup(member->client);
    leave->user = mem_strdup(member->user);
    leave->info = mem_strdup(member->info);
    say_leave(presence, leave);
}

void redis_presence_retry(struct redis_presence *presence)
{
    struct unsaid_leave *unsaid = presence->unsaid;
    struct unsaid_leave *leave;
    struct unsaid_leave *next;
    presence->unsaid = NULL;
    DL_FOREACH_SAFE(unsaid, leave, next)
    say_leave(presence, leave);
}

/* ------------------------------------------------------------------------------- list */

struct member_list {
    struct broker_member *members; /* client, user and info are *new* */
    size_t count;
};

/* One entry of the hash; left out: another shape than ours, a node without a lease. */
static void list_entry(const struct redis_presence *presence, const redisReply *client,
                       const redisReply *value, struct member_list *list)
{
    if (value->type != REDIS_REPLY_STRING)
        return;
    json_t *member = json_loadb(value->str, value->len, 0, NULL);
    const char *user = json_string_value(json_object_get(member, "user"));
    const char *node = json_string_value(json_object_get(member, "node"));
    json_t *info = json_object_get(member, "info");
    if (user && node && info && node_lease_is_alive(presence->lease, node))
        list->members[list->count++] = (struct broker_member){
            .client = mem_strdup(client->str),
            .user = mem_strdup(user),
            .info = json_dumps(info, JSON_COMPACT | JSON_ENCODE_ANY),
        };
    json_decref(member);
}

static void free_list(struct member_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free((char *)list->members[i].client);
        free((char *)list->members[i].user);
        free((char *)list->members[i].info);
    }
    free(list->members);
}

static void on_members(void *context, enum broker_status status, const redisReply *reply)
{
    struct presence_call *call = context;
    if (status != BROKER_OK || reply->type != REDIS_REPLY_ARRAY || reply->elements != 4) {
        call_answer(call, &(struct broker_reply){.status = status == BROKER_OK ? BROKER_REFUSED
                                                                               : status});
        return;
    }
    const redisReply *entries = reply->element[3];
    struct member_list list = {
        .members = mem_zalloc((entries->elements / 2 + 1) * sizeof(*list.members))};
    for (size_t i = 0; i + 1 < entries->elements; i += 2)
        list_entry(call->presence, entries->element[i], entries->element[i + 1], &list);
    call_answer(call, &(struct broker_reply){
                          .status = BROKER_OK,
                          .version = (uint64_t)reply->element[0]->integer,
                          .connection_count = (uint64_t)reply->element[1]->integer,
                          .user_count = (uint64_t)reply->element[2]->integer,
                          .members = list.members,
                          .member_count = list.count,
                      });
    free_list(&list);
}

void redis_presence_members(struct redis_presence *presence, const char *channel, size_t limit,
                            struct broker_waiter waiter)
{
    struct channel_keys keys = make_keys(presence->prefix, channel);
    struct redis_call call = {.count = 0};
    char *limit_text = mem_printf("%zu", limit);
    redis_call_key(&call, keys.members);
    redis_call_key(&call, keys.users);
    redis_call_key(&call, keys.meta);
    redis_call_text(&call, limit_text);
    node_lease_look(presence->lease);
    redis_script_call(presence->commands, SCRIPT_MEMBERS, &call, on_members,
                      call_create(presence, channel, waiter));
    free(limit_text);
    free_keys(&keys);
}

/* ------------------------------------------------------------------------------- life */

struct redis_presence *redis_presence_create(struct redis_link *commands,
                                             struct node_lease *lease, const char *prefix,
                                             const char *node, struct broker_policies policies)
{
    struct redis_presence *presence = mem_zalloc(sizeof(*presence));
    presence->commands = commands;
    presence->lease = lease;
    presence->prefix = prefix;
    presence->node = node;
    presence->policies = policies;
    presence->node_members_key = key_node_members(prefix, node);
    return presence;
}

void redis_presence_destroy(struct redis_presence *presence)
{
    struct unsaid_leave *leave;
    struct unsaid_leave *next;
    if (!presence)
        return;
    DL_FOREACH_SAFE(presence->unsaid, leave, next)
    unsaid_destroy(leave);
    free(presence->node_members_key);
    free(presence);
}
