/*
 * peer_counts - how much of something each address has at the moment.
 *
 * Counts whom peer_customer tells apart: a whole address of IPv4, the half of one of IPv6 that
 * a provider gives away. Memory follows the number of those that have any, 32 bytes each or
 * less; who has none is not remembered. The places in the table are chosen by a key that nobody
 * outside knows.
 */
#ifndef PARLEY_PEER_COUNTS_H
#define PARLEY_PEER_COUNTS_H

#include <stddef.h>
#include <stdint.h>

struct peer_counts;

struct peer_counts *peer_counts_create(void); /* *new* */
void peer_counts_destroy(struct peer_counts *counts);

/* One more; answers how many that makes. customer: see peer_customer. */
uint32_t peer_counts_add(struct peer_counts *counts, uint64_t customer);
/* One less of those that were added. */
void peer_counts_remove(struct peer_counts *counts, uint64_t customer);
uint32_t peer_counts_get(const struct peer_counts *counts, uint64_t customer);

/* Addresses that have any. */
size_t peer_counts_size(const struct peer_counts *counts);

#endif
