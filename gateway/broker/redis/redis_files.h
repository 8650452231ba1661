/*
 * redis_files - files in Redis: one string each, written and read in pieces.
 *
 * Pieces, so that a file on its way does not hold up the messages behind it on the link.
 */
#ifndef PARLEY_REDIS_FILES_H
#define PARLEY_REDIS_FILES_H

#include "broker.h"

struct redis_store;

/* What the operations of struct broker_ops do. */
void redis_files_reserve(struct redis_store *store, const struct broker_file *file,
                         bool is_whole, struct broker_waiter waiter);
void redis_files_append(struct redis_store *store, const struct broker_file *file, size_t at,
                        struct slice piece, struct broker_waiter waiter);
void redis_files_read(struct redis_store *store, const char *id, size_t at, size_t length,
                      struct broker_waiter waiter);
void redis_files_remove(struct redis_store *store, const struct broker_file *file);

#endif
