/*
 * ctl_channels - `parleyctl channels`: which there are, who listens, how many are present.
 *
 * A channel is one that a node listens to, or of which Redis keeps something. Both are looked
 * through, and both are bounded by --limit, not by how many there are.
 */
#include "ctl_channels.h"

#include "ctl_commands.h"
#include "ctl_options.h"
#include "ctl_output.h"
#include "ctl_store.h"
#include "ctl_terminal.h"
#include "keys.h"
#include "mem.h"
#include "text_map.h"

#include <jansson.h>

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 1000 };

static const struct column columns[] = {
    {"CHANNEL", "channel", COLUMN_TEXT},     {"NODES", "nodes", COLUMN_NUMBER},
    {"USERS", "users", COLUMN_NUMBER},       {"CONNECTIONS", "connections", COLUMN_NUMBER},
    {"MESSAGES", "messages", COLUMN_NUMBER}, {"OFFSET", "offset", COLUMN_NUMBER},
    {"VERSION", "version", COLUMN_NUMBER},
};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

struct search {
    const struct ctl *ctl;
    const char *pattern; /* NULL: all */
    size_t limit;
    struct text_map *found; /* by name */
    bool is_cut;
};

bool channel_of_key(const char *prefix, const char *key, size_t length, char **ret_name,
                    const char **ret_part)
{
    size_t head = strlen(prefix);
    if (strlen(key) != length || strncmp(key, prefix, head) != 0 ||
        strncmp(key + head, ":{", 2) != 0)
        return false;
    const char *name = key + head + 2;
    const char *end = strchr(name, '}');
    if (!end || (end[1] != ':' && end[1] != '\0'))
        return false;
    *ret_name = mem_strndup(name, (size_t)(end - name));
    *ret_part = end[1] == ':' ? end + 2 : "";
    return true;
}

static bool is_wanted(const struct search *search, const char *name)
{
    return !search->pattern || fnmatch(search->pattern, name, 0) == 0;
}

static void on_keys(void *context, const redisReply *keys)
{
    struct search *search = context;
    for (size_t i = 0; i < keys->elements; i++) {
        char *name;
        const char *part;
        if (!channel_of_key(search->ctl->options->prefix, keys->element[i]->str,
                            keys->element[i]->len, &name, &part))
            continue;
        bool is_new = is_wanted(search, name) && !text_map_find(search->found, name);
        if (is_new && text_map_count(search->found) < search->limit)
            text_map_add(search->found, name, mem_strdup(name));
        else
            search->is_cut = search->is_cut || is_new;
        free(name);
    }
}

static void find_listened_to(struct search *search)
{
    char *glob = key_channel(search->ctl->options->prefix, "*");
    redisReply *reply = store_ask(search->ctl->store, "PUBSUB CHANNELS %s", glob);
    on_keys(search, reply);
    freeReplyObject(reply);
    free(glob);
}

/* ------------------------------------------------------------------------------- rows */

static void ask_about(const struct ctl *ctl, const char *name)
{
    const char *prefix = ctl->options->prefix;
    char *pubsub = key_channel(prefix, name);
    char *users = key_of_channel(prefix, name, "users");
    char *members = key_of_channel(prefix, name, "members");
    char *log = key_of_channel(prefix, name, "log");
    char *meta = key_of_channel(prefix, name, "meta");
    store_send(ctl->store, "PUBSUB NUMSUB %s", pubsub);
    store_send(ctl->store, "HLEN %s", users);
    store_send(ctl->store, "HLEN %s", members);
    store_send(ctl->store, "XLEN %s", log);
    store_send(ctl->store, "HGET %s offset", meta);
    store_send(ctl->store, "HGET %s version", meta);
    free(pubsub);
    free(users);
    free(members);
    free(log);
    free(meta);
}

/* The answers, in the order of the questions; the last element of an array is the one meant. */
static json_t *row_of(const struct ctl *ctl, const char *name)
{
    static const char *const names[] = {"nodes",    "users",  "connections",
                                        "messages", "offset", "version"};
    json_t *row = json_object();
    (void)json_object_set_new(row, "channel", output_text(name, strlen(name)));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        redisReply *reply = store_take(ctl->store);
        const redisReply *value = reply->type == REDIS_REPLY_ARRAY && reply->elements > 0
                                      ? reply->element[reply->elements - 1]
                                      : reply;
        (void)json_object_set_new(row, names[i], json_integer(reply_number(value)));
        freeReplyObject(reply);
    }
    return row;
}

static json_t *rows_of(const struct search *search)
{
    const void *cursor = NULL;
    const char *name;
    json_t *rows = json_array();
    while ((name = text_map_next(search->found, &cursor))) {
        ask_about(search->ctl, name);
        (void)json_array_append_new(rows, row_of(search->ctl, name));
    }
    output_sort(rows, "channel", "channel");
    return rows;
}

static void print_rows(const struct search *search, json_t *rows)
{
    char *count = output_count((int64_t)json_array_size(rows), "channel", "channels");
    output_table(columns, COLUMN_COUNT, rows);
    (void)printf("%s%s\n", count, search->is_cut ? ", and more: --limit" : "");
    free(count);
}

static void forget(struct text_map *found)
{
    const void *cursor = NULL;
    char *name;
    while ((name = text_map_next(found, &cursor)))
        free(name);
    text_map_destroy(found);
}

int run_channels(const struct ctl *ctl)
{
    struct search search = {
        .ctl = ctl,
        .pattern = ctl->arguments[0],
        .limit = ctl->options->limit ? (size_t)ctl->options->limit : LIMIT_DEFAULT,
        .found = text_map_create(),
    };
    find_listened_to(&search);
    store_walk_keys(ctl->store, "{*}:*", on_keys, &search);
    json_t *rows = rows_of(&search);
    if (ctl->options->is_json)
        output_json(json_incref(rows));
    else
        print_rows(&search, rows);
    json_decref(rows);
    forget(search.found);
    return CTL_EXIT_OK;
}
