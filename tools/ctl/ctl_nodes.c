/*
 * ctl_nodes - `parleyctl nodes`: who holds a lease, and what each says of itself.
 *
 * A node that was killed stays in the list, as "gone", until what it left is cleaned up.
 */
#include "ctl_commands.h"

#include "ctl_leases.h"
#include "ctl_options.h"
#include "ctl_output.h"
#include "ctl_store.h"
#include "ctl_terminal.h"
#include "keys.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct column columns[] = {
    {"NODE", "node", COLUMN_TEXT},
    {"STATE", "state", COLUMN_STATE},
    {"LEASE LEFT", "lease_left_ms", COLUMN_DURATION},
    {"GENERATION", "generation", COLUMN_NUMBER},
    {"CONNECTIONS", "connections", COLUMN_NUMBER},
    {"CHANNELS", "channels", COLUMN_NUMBER},
    {"VERSION", "version", COLUMN_TEXT},
    {"UPTIME", "uptime_ms", COLUMN_DURATION},
    {"ADDRESS", "address", COLUMN_TEXT},
};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

static const redisReply *field_of(const redisReply *hash, const char *name)
{
    for (size_t i = 0; i + 1 < hash->elements; i += 2) {
        if (strcmp(reply_text(hash->element[i]), name) == 0)
            return hash->element[i + 1];
    }
    return NULL;
}

static void copy_text(json_t *row, const redisReply *hash, const char *name)
{
    const redisReply *value = field_of(hash, name);
    if (value)
        (void)json_object_set_new(row, name, output_text(value->str, value->len));
}

static void copy_number(json_t *row, const redisReply *hash, const char *name)
{
    const redisReply *value = field_of(hash, name);
    if (value)
        (void)json_object_set_new(row, name, json_integer(reply_number(value)));
}

/* The key belongs to the node's present generation: an older one has nothing to say. */
static void describe(json_t *row, const struct lease *lease, const redisReply *hash,
                     int64_t now_ms)
{
    const redisReply *generation = field_of(hash, "generation");
    const redisReply *started = field_of(hash, "started");
    if (!generation || reply_number(generation) != lease->generation)
        return;
    copy_number(row, hash, "connections");
    copy_number(row, hash, "channels");
    copy_text(row, hash, "version");
    copy_text(row, hash, "address");
    if (started)
        (void)json_object_set_new(row, "uptime_ms",
                                  json_integer(now_ms - reply_number(started)));
}

static json_t *row_of(struct store *store, const struct lease *lease, int64_t now_ms)
{
    char *key = key_node(store_prefix(store), lease->node);
    redisReply *hash = store_ask(store, "HGETALL %s", key);
    json_t *row = json_object();
    (void)json_object_set_new(row, "node", output_text(lease->node, strlen(lease->node)));
    (void)json_object_set_new(row, "state",
                              json_string(lease->end_ms > now_ms ? "alive" : "gone"));
    (void)json_object_set_new(row, "lease_left_ms", json_integer(lease->end_ms - now_ms));
    (void)json_object_set_new(row, "generation", json_integer(lease->generation));
    describe(row, lease, hash, now_ms);
    freeReplyObject(hash);
    free(key);
    return row;
}

int run_nodes(const struct ctl *ctl)
{
    struct leases *leases = leases_load(ctl->store);
    int64_t now_ms = leases_now_ms(leases);
    const struct lease *lease;
    const void *cursor = NULL;
    int64_t alive_count = 0;
    json_t *rows = json_array();
    while ((lease = leases_next(leases, &cursor))) {
        alive_count += lease->end_ms > now_ms;
        (void)json_array_append_new(rows, row_of(ctl->store, lease, now_ms));
    }
    output_sort(rows, "node", "generation");
    if (ctl->options->is_json) {
        output_json(json_incref(rows));
    } else {
        char *alive = output_count(alive_count, "node is", "nodes are");
        output_table(columns, COLUMN_COUNT, rows);
        (void)printf("%s alive\n", alive);
        free(alive);
    }
    json_decref(rows);
    leases_destroy(leases);
    return CTL_EXIT_OK;
}
