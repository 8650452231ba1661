/*
 * auth - who has to show a token, and who may enter which channel.
 */
#ifndef PARLEY_AUTH_H
#define PARLEY_AUTH_H

#include "token.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub;

/* How long an expired connection or subscription is kept, for its client to refresh it. */
enum { AUTH_GRACE_S = 25 };

/* Keys are configured, and nobody comes in without a token. */
bool auth_is_required(const struct hub *hub);

/* Without keys every token is TOKEN_INVALID. The token is to be finished. */
enum token_result auth_check(const struct hub *hub, const char *text, struct token *ret_token);

/* A channel with # in its name is for the users named behind it: inbox#42,43. */
bool auth_may_enter(const char *channel, const char *user);

/* Seconds that are left, at least 1; for "ttl". */
int64_t auth_ttl_s(int64_t expires_at_s);
bool auth_is_over(int64_t expires_at_s); /* grace included; 0: never */

#endif
