/*
 * names - what users, channels and idempotency keys may be called.
 *
 * One rule for all dialects, the server API, tokens and tools. Pure functions.
 */
#ifndef PARLEY_NAMES_H
#define PARLEY_NAMES_H

#include <stdbool.h>

/* In octets, without the terminating zero. */
enum { USER_BYTES_MAX = 128, CHANNEL_NAME_BYTES_MAX = 128 };

/* 1 to CHANNEL_NAME_BYTES_MAX octets of UTF-8 without control characters, spaces, braces. */
bool names_is_channel(const char *name);

/* Of an idempotent publish: 1 to BROKER_KEY_BYTES_MAX octets without control characters. */
bool names_is_key(const char *key);

#endif
