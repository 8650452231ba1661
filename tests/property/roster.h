/*
 * roster - who is present in a channel of the model: connections, each of a user.
 */
#ifndef PARLEY_ROSTER_H
#define PARLEY_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

struct broker_member;

enum { ROSTER_MAX = 256, ROSTER_CLIENT_BYTES = 160, ROSTER_USER_BYTES = 64 };

struct roster {
    size_t count;
    struct roster_entry {
        char client[ROSTER_CLIENT_BYTES];
        char user[ROSTER_USER_BYTES];
    } entries[ROSTER_MAX];
};

/* True: everybody is told, since the user was not there, or has no name. */
bool roster_join(struct roster *roster, const char *client, const char *user);
/* True: the user has no other connection. */
bool roster_leave(struct roster *roster, const char *client);

size_t roster_user_count(const struct roster *roster);
/* Bit N for user "pN". */
unsigned roster_users(const struct roster *roster);
/* ret_members: ROSTER_MAX; what they point to is borrowed. */
size_t roster_list(const struct roster *roster, struct broker_member *ret_members);

#endif
