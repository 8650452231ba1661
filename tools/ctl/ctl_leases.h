/*
 * ctl_leases - which node held a lease when, in one look at the set of all nodes.
 */
#ifndef PARLEY_CTL_LEASES_H
#define PARLEY_CTL_LEASES_H

#include <stdbool.h>
#include <stdint.h>

struct store;
struct leases;

/* One entry NODE:GENERATION: a node that was started again, or paused, has several. */
struct lease {
    char *node;
    int64_t generation;
    int64_t end_ms; /* Redis's time */
};

/* *new* */
struct leases *leases_load(struct store *store);
void leases_destroy(struct leases *leases);

int64_t leases_now_ms(const struct leases *leases); /* of the look */

/* NULL: there is no such entry. */
const struct lease *leases_find(const struct leases *leases, const char *node,
                                int64_t generation);
/* Has it an end in the future? Readers leave members of other nodes out. */
bool leases_is_alive(const struct leases *leases, const char *node, int64_t generation);

/* One by one, those that end first first: start with *cursor = NULL; NULL at the end. */
const struct lease *leases_next(const struct leases *leases, const void **cursor);

#endif
