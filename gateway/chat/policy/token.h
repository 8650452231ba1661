/*
 * token - who a client is and what it may, by a signed JSON Web Token (RFC 7519).
 *
 * The header's `alg` chooses the key, never the other way round: a token is checked only with
 * the key that was configured for its algorithm. A token is usable whole or not at all.
 * Pure functions: no session, no channel, no clock.
 */
#ifndef PARLEY_TOKEN_H
#define PARLEY_TOKEN_H

#include "names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOKEN_BYTES_MAX = 8192,
    TOKEN_CLIENT_BYTES_MAX = 128,
    TOKEN_INFO_BYTES_MAX = 4096,
    TOKEN_CHANNELS_MAX = 128, /* in `channels`, and again in `subs` */
    TOKEN_ERROR_BYTES = 128,
};

/* Seconds to the end of the year 9999: what is later was meant as milliseconds. */
#define TOKEN_TIME_MAX_S INT64_C(253402300799)

/* ------------------------------------------------------------------------------- keys */

/* NULL or "": not set. All *borrowed*. */
struct token_key_options {
    const char *hmac_secret;         /* for HS256, HS384, HS512 */
    const char *rsa_public_key_file; /* for RS256, RS384, RS512; PEM, 2048 bits or more */
    const char
        *ec_public_key_file; /* PEM; for ES256 on P-256, ES384 on P-384, EdDSA on Ed25519 */
    const char *audience;    /* must be `aud`, or in it; not set: any */
    const char *issuer;      /* must be `iss`; not set: any */
};

struct token_keys;

/* Is there any key to check tokens with? */
bool token_keys_are_configured(const struct token_key_options *options);

/* NULL when a file cannot be read or is no key of its kind: *ret_error is one line that names
 * the file (*new*). Without any key every token is refused. *new* */
__attribute__((warn_unused_result)) struct token_keys *
token_keys_create(const struct token_key_options *options, char **ret_error);
/* Wipes the secret. */
void token_keys_destroy(struct token_keys *keys);

/* ------------------------------------------------------------------------------ tokens */

enum token_result {
    TOKEN_OK,
    TOKEN_EXPIRED, /* nothing else is wrong with it: a new one is worth asking for */
    TOKEN_INVALID,
};

struct token_sub {
    char *channel;
    char *options; /* a JSON object */
};

/*
 * All *new*, freed by token_finish. Names of channels are 1 to CHANNEL_NAME_BYTES_MAX octets
 * without control characters; whether they are names this gateway takes is still to be asked.
 */
struct token {
    char *user;             /* `sub`; "": anonymous. Never NULL */
    char *client;           /* `client`, or NULL */
    char *channel;          /* `channel`, of a subscription token, or NULL */
    char *info;             /* `info` as JSON text, or NULL */
    int64_t expires_at_s;   /* `exp`, seconds since 1970; 0: never */
    char **channels;        /* `channels`: to be subscribed to without being asked */
    struct token_sub *subs; /* `subs`: the same, with options */
    size_t channel_count;
    size_t sub_count;
    char error[TOKEN_ERROR_BYTES]; /* what was wrong; quotes nothing of the token */
};

/*
 * Fills in token, to be finished whatever the result; if that is not TOKEN_OK, it has an error
 * and no claims. now_s is wall time, in seconds since 1970: there is no leeway. text need not
 * end with a zero octet. OpenSSL's queue of errors is empty afterwards, so that what failed
 * here is not taken for a failure of some TLS connection.
 */
enum token_result token_verify(const struct token_keys *keys, const char *text, size_t length,
                               int64_t now_s, struct token *ret_token);
void token_finish(struct token *token);
/* Does it name the channel, in whichever claim? */
bool token_names(const struct token *token, const char *channel);

#endif
