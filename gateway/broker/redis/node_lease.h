/*
 * node_lease - this node's sign of life in Redis, and what is known of the others'.
 *
 * One key with a TTL per node, renewed by one script call per interval, whatever the number
 * of connections. Redis's clock decides, never the nodes'. A node that finds its lease gone
 * takes a new generation and tells its owner, who joins the members again. A name that
 * another process holds, and goes on renewing, is refused.
 * With each renewal it looks at the leases of all nodes: it knows when each one ends, and
 * says so at that moment.
 */
#ifndef PARLEY_NODE_LEASE_H
#define PARLEY_NODE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct node_lease;
struct redis_store;

struct node_lease_options {
    const char *node;
    const char *address; /* where the node listens, for people who look */
    uint64_t instance;   /* tells two processes of the node apart; 0: one is made up */
    /* A process of the node that is known to be dead: its lease is not waited for. 0: none. */
    uint64_t dead_instance;
    /* Where the process runs, see struct redis_broker_options. */
    const char *place;
    int64_t ttl_ms;
    int64_t renew_ms;
    void *context;
    /* The lease is held, for the first time or with a new generation: whatever hangs on it
     * must be put back. */
    void (*on_taken)(void *context);
    /* It was renewed for the first time since node_lease_renew_after_silence, or what hangs on
     * it was lost. */
    void (*on_confirmed)(void *context);
    /* The lease NAME, NODE:GENERATION, of some node has ended; told again until it is gone. */
    void (*on_ended)(void *context, const char *name, int64_t end_ms);
    void (*on_name_taken)(void *context);
};

/* store and options are borrowed for the life of the lease. *new* */
struct node_lease *node_lease_create(struct loop *loop, struct redis_store *store,
                                     const struct node_lease_options *options);
void node_lease_destroy(struct node_lease *lease);

/* Renews now: the link was away. */
void node_lease_renew_after_silence(struct node_lease *lease);
/* Gives the lease back; it is not renewed any more. What members it has left are for others
 * to clean up. */
void node_lease_release(struct node_lease *lease);
/* What is to be cleaned up should the node die: "CLIENT CHANNEL", in the set of the lease that
 * is held. */
void node_lease_add_entry(struct node_lease *lease, const char *client, const char *channel);
void node_lease_remove_entry(struct node_lease *lease, const char *client, const char *channel);
/* Puts a lease that has ended among those that others clean up. */
void node_lease_hand_over(struct node_lease *lease, const char *name);

/* False, too, when it ended while this process was not looking. */
bool node_lease_is_held(const struct node_lease *lease);
/* With which words Redis refused to renew it the last time; NULL: it did not. Borrowed, until
 * the next turn. */
const char *node_lease_refusal(const struct node_lease *lease);
/* The node's name, borrowed. */
const char *node_lease_node(const struct node_lease *lease);
int64_t node_lease_generation(const struct node_lease *lease); /* 0: never held */
/* NODE:GENERATION; "": never held. Borrowed, until the next generation. */
const char *node_lease_name(const struct node_lease *lease);

/* When it ends unless it is renewed, Redis time. */
int64_t node_lease_end_ms(const struct node_lease *lease);

/* Of a moment on clock_now_ms's clock. As good as the last renewal's round trip. */
int64_t node_lease_redis_time(const struct node_lease *lease, int64_t moment_ms);

/* Asks who is alive now; the answer is there before that of any later command. */
void node_lease_look(struct node_lease *lease);
/* Has this lease not ended, as far as was known at the last look? */
bool node_lease_is_alive(const struct node_lease *lease, const char *node, int64_t generation);

#endif
