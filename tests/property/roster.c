/*
 * roster - who is present in a channel of the model; see roster.h.
 */
#include "roster.h"

#include "broker.h"
#include "fault.h"

#include <stdio.h>
#include <string.h>

static const struct roster_entry *find_client(const struct roster *roster, const char *client)
{
    for (size_t i = 0; i < roster->count; i++) {
        if (strcmp(roster->entries[i].client, client) == 0)
            return &roster->entries[i];
    }
    return NULL;
}

static bool has_user(const struct roster *roster, size_t count, const char *user)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(roster->entries[i].user, user) == 0)
            return true;
    }
    return false;
}

bool roster_join(struct roster *roster, const char *client, const char *user)
{
    if (find_client(roster, client))
        return false;
    if (roster->count == ROSTER_MAX)
        fault("%d are present, and were told to leave", ROSTER_MAX);
    bool is_first = user[0] == '\0' || !has_user(roster, roster->count, user);
    struct roster_entry *entry = &roster->entries[roster->count++];
    (void)snprintf(entry->client, sizeof(entry->client), "%s", client);
    (void)snprintf(entry->user, sizeof(entry->user), "%s", user);
    return is_first;
}

bool roster_leave(struct roster *roster, const char *client)
{
    const struct roster_entry *entry = find_client(roster, client);
    if (!entry)
        return false;
    size_t place = (size_t)(entry - roster->entries);
    struct roster_entry gone = *entry;
    roster->entries[place] = roster->entries[--roster->count];
    return gone.user[0] == '\0' || !has_user(roster, roster->count, gone.user);
}

size_t roster_user_count(const struct roster *roster)
{
    size_t count = 0;
    for (size_t i = 0; i < roster->count; i++)
        count += !has_user(roster, i, roster->entries[i].user);
    return count;
}

unsigned roster_users(const struct roster *roster)
{
    unsigned users = 0;
    for (size_t i = 0; i < roster->count; i++) {
        if (roster->entries[i].user[0] == 'p')
            users |= 1U << (roster->entries[i].user[1] - '0');
    }
    return users;
}

size_t roster_list(const struct roster *roster, struct broker_member *ret_members)
{
    for (size_t i = 0; i < roster->count; i++)
        ret_members[i] = (struct broker_member){
            .client = roster->entries[i].client,
            .user = roster->entries[i].user,
            .info = "null",
        };
    return roster->count;
}
