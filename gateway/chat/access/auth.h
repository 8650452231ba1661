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
struct session;

/* Keys are configured, and nobody comes in without a token. */
bool auth_is_required(const struct hub *hub);

/* Without keys every token is TOKEN_INVALID, and so is a guest's where guests are let in. The
 * token is to be finished. */
enum token_result auth_check(const struct hub *hub, const char *text, struct token *ret_token);

/* A token with `client` is for the connection of that id alone. session NULL: there is none. */
bool auth_is_for_connection(const struct session *session, const struct token *token);

/* May somebody who has shown no token be called that? Where there are keys, only what no
 * token's user can be called then: guest, or guest- and more. */
bool auth_is_name_free(const struct hub *hub, const char *user);
#define AUTH_GUEST_PREFIX "guest-"
#define AUTH_NAME_IS_NOT_FREE                                                                  \
    "this name is for a user with a token: without one, names begin with guest-"

/* A channel with # in its name is for the users named behind it: inbox#42,43. A user whose name
 * has a comma in it is none of them. */
bool auth_may_enter(const char *channel, const char *user);

/* Seconds that are left, at least 1; for "ttl". */
int64_t auth_ttl_s(int64_t expires_at_s);
/* What expires is kept for options->token_grace_s, so that its client can refresh it.
 * expires_at_s is wall time; 0: never. */
bool auth_is_over(const struct hub *hub, int64_t expires_at_s);
/* When to ask that, on clock_now_ms's clock; INT64_MAX: never. */
int64_t auth_over_ms(const struct hub *hub, int64_t expires_at_s);

#endif
