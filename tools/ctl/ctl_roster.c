/*
 * ctl_roster - who is present in a channel, as rows of a result; see ctl_roster.h.
 */
#include "ctl_roster.h"

#include "ctl_leases.h"
#include "ctl_member.h"
#include "ctl_output.h"
#include "ctl_store.h"
#include "ctl_terminal.h"
#include "keys.h"
#include "slice.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

/* json: a member, as nodes write it; passed over if it is none. */
static void add_row(struct roster *roster, struct slice client, struct slice json,
                    bool is_leaving)
{
    struct member member;
    if (!member_read(json.bytes, json.length, &member))
        return;
    bool is_wanted = !roster->user || strcmp(roster->user, member.user) == 0;
    if (is_wanted && json_array_size(roster->rows) >= roster->limit) {
        roster->is_cut = true;
    } else if (is_wanted) {
        bool is_alive = leases_is_alive(roster->leases, member.node, member.generation);
        const char *state = is_leaving ? "leaving" : is_alive ? "present" : "gone";
        json_t *row =
            json_pack("{so, ss, so, ss, sI, sI, ss}", "channel",
                      output_text(roster->channel, strlen(roster->channel)), "user",
                      member.user, "client", output_text(client.bytes, client.length), "node",
                      member.node, "generation", (json_int_t)member.generation, "since_ms",
                      (json_int_t)member.since_ms, "state", state);
        if (member.info)
            (void)json_object_set(row, "info", member.info);
        (void)json_array_append_new(roster->rows, row);
    }
    member_finish(&member);
}

static struct slice slice_of_reply(const redisReply *reply)
{
    return (struct slice){reply->str, reply->len};
}

static void on_members(void *context, const redisReply *elements)
{
    for (size_t i = 0; i + 1 < elements->elements; i += 2)
        add_row(context, slice_of_reply(elements->element[i]),
                slice_of_reply(elements->element[i + 1]), /* is_leaving= */ false);
}

/* user -> CLIENT MEMBER-JSON */
static void on_leaving(void *context, const redisReply *elements)
{
    for (size_t i = 0; i + 1 < elements->elements; i += 2) {
        struct slice value = slice_of_reply(elements->element[i + 1]);
        const char *blank = memchr(value.bytes, ' ', value.length);
        if (!blank)
            continue;
        size_t head = (size_t)(blank - (const char *)value.bytes);
        add_row(context, (struct slice){value.bytes, head},
                (struct slice){blank + 1, value.length - head - 1}, /* is_leaving= */ true);
    }
}

static void walk(struct roster *roster, const char *part, store_slice_fn on_slice)
{
    char *key = key_of_channel(store_prefix(roster->store), roster->channel, part);
    if (!store_walk(roster->store, "HSCAN", key, on_slice, roster))
        ctl_fail("%s is not a hash: parleyctl doctor says more", key);
    free(key);
}

void roster_read(struct roster *roster)
{
    walk(roster, "members", on_members);
    walk(roster, "leaving", on_leaving);
}
