/*
 * token - who a client is and what it may, by a signed JSON Web Token; see token.h.
 *
 * In this order: the form of the text, the header, the signature, then the claims. What
 * libjwt is given has been found to be plain base64url and JSON, so that its more forgiving
 * decoders have nothing to forgive. libjwt 1.x judges every signature; for HMAC that comes
 * after a comparison of our own, since older releases compare with strcmp (CVE-2024-25189).
 */
#include "token.h"

#include "base64.h"
#include "mem.h"
#include "token_body.h"

#include <jwt.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct algorithm {
    const char *name;
    jwt_alg_t number;
    enum token_key_kind key;
    const EVP_MD *(*digest)(void); /* of an HMAC */
} algorithms[] = {
    {"HS256", JWT_ALG_HS256, TOKEN_KEY_HMAC, EVP_sha256},
    {"HS384", JWT_ALG_HS384, TOKEN_KEY_HMAC, EVP_sha384},
    {"HS512", JWT_ALG_HS512, TOKEN_KEY_HMAC, EVP_sha512},
    {"RS256", JWT_ALG_RS256, TOKEN_KEY_RSA, NULL},
    {"ES256", JWT_ALG_ES256, TOKEN_KEY_EC, NULL},
    {.name = NULL},
};

bool token_fail(struct token *token, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(token->error, sizeof(token->error), format, args);
    va_end(args);
    return false;
}

/* ------------------------------------------------------------------- the form of the text */

enum { PART_HEADER, PART_PAYLOAD, PART_SIGNATURE, PARTS };

struct part {
    unsigned char *bytes; /* decoded */
    size_t length;
};

struct parts {
    char *text; /* the token, with a zero octet */
    size_t signed_length;
    struct part part[PARTS];
    json_t *header;
    json_t *claims;
};

static void parts_finish(struct parts *parts)
{
    free(parts->text);
    for (int i = 0; i < PARTS; i++)
        free(parts->part[i].bytes);
    json_decref(parts->header);
    json_decref(parts->claims);
}

static bool decode_parts(struct token *token, const char *text, size_t length,
                         struct parts *parts)
{
    static const char *const names[PARTS] = {"header", "payload", "signature"};
    if (length == 0)
        return token_fail(token, "the token is empty");
    if (length > TOKEN_BYTES_MAX)
        return token_fail(token, "the token is longer than %d bytes", TOKEN_BYTES_MAX);
    parts->text = mem_strndup(text, length);
    const char *at = parts->text;
    const char *end = at + length;
    for (int i = 0; i < PARTS; i++) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        if (!dot != (i == PART_SIGNATURE))
            return token_fail(token, "the token has not three parts");
        const char *stop = dot ? dot : end;
        struct part *part = &parts->part[i];
        if (stop == at ||
            !base64_decode(BASE64_URL, at, (size_t)(stop - at), &part->bytes, &part->length))
            return token_fail(token, "the token's %s is not base64url", names[i]);
        if (i == PART_PAYLOAD)
            parts->signed_length = (size_t)(stop - parts->text);
        at = stop + 1;
    }
    return true;
}

/* *new*, or NULL. */
static json_t *parse_object(struct token *token, const char *name, const struct part *part)
{
    json_error_t problem;
    json_t *root =
        json_loadb((const char *)part->bytes, part->length, JSON_REJECT_DUPLICATES, &problem);
    if (json_is_object(root))
        return root;
    if (root)
        token_fail(token, "the token's %s is not an object", name);
    else if (json_error_code(&problem) == json_error_duplicate_key)
        token_fail(token, "the token's %s has a key twice", name);
    else
        token_fail(token, "the token's %s is not JSON", name);
    json_decref(root);
    return NULL;
}

static bool parse_parts(struct token *token, struct parts *parts)
{
    parts->header = parse_object(token, "header", &parts->part[PART_HEADER]);
    if (!parts->header)
        return false;
    parts->claims = parse_object(token, "payload", &parts->part[PART_PAYLOAD]);
    return parts->claims != NULL;
}

/* ------------------------------------------------------------------ header and signature */

static const struct algorithm *find_algorithm(const char *name)
{
    const struct algorithm *algorithm = algorithms;
    while (algorithm->name && strcmp(algorithm->name, name) != 0)
        algorithm++;
    return algorithm->name ? algorithm : NULL;
}

