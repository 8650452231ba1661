/*
 * token_body - the inside of a token's check, for the three files that are its parts:
 * token_keys.c (what signatures are checked with), token.c (the form and the signature),
 * token_claims.c (what it says).
 */
#ifndef PARLEY_TOKEN_BODY_H
#define PARLEY_TOKEN_BODY_H

#include "token.h"

#include <jansson.h>
#include <openssl/evp.h>

enum token_key_kind { TOKEN_KEY_HMAC, TOKEN_KEY_RSA, TOKEN_KEY_EC, TOKEN_KEY_KINDS };

enum token_curve { TOKEN_CURVE_NONE, TOKEN_CURVE_P256, TOKEN_CURVE_P384, TOKEN_CURVE_ED25519 };

/* One of the two, or none: not configured. */
struct token_key {
    char *text; /* of an HMAC: the secret */
    size_t length;
    EVP_PKEY *public_key;
    enum token_curve curve; /* that it is on, for TOKEN_KEY_EC */
};

struct token_keys {
    struct token_key keys[TOKEN_KEY_KINDS];
    char *audience; /* "": any */
    char *issuer;
};

bool token_key_is_set(const struct token_key *key);

/* Keeps what is wrong, and answers false. */
__attribute__((format(printf, 2, 3))) bool token_fail(struct token *token, const char *format,
                                                      ...);

/* Takes the claims into the token and judges them, the signature being right. */
enum token_result token_judge_claims(struct token *token, const struct token_keys *keys,
                                     const json_t *claims, int64_t now_s);

#endif
