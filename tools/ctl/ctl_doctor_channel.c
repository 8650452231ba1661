/*
 * ctl_doctor_channel - the check of a channel's presence; see ctl_doctor.h.
 *
 * Its four keys are read into one tally for each user, and the tallies judged. The first
 * slices of all four come from one moment, so a channel of up to STORE_SLICE members is seen
 * as it was. Bigger ones are read on in slices; very big ones several times, each time for a
 * part of the users, so that memory has a bound.
 */
#include "ctl_doctor.h"

#include "ctl_findings.h"
#include "ctl_leases.h"
#include "ctl_member.h"
#include "ctl_store.h"
#include "keys.h"
#include "mem.h"
#include "text_map.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TALLIES_MAX = 100000 }; /* about, in one pass */

/* What the four keys say of one user. */
struct tally {
    char *user;
    bool has_count;
    int64_t count;
    int64_t connection_count;
    uint64_t clients_mark; /* of the connections' ids */
    bool is_leaving;
    bool has_grace;
    int64_t grace_end_ms;
};

enum presence_part { PART_MEMBERS, PART_USERS, PART_LEAVING, PART_GRACE, PART_COUNT };

struct census {
    const struct doctor *doctor;
    struct findings *findings;
    const char *channel;
    uint64_t part; /* of the users, in this pass */
    uint64_t part_count;
    char *keys[PART_COUNT];
    struct text_map *tallies; /* by user */
};

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    return hash;
}

/* NULL: the user is of another pass. */
static struct tally *tally_of(struct census *census, const char *user)
{
    struct tally *tally = text_map_find(census->tallies, user);
    if (tally || hash_of(user) % census->part_count != census->part)
        return tally;
    tally = mem_zalloc(sizeof(*tally));
    tally->user = mem_strdup(user);
    text_map_add(census->tallies, user, tally);
    return tally;
}

/* ---------------------------------------------------------------------------- reading */

/* Asks whether the node's set has the member; false: there is nothing to ask. */
static bool ask_node_set(struct census *census, const char *client, const struct member *member)
{
    const struct doctor *doctor = census->doctor;
    if (!leases_find(doctor->leases, member->node, member->generation))
        return false;
    char *name = mem_printf("%s:%lld", member->node, (long long)member->generation);
    char *key = key_lease_members(doctor->prefix, name);
    char *entry = mem_printf("%s %s", client, census->channel);
    store_send(doctor->store, "SISMEMBER %s %s", key, entry);
    free(entry);
    free(key);
    free(name);
    return true;
}

static void read_member(struct census *census, const char *client, const struct member *member)
{
    struct tally *tally = tally_of(census, member->user);
    tally->connection_count++;
    tally->clients_mark += hash_of(client);
    if (!leases_is_alive(census->doctor->leases, member->node, member->generation))
        findings_add(census->findings, "member_without_node", census->keys[PART_MEMBERS], 0,
                     "client %s of user \"%s\": %s:%lld holds no lease", client, member->user,
                     member->node, (long long)member->generation);
}

/* True: whether its node knows of it has been asked. */
static bool on_member(struct census *census, const redisReply *client, const redisReply *value)
{
    struct member member;
    bool is_asked = false;
    if (!member_read(value->str, value->len, &member)) {
        findings_add(census->findings, "member_not_understood", census->keys[PART_MEMBERS], 0,
                     "client %s: it is not what nodes write", client->str);
        return false;
    }
    if (tally_of(census, member.user)) {
        read_member(census, client->str, &member);
        is_asked = ask_node_set(census, client->str, &member);
    }
    member_finish(&member);
    return is_asked;
}

