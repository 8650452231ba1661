/*
 * redis_broker - the broker whose nodes share a Redis.
 */
#ifndef PARLEY_REDIS_BROKER_H
#define PARLEY_REDIS_BROKER_H

#include "broker.h"

#include <stdint.h>

struct loop;
struct redis_url;

struct redis_broker_options {
    const struct redis_url *url;
    const char *ca_file;
    const char *prefix;
    const char *node;
    const char *address;
    uint64_t instance, dead_instance; /* see node_lease.h */
    /* Names where this process runs, and no two can run at once, since both need the port: a
     * predecessor of the same place is dead. NULL: not known. */
    const char *place;
    int64_t timeout_ms;
    size_t queue_bytes_max; /* of commands that wait for an answer; 0: no limit */
    int64_t lease_ttl_ms;
    int64_t lease_renew_ms;
    struct broker_policies policies;
};

/* options and what they point to are borrowed for the life of the broker. *new* */
struct broker *redis_broker_create(struct loop *loop,
                                   const struct redis_broker_options *options);

#endif
