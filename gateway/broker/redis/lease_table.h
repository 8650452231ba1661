/*
 * lease_table - the leases of all nodes, as they were at the last look.
 *
 * A lease is named NODE:GENERATION; a node that was restarted, or lost its lease, has another
 * generation and so another lease. Pure memory: who fills it says what time it is in Redis.
 */
#ifndef PARLEY_LEASE_TABLE_H
#define PARLEY_LEASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lease_table;

struct lease_table *lease_table_create(void);
void lease_table_destroy(struct lease_table *table); /* takes NULL */

/* Forgets all leases: lease_table_add fills in what a new reading has found. */
void lease_table_clear(struct lease_table *table);
/* name is copied. end_ms is Redis time. Of a name that comes twice, as none of a node's does,
 * the later end counts. */
void lease_table_add(struct lease_table *table, const char *name, int64_t end_ms);

/* Had it an end after now_ms? */
bool lease_table_is_alive(const struct lease_table *table, const char *node, int64_t generation,
                          int64_t now_ms);

/* Calls on_ended for every lease whose end came before now_ms. */
void lease_table_each_ended(const struct lease_table *table, int64_t now_ms,
                            void (*on_ended)(void *context, const char *name, int64_t end_ms),
                            void *context);

#endif