static void on_members(void *context, const redisReply *elements)
{
    struct census *census = context;
    const char **asked = mem_alloc((elements->elements / 2 + 1) * sizeof(*asked));
    size_t asked_count = 0;
    for (size_t i = 0; i + 1 < elements->elements; i += 2) {
        if (on_member(census, elements->element[i], elements->element[i + 1]))
            asked[asked_count++] = elements->element[i]->str;
    }
    for (size_t i = 0; i < asked_count; i++) {
        redisReply *reply = store_take(census->doctor->store);
        if (reply_number(reply) != 1)
            findings_add(census->findings, "member_not_in_node_set", census->keys[PART_MEMBERS],
                         0, "client %s: its node would not clean it up", asked[i]);
        freeReplyObject(reply);
    }
    free(asked);
}

static void on_users(void *context, const redisReply *elements)
{
    for (size_t i = 0; i + 1 < elements->elements; i += 2) {
        struct tally *tally = tally_of(context, elements->element[i]->str);
        if (!tally)
            continue;
        tally->has_count = true;
        tally->count = reply_number(elements->element[i + 1]);
    }
}

static void on_leaving(void *context, const redisReply *elements)
{
    for (size_t i = 0; i + 1 < elements->elements; i += 2) {
        struct tally *tally = tally_of(context, elements->element[i]->str);
        if (tally)
            tally->is_leaving = true;
    }
}

static void on_grace(void *context, const redisReply *elements)
{
    for (size_t i = 0; i + 1 < elements->elements; i += 2) {
        struct tally *tally = tally_of(context, elements->element[i]->str);
        if (!tally)
            continue;
        tally->has_grace = true;
        tally->grace_end_ms = reply_number(elements->element[i + 1]);
    }
}

static const struct {
    const char *name;
    const char *verb;
    const char *type;
    store_slice_fn on_slice;
} parts[PART_COUNT] = {
    [PART_MEMBERS] = {"members", "HSCAN", "a hash", on_members},
    [PART_USERS] = {"users", "HSCAN", "a hash", on_users},
    [PART_LEAVING] = {"leaving", "HSCAN", "a hash", on_leaving},
    [PART_GRACE] = {"grace", "ZSCAN", "a sorted set", on_grace},
};

/* The rest of a part whose first slice is known. False: it is of another type. */
static bool read_part(struct census *census, enum presence_part part, const redisReply *first)
{
    if (first->type != REDIS_REPLY_ARRAY || first->elements != 2)
        return false;
    parts[part].on_slice(census, first->element[1]);
    return store_walk_on(census->doctor->store, parts[part].verb, census->keys[part],
                         reply_text(first->element[0]), parts[part].on_slice, census);
}

static void read_parts(struct census *census)
{
    struct store *store = census->doctor->store;
    store_begin(store);
    for (size_t i = 0; i < PART_COUNT; i++)
        store_send(store, "%s %s 0 COUNT %d", parts[i].verb, census->keys[i], STORE_SLICE);
    redisReply *first = store_end(store, PART_COUNT);
    for (size_t i = 0; i < PART_COUNT; i++) {
        if (!read_part(census, (enum presence_part)i, first->element[i]))
            findings_add(census->findings, "wrong_type", census->keys[i], 0, "it is not %s",
                         parts[i].type);
    }
    freeReplyObject(first);
}

/* ---------------------------------------------------------------------------- judging */

/* Somebody has to end the graces: a node that has the channel in its set, or one whose set is
 * cleaned up. */
static bool has_node_for_graces(const struct census *census)
{
    const struct doctor *doctor = census->doctor;
    const void *cursor = NULL;
    const struct lease *lease;
    bool is_found = false;
    while (!is_found && (lease = leases_next(doctor->leases, &cursor))) {
        char *name = mem_printf("%s:%lld", lease->node, (long long)lease->generation);
        char *key = key_lease_members(doctor->prefix, name);
        char *entry = mem_printf("%s%s", GRACE_ENTRY, census->channel);
        store_send(doctor->store, "SISMEMBER %s %s", key, entry);
        redisReply *reply = store_take(doctor->store);
        is_found = reply_number(reply) == 1;
        freeReplyObject(reply);
        free(entry);
        free(key);
        free(name);
    }
    return is_found;
}

