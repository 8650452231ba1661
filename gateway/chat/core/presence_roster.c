/*
 * presence_roster - who is in a channel, as far as its subscribers were told; see
 * presence_roster.h.
 */
#include "presence_roster.h"

#include "mem.h"
#include "presence_window.h"
#include "text_map.h"

#include <assert.h>
#include <stdlib.h>

struct entry {
    char *key;
    char *user;
    char *client;
    char *info;
    uint64_t round; /* of the list it was last found in */
};

struct presence_roster {
    struct text_map *entries; /* by whom they are about */
    bool is_each_connection_told;
    uint64_t round;
};

struct presence_roster *presence_roster_create(bool is_each_connection_told)
{
    struct presence_roster *roster = mem_zalloc(sizeof(*roster));
    roster->entries = text_map_create();
    roster->is_each_connection_told = is_each_connection_told;
    return roster;
}

static void entry_destroy(struct entry *entry)
{
    free(entry->key);
    free(entry->user);
    free(entry->client);
    free(entry->info);
    free(entry);
}

void presence_roster_destroy(struct presence_roster *roster)
{
    const void *cursor = NULL;
    struct entry *entry;
    if (!roster)
        return;
    while ((entry = text_map_next(roster->entries, &cursor)))
        entry_destroy(entry);
    text_map_destroy(roster->entries);
    free(roster);
}

/* *new* */
static char *key_of(const struct presence_roster *roster, const char *user, const char *client)
{
    return presence_key(user, client, roster->is_each_connection_told);
}

/* False: it is there already. key: *stolen*. */
static bool add(struct presence_roster *roster, char *key, const struct broker_member *member)
{
    struct entry *entry = text_map_find(roster->entries, key);
    if (entry) {
        entry->round = roster->round;
        free(key);
        return false;
    }
    entry = mem_alloc(sizeof(*entry));
    *entry = (struct entry){key, mem_strdup(member->user), mem_strdup(member->client),
                            mem_strdup(member->info), roster->round};
    text_map_add(roster->entries, key, entry);
    return true;
}

bool presence_roster_note(struct presence_roster *roster, const struct broker_presence *change)
{
    assert(change->kind != BROKER_SYNC);
    char *key = key_of(roster, change->user, change->client);
    if (change->kind == BROKER_JOIN)
        return add(roster, key,
                   &(struct broker_member){
                       .client = change->client, .user = change->user, .info = change->info});
    struct entry *entry = text_map_remove(roster->entries, key);
    free(key);
    if (!entry)
        return false;
    entry_destroy(entry);
    return true;
}

struct teller {
    void (*on_change)(void *context, const struct broker_presence *change);
    void *context;
    const struct broker_reply *list;
};

static void tell(const struct teller *teller, enum broker_presence_kind kind, const char *user,
                 const char *client, const char *info)
{
    if (!teller->on_change)
        return;
    teller->on_change(teller->context,
                      &(struct broker_presence){.kind = kind,
                                                .version = teller->list->version,
                                                .user_count = teller->list->user_count,
                                                .user = user,
                                                .client = client,
                                                .info = info});
}

static void drop_missing(struct presence_roster *roster, const struct teller *teller)
{
    const void *cursor = NULL;
    struct entry *entry;
    while ((entry = text_map_next(roster->entries, &cursor))) {
        if (entry->round == roster->round)
            continue;
        tell(teller, BROKER_LEAVE, entry->user, entry->client, entry->info);
        text_map_remove(roster->entries, entry->key);
        entry_destroy(entry);
    }
}

static void mark_listed(struct presence_roster *roster, const struct broker_reply *list)
{
    for (size_t i = 0; i < list->member_count; i++) {
        const struct broker_member *member = &list->members[i];
        char *key = key_of(roster, member->user, member->client);
        struct entry *entry = text_map_find(roster->entries, key);
        if (entry)
            entry->round = roster->round;
        free(key);
    }
}

void presence_roster_replace(struct presence_roster *roster, const struct broker_reply *list,
                             void (*on_change)(void *context,
                                               const struct broker_presence *change),
                             void *context)
{
    const struct teller teller = {on_change, context, list};
    roster->round++;
    mark_listed(roster, list);
    drop_missing(roster, &teller);
    for (size_t i = 0; i < list->member_count; i++) {
        const struct broker_member *member = &list->members[i];
        if (add(roster, key_of(roster, member->user, member->client), member))
            tell(&teller, BROKER_JOIN, member->user, member->client, member->info);
    }
}
