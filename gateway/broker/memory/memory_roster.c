/*
 * memory_roster - the members of one channel of the memory broker; see memory_roster.h.
 */
#include "memory_roster.h"

#include "clock.h"
#include "mem.h"
#include "text_map.h"

#include <stdlib.h>

struct member {
    char *client;
    char *user;
    char *info;
};

struct user {
    char *name;
    size_t connections;
    int64_t grace_until_ms; /* connections is 0, and nobody was told yet; 0: not in a grace */
    struct member *last;    /* the connection that went last; NULL: none yet */
};

struct memory_roster {
    char *channel;
    const struct broker_policy *policy;
    struct roster_teller teller;
    uint64_t version;
    struct text_map *members; /* by client */
    struct text_map *users;   /* by name */
    struct text_map *graced;  /* users in their grace, by name */
};

static struct member *member_create(const struct broker_member *joining)
{
    struct member *member = mem_zalloc(sizeof(*member));
    member->client = mem_strdup(joining->client);
    member->user = mem_strdup(joining->user);
    member->info = mem_strdup(joining->info);
    return member;
}

static void member_destroy(struct member *member)
{
    if (!member)
        return;
    free(member->client);
    free(member->user);
    free(member->info);
    free(member);
}

static struct user *user_ensure(struct memory_roster *roster, const char *name)
{
    struct user *user = text_map_find(roster->users, name);
    if (user)
        return user;
    user = mem_zalloc(sizeof(*user));
    user->name = mem_strdup(name);
    text_map_add(roster->users, user->name, user);
    return user;
}

static void user_destroy(struct user *user)
{
    member_destroy(user->last);
    free(user->name);
    free(user);
}

static void tell(struct memory_roster *roster, enum broker_presence_kind kind,
                 const struct member *member)
{
    roster->version++;
    roster->teller.tell(roster->teller.context, roster->channel,
                        &(struct broker_presence){.kind = kind,
                                                  .version = roster->version,
                                                  .user_count = text_map_count(roster->users),
                                                  .user = member->user,
                                                  .client = member->client,
                                                  .info = member->info});
}

/* Nameless users are as many as their connections. */
static bool is_each_told(const struct memory_roster *roster, const struct user *user)
{
    return roster->policy->is_each_connection_told || user->name[0] == '\0';
}

/* ------------------------------------------------------------------------- the graces */

/* Answers whether it was in its grace: then it has not been away. */
static bool leave_grace(struct memory_roster *roster, struct user *user)
{
    bool was_graced = user->grace_until_ms != 0;
    user->grace_until_ms = 0;
    if (was_graced)
        text_map_remove(roster->graced, user->name);
    return was_graced;
}

static void enter_grace(struct memory_roster *roster, struct user *user)
{
    user->grace_until_ms = clock_now_ms() + roster->policy->presence_grace_ms;
    text_map_add(roster->graced, user->name, user);
}

/* Told after the user is gone from the count. */
static void forget_user(struct memory_roster *roster, struct user *user)
{
    text_map_remove(roster->users, user->name);
    tell(roster, BROKER_LEAVE, user->last);
    user_destroy(user);
}

int64_t memory_roster_end_graces(struct memory_roster *roster, int64_t now_ms)
{
    const void *cursor = NULL;
    struct user *user;
    int64_t next_ms = INT64_MAX;
    while ((user = text_map_next(roster->graced, &cursor))) {
        if (user->grace_until_ms <= now_ms) {
            (void)leave_grace(roster, user);
            forget_user(roster, user);
        } else if (user->grace_until_ms < next_ms) {
            next_ms = user->grace_until_ms;
        }
    }
    return next_ms;
}

/* ---------------------------------------------------------------------- join and leave */

void memory_roster_join(struct memory_roster *roster, const struct broker_member *joining)
{
    if (text_map_find(roster->members, joining->client))
        return;
    struct member *member = member_create(joining);
    text_map_add(roster->members, member->client, member);
    struct user *user = user_ensure(roster, member->user);
    bool is_first = ++user->connections == 1 && !leave_grace(roster, user);
    if (is_first || is_each_told(roster, user))
        tell(roster, BROKER_JOIN, member);
}

void memory_roster_leave(struct memory_roster *roster, const struct broker_member *leaving)
{
    struct member *member = text_map_remove(roster->members, leaving->client);
    if (!member)
        return;
    struct user *user = text_map_find(roster->users, member->user);
    member_destroy(user->last);
    user->last = member;
    bool is_each = is_each_told(roster, user);
    if (--user->connections > 0 && is_each)
        tell(roster, BROKER_LEAVE, member);
    else if (user->connections == 0 && !is_each && roster->policy->presence_grace_ms > 0)
        enter_grace(roster, user);
    else if (user->connections == 0)
        forget_user(roster, user);
}

/* --------------------------------------------------------------------------- the list */

bool memory_roster_is_empty(const struct memory_roster *roster)
{
    return text_map_count(roster->users) == 0;
}

uint64_t memory_roster_connection_count(const struct memory_roster *roster)
{
    return text_map_count(roster->members);
}

static void list_member(struct broker_reply *reply, struct broker_member *members,
                        const struct member *member)
{
    members[reply->member_count++] = (struct broker_member){
        .client = mem_strdup(member->client),
        .user = mem_strdup(member->user),
        .info = mem_strdup(member->info),
    };
}

void memory_roster_list(const struct memory_roster *roster, size_t limit,
                        struct broker_reply *reply)
{
    struct broker_member *members = mem_alloc((limit + 1) * sizeof(*members));
    const void *cursor = NULL;
    const struct member *member;
    const struct user *user;
    while (reply->member_count < limit && (member = text_map_next(roster->members, &cursor)))
        list_member(reply, members, member);
    cursor = NULL;
    while (reply->member_count < limit && (user = text_map_next(roster->graced, &cursor)))
        list_member(reply, members, user->last);
    reply->members = members;
    reply->version = roster->version;
    reply->connection_count = text_map_count(roster->members);
    reply->user_count = text_map_count(roster->users);
}

/* -------------------------------------------------------------------------------- life */

struct memory_roster *memory_roster_create(const char *channel,
                                           const struct broker_policy *policy,
                                           struct roster_teller teller)
{
    struct memory_roster *roster = mem_zalloc(sizeof(*roster));
    roster->channel = mem_strdup(channel);
    roster->policy = policy;
    roster->teller = teller;
    roster->members = text_map_create();
    roster->users = text_map_create();
    roster->graced = text_map_create();
    return roster;
}

void memory_roster_destroy(struct memory_roster *roster)
{
    const void *cursor = NULL;
    struct member *member;
    struct user *user;
    while ((member = text_map_next(roster->members, &cursor)))
        member_destroy(member);
    cursor = NULL;
    while ((user = text_map_next(roster->users, &cursor)))
        user_destroy(user);
    text_map_destroy(roster->members);
    text_map_destroy(roster->users);
    text_map_destroy(roster->graced);
    free(roster->channel);
    free(roster);
}