static void judge_count(const struct census *census, const struct tally *tally)
{
    const char *key = census->keys[PART_USERS];
    if (tally->connection_count != tally->count)
        findings_add(census->findings, "count_wrong", key, tally->clients_mark,
                     "user \"%s\": the count is %lld, but there are %lld members", tally->user,
                     (long long)tally->count, (long long)tally->connection_count);
    else if (tally->has_count && tally->count == 0 && !tally->is_leaving)
        findings_add(census->findings, "count_of_nobody", key, 0,
                     "user \"%s\" has no connection and is not leaving: nobody takes it out",
                     tally->user);
    if (tally->is_leaving && tally->count != 0)
        findings_add(census->findings, "leaving_but_present", census->keys[PART_LEAVING],
                     tally->clients_mark, "user \"%s\" is leaving, but has %lld connections",
                     tally->user, (long long)tally->count);
    if (tally->is_leaving && !tally->has_count)
        findings_add(census->findings, "leaving_not_counted", census->keys[PART_LEAVING], 0,
                     "user \"%s\" is leaving, but is not among the users", tally->user);
}

static void judge_grace(const struct census *census, const struct tally *tally)
{
    const char *key = census->keys[PART_GRACE];
    if (tally->is_leaving && !tally->has_grace)
        findings_add(census->findings, "leaving_without_grace", census->keys[PART_LEAVING], 0,
                     "user \"%s\" is leaving, but no end is set: it never leaves", tally->user);
    if (!tally->is_leaving && tally->has_grace)
        findings_add(census->findings, "grace_without_leaving", key, 0,
                     "user \"%s\" has an end of the grace time, but is not leaving",
                     tally->user);
    if (tally->is_leaving && tally->has_grace &&
        tally->grace_end_ms <= leases_now_ms(census->doctor->leases))
        findings_add(census->findings, "grace_overdue", key, (uint64_t)tally->grace_end_ms,
                     "the grace time of user \"%s\" is over, but nobody let it leave",
                     tally->user);
}

static void judge(struct census *census)
{
    const void *cursor = NULL;
    struct tally *tally;
    bool is_anybody_leaving = false;
    while ((tally = text_map_next(census->tallies, &cursor))) {
        judge_count(census, tally);
        judge_grace(census, tally);
        is_anybody_leaving = is_anybody_leaving || tally->is_leaving;
        free(tally->user);
        free(tally);
    }
    if (is_anybody_leaving && !has_node_for_graces(census))
        findings_add(census->findings, "leaving_without_node", census->keys[PART_LEAVING], 0,
                     "users are leaving, but no node's set has the channel: nobody lets them");
}

/* So many passes that each has about TALLIES_MAX users at most. */
static uint64_t count_passes(const struct census *census)
{
    uint64_t size = 0;
    for (size_t i = 0; i < PART_GRACE; i++) {
        store_send(census->doctor->store, "HLEN %s", census->keys[i]);
        redisReply *length = store_take(census->doctor->store);
        uint64_t own = (uint64_t)reply_number(length);
        size = own > size ? own : size;
        freeReplyObject(length);
    }
    return size / TALLIES_MAX + 1;
}

void check_presence(const struct doctor *doctor, const char *channel, struct findings *findings)
{
    struct census census = {.doctor = doctor, .findings = findings, .channel = channel};
    for (size_t i = 0; i < PART_COUNT; i++)
        census.keys[i] = key_of_channel(doctor->prefix, channel, parts[i].name);
    census.part_count = count_passes(&census);
    for (; census.part < census.part_count; census.part++) {
        census.tallies = text_map_create();
        read_parts(&census);
        judge(&census);
        text_map_destroy(census.tallies);
    }
    for (size_t i = 0; i < PART_COUNT; i++)
        free(census.keys[i]);
}
