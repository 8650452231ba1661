/*
 * redis_census - what Redis knows of the whole cluster; see redis_census.h.
 *
 * Channels are those that a node listens to (PUBSUB CHANNELS); how many are in each is the
 * length of its hash of members. Nodes are those of the set of all leases whose own key is
 * there.
 */
#include "redis_census.h"

#include "keys.h"
#include "mem.h"
#include "redis_store.h"

#include <hiredis/hiredis.h>

#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char nodes_last[] = "999"; /* of those that are asked about, from 0 */

struct survey {
    struct redis_store *store;
    char *pattern;
    size_t limit;
    struct broker_waiter waiter;
    struct item *items;
    size_t count;   /* of items */
    size_t total;   /* channels that match */
    size_t waiting; /* items that are not answered yet */
    enum broker_status status;
    void (*answer)(struct survey *survey);
};

/* One of the list: a channel or a node. */
struct item {
    struct survey *survey;
    char *name;
    char *version;
    bool is_there;
    struct broker_channel channel;
    struct broker_node node;
};

static struct survey *survey_create(struct redis_store *store, struct broker_waiter waiter,
                                    void (*answer)(struct survey *survey))
{
    struct survey *survey = mem_zalloc(sizeof(*survey));
    survey->store = store;
    survey->waiter = waiter;
    survey->answer = answer;
    return survey;
}

static void survey_end(struct survey *survey, struct broker_reply *reply)
{
    reply->status = survey->status;
    reply->channel = "";
    if (survey->waiter.on_reply)
        survey->waiter.on_reply(survey->waiter.owner, survey->waiter.tag, reply);
    for (size_t i = 0; i < survey->count; i++) {
        free(survey->items[i].name);
        free(survey->items[i].version);
    }
    free(survey->items);
    free(survey->pattern);
    free(survey);
}

/* Nothing came of the list, or nothing is on it. */
static bool is_over(struct survey *survey, enum broker_status status, const redisReply *reply)
{
    survey->status = status;
    if (survey->status == BROKER_OK && reply->elements > 0) {
        survey->items = mem_zalloc(reply->elements * sizeof(*survey->items));
        return false;
    }
    survey_end(survey, &(struct broker_reply){.status = status});
    return true;
}

static void add_item(struct survey *survey, char *name)
{
    survey->items[survey->count++] = (struct item){.survey = survey, .name = name};
}

/* key is *new* and taken. */
static void ask_item(struct item *item, const char *verb, char *key, const char *shape,
                     redis_reply_fn on_reply)
{
    redis_store_command_text(item->survey->store, shape, on_reply, item, verb, key, NULL);
    free(key);
}

static void item_done(struct item *item, enum broker_status status)
{
    struct survey *survey = item->survey;
    if (status != BROKER_OK)
        survey->status = status;
    if (--survey->waiting == 0)
        survey->answer(survey);
}

/* --------------------------------------------------------------------------- channels */

static void answer_channels(struct survey *survey)
{
    struct broker_channel *channels = mem_alloc(survey->count * sizeof(*channels));
    for (size_t i = 0; i < survey->count; i++)
        channels[i] = survey->items[i].channel;
    survey_end(survey, &(struct broker_reply){.channels = channels,
                                              .channel_count = survey->count,
                                              .channel_total = survey->total});
    free(channels);
}

static void on_length(void *context, enum broker_status status, const redisReply *reply)
{
    struct item *item = context;
    item->channel.name = item->name;
    if (status == BROKER_OK)
        item->channel.connection_count = (uint64_t)reply->integer;
    item_done(item, status);
}

/* PREFIX:{NAME}. *new* */
static char *name_in(const struct survey *survey, const redisReply *pubsub)
{
    size_t head = strlen(redis_store_prefix(survey->store)) + 2;
    if (pubsub->len < head + 1)
        return NULL;
    return mem_strndup(pubsub->str + head, pubsub->len - head - 1);
}

static void on_channels(void *context, enum broker_status status, const redisReply *reply)
{
    struct survey *survey = context;
    if (is_over(survey, status, reply))
        return;
    for (size_t i = 0; i < reply->elements; i++) {
        char *name = name_in(survey, reply->element[i]);
        if (name && fnmatch(survey->pattern, name, 0) == 0 && survey->total++ < survey->limit)
            add_item(survey, name);
        else
            free(name);
    }
    survey->waiting = survey->count;
    for (size_t i = 0; i < survey->count; i++)
        ask_item(
            &survey->items[i], "HLEN",
            key_of_channel(redis_store_prefix(survey->store), survey->items[i].name, "members"),
            "i", on_length);
    if (survey->count == 0)
        survey_end(survey, &(struct broker_reply){.channel_total = survey->total});
}

