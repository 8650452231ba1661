/*
 * redis_broker - the broker whose nodes share a Redis.
 */
#ifndef PARLEY_REDIS_BROKER_H
#define PARLEY_REDIS_BROKER_H

#include <stddef.h>
#include <stdint.h>

struct broker;
struct loop;
struct redis_url;

struct redis_broker_options {
    const struct redis_url *url;
    const char *ca_file;
    const char *prefix;
    const char *node;
    const char *address;
    int64_t timeout_ms;
    int64_t lease_ttl_ms;
    int64_t lease_renew_ms;
    size_t history_size; /* 0: channels keep no log */
    int64_t history_ttl_ms;
};

/* options and what they point to are borrowed for the life of the broker. *new* */
struct broker *redis_broker_create(struct loop *loop,
                                   const struct redis_broker_options *options);

#endif
