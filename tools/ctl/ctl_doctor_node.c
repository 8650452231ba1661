/*
 * ctl_doctor_node - checks of nodes, leases and what has to be cleaned up; see ctl_doctor.h.
 *
 * An entry "CLIENT CHANNEL" of a lease's set is right while the client is a member under that
 * lease. "- CHANNEL" says that the node ends the graces of a channel; it may outlive the last
 * one by as long as a grace is, which is not known here, and does no harm.
 */
#include "ctl_doctor.h"

#include "ctl_findings.h"
#include "ctl_leases.h"
#include "ctl_member.h"
#include "ctl_store.h"
#include "keys.h"
#include "mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------ leases */

void check_node(const struct doctor *doctor, const char *node, struct findings *findings)
{
    char *key = key_node(doctor->prefix, node);
    store_begin(doctor->store);
    store_send(doctor->store, "PTTL %s", key);
    store_send(doctor->store, "HGET %s generation", key);
    redisReply *looked = store_end(doctor->store, 2);
    int64_t ttl = reply_number(looked->element[0]);
    int64_t generation = reply_number(looked->element[1]);
    if (looked->element[1]->type == REDIS_REPLY_ERROR)
        findings_add(findings, "wrong_type", key, 0, "it is not a hash");
    else if (ttl == -1)
        findings_add(findings, "lease_without_ttl", key, 0,
                     "it has no TTL: the node counts as alive for ever");
    else if (ttl >= 0 && !leases_is_alive(doctor->leases, node, generation))
        findings_add(findings, "lease_not_in_nodes", key, 0,
                     "generation %lld holds a lease that the set of nodes does not know",
                     (long long)generation);
    freeReplyObject(looked);
    free(key);
}

static void check_living(const struct doctor *doctor, const struct lease *lease,
                         const char *nodes_key, struct findings *findings)
{
    char *key = key_node(doctor->prefix, lease->node);
    store_send(doctor->store, "HGET %s generation", key);
    redisReply *generation = store_take(doctor->store);
    if (reply_number(generation) != lease->generation)
        findings_add(findings, "node_without_lease", nodes_key, 0,
                     "%s:%lld is alive by this set, but %s says otherwise", lease->node,
                     (long long)lease->generation, key);
    freeReplyObject(generation);
    free(key);
}

/* While the set has entries, they are looked at one by one. */
static void check_over(const struct doctor *doctor, const struct lease *lease,
                       const char *nodes_key, struct findings *findings)
{
    char *name = mem_printf("%s:%lld", lease->node, (long long)lease->generation);
    char *key = key_lease_members(doctor->prefix, name);
    store_send(doctor->store, "SCARD %s", key);
    redisReply *count = store_take(doctor->store);
    if (reply_number(count) == 0)
        findings_add(findings, "lease_not_cleaned_up", nodes_key, 0,
                     "the lease of %s is over and has no members left, but nobody took it out",
                     name);
    freeReplyObject(count);
    free(key);
    free(name);
}

void check_nodes(const struct doctor *doctor, const char *unused, struct findings *findings)
{
    char *key = key_nodes(doctor->prefix);
    const void *cursor = NULL;
    const struct lease *lease;
    (void)unused;
    while ((lease = leases_next(doctor->leases, &cursor))) {
        if (lease->end_ms > leases_now_ms(doctor->leases))
            check_living(doctor, lease, key, findings);
        else
            check_over(doctor, lease, key, findings);
    }
    free(key);
}

/* ------------------------------------------------------------------- what is cleaned up */

struct set_check {
    const struct doctor *doctor;
    struct findings *findings;
    const char *key; /* of the set */
    char *node;      /* whose lease it is */
    int64_t generation;
};

static bool is_member_of(const struct set_check *check, const redisReply *reply)
{
    struct member member;
    if (reply->type != REDIS_REPLY_STRING || !member_read(reply->str, reply->len, &member))
        return false;
    bool is_own =
        member.generation == check->generation && strcmp(member.node, check->node) == 0;
    member_finish(&member);
    return is_own;
}

/* Of something that is not an entry, the answer is that there is no such member. */
static void ask_for_member(const struct set_check *check, const char *entry)
{
    size_t length = strcspn(entry, " ");
    const char *channel = entry[length] ? entry + length + 1 : "";
    char *members = key_of_channel(check->doctor->prefix, channel, "members");
    store_send(check->doctor->store, "HGET %s %b", members, entry, length);
    free(members);
}

static void judge_entry(const struct set_check *check, const char *entry,
                        const redisReply *member)
{
    if (!strchr(entry, ' '))
        findings_add(check->findings, "node_set_not_understood", check->key, 0,
                     "\"%s\" is not a client and its channel", entry);
    else if (strncmp(entry, GRACE_ENTRY, strlen(GRACE_ENTRY)) != 0 &&
             !is_member_of(check, member))
        findings_add(check->findings, "node_set_without_member", check->key, 0,
                     "\"%s\" is no member under this lease", entry);
}

static void on_entries(void *context, const redisReply *entries)
{
    const struct set_check *check = context;
    for (size_t i = 0; i < entries->elements; i++)
        ask_for_member(check, entries->element[i]->str);
    for (size_t i = 0; i < entries->elements; i++) {
        redisReply *member = store_take(check->doctor->store);
        judge_entry(check, entries->element[i]->str, member);
        freeReplyObject(member);
    }
}

void check_node_set(const struct doctor *doctor, const char *name, struct findings *findings)
{
    const char *colon = strrchr(name, ':');
    char *key = key_lease_members(doctor->prefix, name);
    struct set_check check = {.doctor = doctor,
                              .findings = findings,
                              .key = key,
                              .node = mem_strndup(name, (size_t)(colon - name)),
                              .generation = strtoll(colon + 1, NULL, 10)};
    redisReply *exists = store_ask(doctor->store, "EXISTS %s", key);
    if (reply_number(exists) == 1 && !leases_find(doctor->leases, check.node, check.generation))
        findings_add(findings, "node_set_without_lease", key, 0,
                     "the set of nodes does not know %s: nobody will clean up after it", name);
    else if (!store_walk(doctor->store, "SSCAN", key, on_entries, &check))
        findings_add(findings, "wrong_type", key, 0, "it is not a set");
    freeReplyObject(exists);
    free(check.node);
    free(key);
}