/* Matches every channel of the prefix, whatever signs that has. *new* */
static char *glob_of(const char *prefix)
{
    char *quoted = mem_alloc(2 * strlen(prefix) + 1);
    char *at = quoted;
    for (; *prefix; prefix++) {
        if (strchr("*?[]^\\", *prefix))
            *at++ = '\\';
        *at++ = *prefix;
    }
    *at = '\0';
    char *glob = key_channel(quoted, "*");
    free(quoted);
    return glob;
}

void redis_census_channels(struct redis_store *store, const char *pattern, size_t limit,
                           struct broker_waiter waiter)
{
    struct survey *survey = survey_create(store, waiter, answer_channels);
    char *glob = glob_of(redis_store_prefix(store));
    survey->pattern = mem_strdup(pattern);
    survey->limit = limit;
    redis_store_command_text(store, "*s", on_channels, survey, "PUBSUB", "CHANNELS", glob,
                             NULL);
    free(glob);
}

/* ------------------------------------------------------------------------------ nodes */

static void answer_nodes(struct survey *survey)
{
    struct broker_node *nodes = mem_alloc(survey->count * sizeof(*nodes));
    size_t count = 0;
    for (size_t i = 0; i < survey->count; i++) {
        if (survey->items[i].is_there)
            nodes[count++] = survey->items[i].node;
    }
    survey_end(survey, &(struct broker_reply){.nodes = nodes, .node_count = count});
    free(nodes);
}

static void take_field(struct item *item, const char *field, const char *value)
{
    if (strcmp(field, "version") == 0 && !item->version)
        item->version = mem_strdup(value);
    else if (strcmp(field, "connections") == 0)
        item->node.connection_count = strtoull(value, NULL, 10);
    else if (strcmp(field, "users") == 0)
        item->node.user_count = strtoull(value, NULL, 10);
    else if (strcmp(field, "subscriptions") == 0)
        item->node.subscription_count = strtoull(value, NULL, 10);
    else if (strcmp(field, "channels") == 0)
        item->node.channel_count = strtoull(value, NULL, 10);
    else if (strcmp(field, "started") == 0)
        item->node.started_ms = strtoll(value, NULL, 10);
}

/* Without a lease there are no fields. */
static void on_lease(void *context, enum broker_status status, const redisReply *reply)
{
    struct item *item = context;
    bool has_fields = status == BROKER_OK;
    for (size_t i = 0; has_fields && i + 1 < reply->elements; i += 2)
        take_field(item, reply->element[i]->str, reply->element[i + 1]->str);
    item->is_there = has_fields && reply->elements > 0;
    item->node.name = item->name;
    item->node.version = item->version ? item->version : "";
    item_done(item, status);
}

/* lease is NODE:GENERATION; a node may have had several. */
static void add_node_of(struct survey *survey, const char *lease)
{
    const char *colon = strrchr(lease, ':');
    size_t length = colon ? (size_t)(colon - lease) : strlen(lease);
    for (size_t i = 0; i < survey->count; i++) {
        const char *known = survey->items[i].name;
        if (strncmp(known, lease, length) == 0 && known[length] == '\0')
            return;
    }
    add_item(survey, mem_strndup(lease, length));
}

static void on_nodes(void *context, enum broker_status status, const redisReply *reply)
{
    struct survey *survey = context;
    if (is_over(survey, status, reply))
        return;
    for (size_t i = 0; i < reply->elements; i++)
        add_node_of(survey, reply->element[i]->str);
    survey->waiting = survey->count;
    for (size_t i = 0; i < survey->count; i++)
        ask_item(&survey->items[i], "HGETALL",
                 key_node(redis_store_prefix(survey->store), survey->items[i].name), "*s",
                 on_lease);
}

/* Those whose leases end last come first: the dead are at the end, should there be too many.
 */
void redis_census_nodes(struct redis_store *store, struct broker_waiter waiter)
{
    char *key = key_nodes(redis_store_prefix(store));
    redis_store_command_text(store, "*s", on_nodes, survey_create(store, waiter, answer_nodes),
                             "ZREVRANGE", key, "0", nodes_last, NULL);
    free(key);
}
