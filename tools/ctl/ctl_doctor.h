/*
 * ctl_doctor - checks of keys against each other.
 *
 * A check looks once at its subject and adds what it finds wrong at that moment. It may look
 * at several keys one after the other, between which nodes work on: ctl_doctor.c looks again.
 */
#ifndef PARLEY_CTL_DOCTOR_H
#define PARLEY_CTL_DOCTOR_H

/* What an entry of a lease's set begins with when the node ends a channel's graces. */
#define GRACE_ENTRY "- "

struct findings;
struct leases;
struct store;

struct doctor {
    struct store *store;
    const char *prefix;
    struct leases *leases; /* of about now */
};

typedef void (*check_fn)(const struct doctor *doctor, const char *subject,
                         struct findings *findings);

/* Of the channel named: members, users, leaving and grace. */
void check_presence(const struct doctor *doctor, const char *channel,
                    struct findings *findings);
/* Of the channel named: log and meta. */
void check_log(const struct doctor *doctor, const char *channel, struct findings *findings);
void check_meta(const struct doctor *doctor, const char *channel, struct findings *findings);
/* Of the key named: that it goes by itself. */
void check_ttl(const struct doctor *doctor, const char *key, struct findings *findings);

/* Of the node named: its lease. */
void check_node(const struct doctor *doctor, const char *node, struct findings *findings);
/* Of the lease named, NODE:GENERATION: what has to be cleaned up after it. */
void check_node_set(const struct doctor *doctor, const char *name, struct findings *findings);
/* The set of all nodes; the subject says nothing. */
void check_nodes(const struct doctor *doctor, const char *unused, struct findings *findings);

#endif
