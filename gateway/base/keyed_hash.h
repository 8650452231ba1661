/*
 * keyed_hash - hashes of what strangers may choose: names, users, addresses.
 *
 * Each process has a key of its own, so that nobody outside can make up texts of one hash. The
 * same bytes have the same hash for the life of the process, and another in the next.
 */
#ifndef PARLEY_KEYED_HASH_H
#define PARLEY_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t keyed_hash(const void *bytes, size_t length);

#endif
