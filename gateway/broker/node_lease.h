/*
 * node_lease - this node's sign of life in Redis.
 *
 * One key with a TTL per node, renewed by one script call per interval, whatever the number
 * of connections. Redis's clock decides, never the nodes'. A node that finds its lease gone
 * takes a new generation and tells its owner, who joins the members again. A name that
 * another process holds, and goes on renewing, is refused.
 * Also knows which nodes are alive, for readers of presence, and sends the probe that goes
 * through the subscriber link.
 */
#ifndef PARLEY_NODE_LEASE_H
#define PARLEY_NODE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct node_lease;
struct redis_link;

struct node_lease_options {
    const char *prefix;
    const char *node;
    const char *address; /* where the node listens, for people who look */
    int64_t ttl_ms;
    int64_t renew_ms;
    void *context;
    /* The lease had run out and is held again: what depended on it must be put back. */
    void (*on_regained)(void *context);
    void (*on_name_taken)(void *context);
};

/* options are borrowed for the life of the lease. *new* */
struct node_lease *node_lease_create(struct loop *loop, struct redis_link *commands,
                                     const struct node_lease_options *options);
void node_lease_destroy(struct node_lease *lease);

/* Renews now, as after a reconnect. */
void node_lease_renew(struct node_lease *lease);
/* Gives the lease back; it is not renewed any more. */
void node_lease_release(struct node_lease *lease);

bool node_lease_is_held(const struct node_lease *lease);
int64_t node_lease_generation(const struct node_lease *lease); /* 0: never held */

/* Asks who is alive now; the answer is there before that of any later command. */
void node_lease_look(struct node_lease *lease);
/* Has this node a lease, as far as was known at the last look? */
bool node_lease_is_alive(const struct node_lease *lease, const char *node);

#endif