/* libjwt 1.10 insists on the type, later ones do not: here it is the same with each. */
static bool judge_parameters(struct token *token, const json_t *header)
{
    const json_t *type = json_object_get(header, "typ");
    if (type && (!json_is_string(type) || strcasecmp(json_string_value(type), "JWT") != 0))
        return token_fail(token, "the header's typ is not JWT");
    if (json_object_get(header, "crit")) /* RFC 7515, 4.1.11: we understand none */
        return token_fail(token, "the header's crit asks for what is not supported");
    return true;
}

/* NULL when it is none that there is a key for. */
static const struct algorithm *
choose_algorithm(struct token *token, const struct token_keys *keys, const json_t *header)
{
    const char *name = json_string_value(json_object_get(header, "alg"));
    const struct algorithm *algorithm = name ? find_algorithm(name) : NULL;
    if (!name)
        token_fail(token, "the header's alg must be a string");
    else if (!algorithm)
        token_fail(token, "the header's alg is none of HS256, HS384, HS512, RS256, ES256");
    else if (!keys->keys[algorithm->key].text)
        token_fail(token, "there is no key for %s", algorithm->name);
    else
        return algorithm;
    return NULL;
}

/* Is the HMAC right? In a time that does not tell how much of it is. */
static bool has_right_mac(const struct algorithm *algorithm, const struct token_key *secret,
                          const struct parts *parts)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    const struct part *signature = &parts->part[PART_SIGNATURE];
    return HMAC(algorithm->digest(), secret->text, (int)secret->length,
                (const unsigned char *)parts->text, parts->signed_length, mac, &length) &&
           signature->length == length && CRYPTO_memcmp(signature->bytes, mac, length) == 0;
}

static bool libjwt_accepts(const struct algorithm *algorithm, const struct token_key *key,
                           const struct parts *parts)
{
    jwt_t *jwt = NULL;
    if (jwt_decode(&jwt, parts->text, (const unsigned char *)key->text, (int)key->length) != 0)
        return false;
    bool is_same_algorithm = jwt_get_alg(jwt) == algorithm->number;
    jwt_free(jwt);
    return is_same_algorithm;
}

static bool judge_signature(struct token *token, const struct token_keys *keys,
                            const struct parts *parts)
{
    const struct algorithm *algorithm = choose_algorithm(token, keys, parts->header);
    if (!algorithm || !judge_parameters(token, parts->header))
        return false;
    const struct token_key *key = &keys->keys[algorithm->key];
    if (algorithm->key == TOKEN_KEY_HMAC && !has_right_mac(algorithm, key, parts))
        return token_fail(token, "the signature is wrong");
    if (!libjwt_accepts(algorithm, key, parts))
        return token_fail(token, "the signature is wrong");
    return true;
}

/* ------------------------------------------------------------------------------- tokens */

static void init(struct token *token)
{
    memset(token, 0, sizeof(*token));
    token->user = mem_strdup("");
}

/* So that nobody uses the claims of a token that is not good. */
static void forget_claims(struct token *token)
{
    char error[TOKEN_ERROR_BYTES];
    memcpy(error, token->error, sizeof(error));
    token_finish(token);
    init(token);
    memcpy(token->error, error, sizeof(error));
}

enum token_result token_verify(const struct token_keys *keys, const char *text, size_t length,
                               int64_t now_s, struct token *ret_token)
{
    enum token_result result = TOKEN_INVALID;
    struct parts parts = {.text = NULL};
    init(ret_token);
    if (decode_parts(ret_token, text, length, &parts) && parse_parts(ret_token, &parts) &&
        judge_signature(ret_token, keys, &parts))
        result = token_judge_claims(ret_token, keys, parts.claims, now_s);
    parts_finish(&parts);
    ERR_clear_error();
    if (result != TOKEN_OK)
        forget_claims(ret_token);
    return result;
}

void token_finish(struct token *token)
{
    free(token->user);
    free(token->client);
    free(token->channel);
    free(token->info);
    for (size_t i = 0; i < token->channel_count; i++)
        free(token->channels[i]);
    free(token->channels);
    for (size_t i = 0; i < token->sub_count; i++) {
        free(token->subs[i].channel);
        free(token->subs[i].options);
    }
    free(token->subs);
}

bool token_names(const struct token *token, const char *channel)
{
    if (token->channel && strcmp(token->channel, channel) == 0)
        return true;
    for (size_t i = 0; i < token->channel_count; i++) {
        if (strcmp(token->channels[i], channel) == 0)
            return true;
    }
    for (size_t i = 0; i < token->sub_count; i++) {
        if (strcmp(token->subs[i].channel, channel) == 0)
            return true;
    }
    return false;
}
