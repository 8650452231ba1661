/*
 * bench_message - the numbered chat message that the bench sends and recognises.
 *
 *   {"message":{"userid":"p0003","time":"RRRRRRRR:PPPP:SSSSSSSS:NNNNNNNNNNNNNNNN","message":"..."}}
 *
 * R is the run (what an earlier run left in a channel's history is told apart by it), P the
 * publisher, S its sequence number from 1, N the send time in ns since the run began. All
 * have fixed width, so that reading one is a compare and a few digits at a known place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MESSAGE_RUN_LENGTH = 8,
    MESSAGE_MAX_PUBLISHERS = 4096,
    MESSAGE_MAX_SEQUENCE = 99999999,
    MESSAGE_MAX_BYTES = 1 << 20,
};

struct message_number {
    int publisher;
    uint32_t sequence;
    int64_t sent_ns;
};

/* The smallest payload that holds the numbers. */
size_t message_min_bytes(void);

/* Writes a payload of exactly `size` bytes (no terminator), all numbers zero but P. */
void message_format(char *payload, size_t size, const char *run, int publisher);

/* Puts sequence and time into a payload made by message_format(). */
void message_stamp(char *payload, uint32_t sequence, int64_t sent_ns);

/* False when the payload is not a message of this run. Fields may come in any order. */
bool message_parse(const char *payload, size_t length, const char *run,
                   struct message_number *ret_number);
