/*
 * redis_members - who is in a channel, in one look; see redis_members.h.
 */
#include "redis_members.h"

#include "channel_call.h"
#include "keys.h"
#include "mem.h"
#include "node_lease.h"
#include "redis_store.h"
#include "text.h"

#include <hiredis/hiredis.h>
#include <jansson.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct members_call {
    struct node_lease *lease;
    size_t limit;
    struct channel_call *call;
};

static void answer(struct members_call *members, struct broker_reply *reply)
{
    channel_call_answer(members->call, reply);
    free(members);
}

struct member_list {
    struct broker_member *members; /* client, user and info are *new* */
    size_t count;
};

/* It stands in what clients are sent. */
static bool is_client(const char *client)
{
    size_t length = strlen(client);
    return text_is_utf8(client, length) && !text_has_control(client, length);
}

/* lease NULL: listed whatever its node does. Left out: another shape than ours. */
static void list_entry(const struct node_lease *lease, const char *client, const char *json,
                       struct member_list *list)
{
    json_t *member = json_loads(json, 0, NULL);
    const char *user = json_string_value(json_object_get(member, "user"));
    const char *node = json_string_value(json_object_get(member, "node"));
    json_int_t generation = json_integer_value(json_object_get(member, "generation"));
    json_t *info = json_object_get(member, "info");
    if (user && node && info && is_client(client) &&
        (!lease || node_lease_is_alive(lease, node, generation))) {
        list->members[list->count++] = (struct broker_member){
            .client = mem_strdup(client),
            .user = mem_strdup(user),
            .info = json_dumps(info, JSON_COMPACT | JSON_ENCODE_ANY),
        };
    }
    json_decref(member);
}

/* client, JSON, client, JSON, ...: without those whose node has no lease. */
static void list_members(const struct node_lease *lease, const redisReply *entries,
                         struct member_list *list)
{
    for (size_t i = 0; i + 1 < entries->elements; i += 2)
        list_entry(lease, entries->element[i]->str, entries->element[i + 1]->str, list);
}

/* user, "CLIENT JSON", ...: who has left a moment ago, which nobody was told yet. */
static void list_leaving(const redisReply *entries, struct member_list *list)
{
    for (size_t i = 0; i + 1 < entries->elements; i += 2) {
        char *client = mem_strdup(entries->element[i + 1]->str);
        char *blank = strchr(client, ' ');
        if (blank) {
            *blank = '\0';
            list_entry(NULL, client, blank + 1, list);
        }
        free(client);
    }
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
    struct members_call *members = context;
    if (status != BROKER_OK) {
        answer(members, &(struct broker_reply){.status = status});
        return;
    }
    size_t entries = reply->element[3]->elements + reply->element[4]->elements;
    struct member_list list = {.members =
                                   mem_zalloc((entries / 2 + 1) * sizeof(*list.members))};
    list_members(members->lease, reply->element[3], &list);
    list_leaving(reply->element[4], &list);
    answer(members,
           &(struct broker_reply){
               .status = BROKER_OK,
               .version = (uint64_t)reply->element[0]->integer,
               .connection_count = (uint64_t)reply->element[1]->integer,
               .user_count = (uint64_t)reply->element[2]->integer,
               .members = list.members,
               .member_count = list.count < members->limit ? list.count : members->limit,
           });
    free_list(&list);
}

void redis_members_read(struct redis_store *store, struct node_lease *lease,
                        const char *channel, size_t limit, struct broker_waiter waiter)
{
    struct redis_call call = {.count = 0};
    struct channel_keys keys;
    struct members_call *context = mem_alloc(sizeof(*context));
    *context = (struct members_call){lease, limit, channel_call_create(channel, waiter)};
    if (limit > 0 && !node_lease_is_held(lease)) { /* it does not know who else is alive */
        redis_store_answer_later(store, on_members, context);
        return;
    }
    channel_keys_init(&keys, redis_store_prefix(store), channel);
    redis_call_key(&call, keys.members);
    redis_call_key(&call, keys.users);
    redis_call_key(&call, keys.meta);
    redis_call_key(&call, keys.leaving);
    redis_call_number(&call, (int64_t)limit);
    if (limit > 0)
        node_lease_look(lease);
    redis_store_script(store, SCRIPT_MEMBERS, &call, on_members, context);
    channel_keys_finish(&keys);
}
