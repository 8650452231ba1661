/*
 * ctl_who - `parleyctl who` and `parleyctl user`: presence by channel, and by user.
 *
 * There is no index by user, since no node needs one: every channel's hash of users is asked,
 * and only those that know the user are read.
 */
#include "ctl_channels.h"
#include "ctl_commands.h"
#include "ctl_leases.h"
#include "ctl_options.h"
#include "ctl_output.h"
#include "ctl_roster.h"
#include "ctl_store.h"
#include "ctl_terminal.h"
#include "keys.h"
#include "mem.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 1000 };

static const struct column columns[] = {
    {"CHANNEL", "channel", COLUMN_TEXT}, {"USER", "user", COLUMN_TEXT},
    {"STATE", "state", COLUMN_STATE},    {"SINCE", "since_ms", COLUMN_TIME},
    {"NODE", "node", COLUMN_TEXT},       {"CLIENT", "client", COLUMN_TEXT},
    {"INFO", "info", COLUMN_JSON},
};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

static size_t limit_of(const struct ctl *ctl)
{
    return ctl->options->limit ? (size_t)ctl->options->limit : LIMIT_DEFAULT;
}

static int64_t length_of(const struct ctl *ctl, const char *channel, const char *part)
{
    char *key = key_of_channel(ctl->options->prefix, channel, part);
    redisReply *reply = store_ask(ctl->store, "HLEN %s", key);
    int64_t length = reply_number(reply);
    freeReplyObject(reply);
    free(key);
    return length;
}

/* ----------------------------------------------------------------------- a channel's users */

static void print_who(const json_t *result, const struct roster *roster)
{
    char *users =
        output_count(json_integer_value(json_object_get(result, "users")), "user", "users");
    char *connections = output_count(json_integer_value(json_object_get(result, "connections")),
                                     "connection", "connections");
    output_table(columns + 1, COLUMN_COUNT - 1, roster->rows);
    (void)printf("%s, %s%s\n", users, connections, roster->is_cut ? "; more: --limit" : "");
    free(users);
    free(connections);
}

int run_who(const struct ctl *ctl)
{
    const char *channel = ctl_channel(ctl);
    struct leases *leases = leases_load(ctl->store);
    struct roster roster = {.store = ctl->store,
                            .leases = leases,
                            .channel = channel,
                            .limit = limit_of(ctl),
                            .rows = json_array()};
    json_t *result =
        json_pack("{ss, sI, sI, so}", "channel", channel, "users",
                  (json_int_t)length_of(ctl, channel, "users"), "connections",
                  (json_int_t)length_of(ctl, channel, "members"), "members", roster.rows);
    roster_read(&roster);
    output_sort(roster.rows, "user", "since_ms");
    if (ctl->options->is_json)
        output_json(json_incref(result));
    else
        print_who(result, &roster);
    json_decref(result);
    leases_destroy(leases);
    return CTL_EXIT_OK;
}

/* ----------------------------------------------------------------------- a user's channels */

struct user_search {
    const struct ctl *ctl;
    struct roster *roster;
};

static void read_channel(struct user_search *search, const char *key, size_t length)
{
    char *channel;
    const char *part;
    if (!channel_of_key(search->ctl->options->prefix, key, length, &channel, &part))
        return;
    search->roster->channel = channel;
    if (strcmp(part, "users") == 0)
        roster_read(search->roster);
    free(channel);
}

/* A slice of names of hashes: which of them know the user? */
static void on_users_keys(void *context, const redisReply *keys)
{
    struct user_search *search = context;
    struct store *store = search->ctl->store;
    bool *is_known = mem_zalloc((keys->elements + 1) * sizeof(*is_known));
    for (size_t i = 0; i < keys->elements; i++)
        store_send(store, "HEXISTS %b %s", keys->element[i]->str, keys->element[i]->len,
                   search->roster->user);
    for (size_t i = 0; i < keys->elements; i++) {
        redisReply *reply = store_take(store);
        is_known[i] = reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
        freeReplyObject(reply);
    }
    for (size_t i = 0; i < keys->elements; i++) {
        if (is_known[i])
            read_channel(search, keys->element[i]->str, keys->element[i]->len);
    }
    free(is_known);
}

static void print_user(const struct roster *roster)
{
    char *count =
        output_count((int64_t)json_array_size(roster->rows), "connection", "connections");
    char *user = terminal_text(roster->user, strlen(roster->user));
    output_table(columns, COLUMN_COUNT, roster->rows);
    if (json_array_size(roster->rows) == 0)
        (void)printf("%s is not present in any channel\n", user);
    else
        (void)printf("%s%s\n", count, roster->is_cut ? "; more: --limit" : "");
    free(user);
    free(count);
}

int run_user(const struct ctl *ctl)
{
    struct leases *leases = leases_load(ctl->store);
    struct roster roster = {.store = ctl->store,
                            .leases = leases,
                            .user = ctl->arguments[0],
                            .limit = limit_of(ctl),
                            .rows = json_array()};
    struct user_search search = {ctl, &roster};
    store_walk_keys(ctl->store, "{*}:users", on_users_keys, &search);
    output_sort(roster.rows, "channel", "since_ms");
    if (ctl->options->is_json)
        output_json(json_incref(roster.rows));
    else
        print_user(&roster);
    json_decref(roster.rows);
    leases_destroy(leases);
    return CTL_EXIT_OK;
}
