/*
 * token_body - the inside of a token's check, for the three files that are its parts:
 * token_keys.c (what signatures are checked with), token.c (the form and the signature),
 * token_claims.c (what it says).
 */
#ifndef PARLEY_TOKEN_BODY_H
#define PARLEY_TOKEN_BODY_H

#include "token.h"

#include <jansson.h>

enum token_key_kind { TOKEN_KEY_HMAC, TOKEN_KEY_RSA, TOKEN_KEY_EC, TOKEN_KEY_KINDS };

struct token_key {
    char *text; /* NULL: not configured */
    size_t length;
};

struct token_keys {
    struct token_key keys[TOKEN_KEY_KINDS];
    char *audience; /* "": any */
    char *issuer;
};

/* Keeps what is wrong, and answers false. */
__attribute__((format(printf, 2, 3))) bool token_fail(struct token *token, const char *format,
                                                      ...);

/* Takes the claims into the token and judges them, the signature being right. */
enum token_result token_judge_claims(struct token *token, const struct token_keys *keys,
                                     const json_t *claims, int64_t now_s);

#endif
