/*
 * ctl_roster - who is present in a channel, as rows of a result.
 *
 * Members of {channel, user, client, node, generation, since_ms, state, info}. The state is
 * "present"; "gone" when the node has no lease, so that nobody is shown them; "leaving" for a
 * user who is in the grace time, has no connection, and counts as present.
 */
#ifndef PARLEY_CTL_ROSTER_H
#define PARLEY_CTL_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

struct json_t;
struct leases;
struct store;

struct roster {
    struct store *store;
    const struct leases *leases;
    const char *channel;
    const char *user; /* NULL: all */
    size_t limit;
    struct json_t *rows; /* appended to */
    bool is_cut;         /* out: there are more than limit */
};

void roster_read(struct roster *roster);

#endif
