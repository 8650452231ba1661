/*
 * ctl_leases - which node held a lease when; see ctl_leases.h.
 */
#include "ctl_leases.h"

#include "ctl_store.h"
#include "keys.h"
#include "mem.h"
#include "text_map.h"

#include <stdlib.h>
#include <string.h>

struct leases {
    struct text_map *by_name; /* NODE:GENERATION, as in Redis */
    int64_t now_ms;
};

static void add(struct leases *leases, const redisReply *name, const redisReply *end)
{
    const char *colon = strrchr(reply_text(name), ':');
    if (!colon || text_map_find(leases->by_name, name->str))
        return;
    struct lease *lease = mem_alloc(sizeof(*lease));
    lease->node = mem_strndup(name->str, (size_t)(colon - name->str));
    lease->generation = strtoll(colon + 1, NULL, 10);
    lease->end_ms = reply_number(end);
    text_map_add(leases->by_name, name->str, lease);
}

struct leases *leases_load(struct store *store)
{
    struct leases *leases = mem_zalloc(sizeof(*leases));
    char *key = key_nodes(store_prefix(store));
    leases->by_name = text_map_create();
    leases->now_ms = store_now_ms(store);
    redisReply *reply = store_ask(store, "ZRANGE %s 0 -1 WITHSCORES", key);
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        add(leases, reply->element[i], reply->element[i + 1]);
    freeReplyObject(reply);
    free(key);
    return leases;
}

void leases_destroy(struct leases *leases)
{
    const void *cursor = NULL;
    struct lease *lease;
    if (!leases)
        return;
    while ((lease = text_map_next(leases->by_name, &cursor))) {
        free(lease->node);
        free(lease);
    }
    text_map_destroy(leases->by_name);
    free(leases);
}

int64_t leases_now_ms(const struct leases *leases)
{
    return leases->now_ms;
}

const struct lease *leases_find(const struct leases *leases, const char *node,
                                int64_t generation)
{
    char *name = mem_printf("%s:%lld", node, (long long)generation);
    const struct lease *lease = text_map_find(leases->by_name, name);
    free(name);
    return lease;
}

bool leases_is_alive(const struct leases *leases, const char *node, int64_t generation)
{
    const struct lease *lease = leases_find(leases, node, generation);
    return lease && lease->end_ms > leases->now_ms;
}

const struct lease *leases_next(const struct leases *leases, const void **cursor)
{
    return text_map_next(leases->by_name, cursor);
}
