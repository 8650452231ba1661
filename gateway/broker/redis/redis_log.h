/*
 * redis_log - publications of channels in Redis: publish, read, forget.
 *
 * A publish is one script call: was it made before, its place in the log, the log, everybody
 * who listens, the ack. Its message comes back to this node by the subscriber link like to
 * every other, so that all see one order.
 */
#ifndef PARLEY_REDIS_LOG_H
#define PARLEY_REDIS_LOG_H

#include "broker.h"

struct redis_log;
struct redis_store;

/* The offset and the epoch of a log outlive it by far, so that offsets go on: a client that
 * comes back after a day is told that it missed something, not that nothing is there. */
int64_t redis_log_meta_ttl_ms(const struct broker_policy *policy);

/* The store is borrowed for the life of the object. *new* */
struct redis_log *redis_log_create(struct redis_store *store);
void redis_log_destroy(struct redis_log *log);

/* These are the requests of broker.h. */
void redis_log_publish(struct redis_log *log, const char *channel,
                       const struct broker_message *message, struct broker_waiter waiter);
void redis_log_history(struct redis_log *log, const char *channel,
                       const struct broker_range *range, struct broker_waiter waiter);
void redis_log_remove(struct redis_log *log, const char *channel, struct broker_waiter waiter);
void redis_log_new_epoch(struct redis_log *log, const char *channel,
                         const struct broker_position *seen, bool is_certain);

#endif
