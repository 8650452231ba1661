/*
 * token - who a client is and what it may, by a signed JSON Web Token; see token.h.
 *
 * In this order: the form of the text, the header, the signature, then the claims. OpenSSL
 * judges signatures, with keys that were parsed at the start: parsing one costs twenty times
 * what its use does. The header's `alg` only chooses among the rows below, each of which has a
 * kind of key and a form of signature of its own.
 */
#include "token.h"

#include "base64.h"
#include "mem.h"
#include "token_body.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { P256_BYTES = 32, P384_BYTES = 48 }; /* of a number of the curve */

/* A key has its use: an RSA key three of these, one on a curve the one of its curve. */
static const struct algorithm {
    const char *name;
    enum token_key_kind key;
    enum token_curve curve;
    const EVP_MD *(*digest)(void);
} algorithms[] = {
    {"HS256", TOKEN_KEY_HMAC, TOKEN_CURVE_NONE, EVP_sha256},
    {"HS384", TOKEN_KEY_HMAC, TOKEN_CURVE_NONE, EVP_sha384},
    {"HS512", TOKEN_KEY_HMAC, TOKEN_CURVE_NONE, EVP_sha512},
    {"RS256", TOKEN_KEY_RSA, TOKEN_CURVE_NONE, EVP_sha256},
    {"RS384", TOKEN_KEY_RSA, TOKEN_CURVE_NONE, EVP_sha384},
    {"RS512", TOKEN_KEY_RSA, TOKEN_CURVE_NONE, EVP_sha512},
    {"ES256", TOKEN_KEY_EC, TOKEN_CURVE_P256, EVP_sha256},
    {"ES384", TOKEN_KEY_EC, TOKEN_CURVE_P384, EVP_sha384},
    {"EdDSA", TOKEN_KEY_EC, TOKEN_CURVE_ED25519, NULL}, /* a digest of its own */
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
        token_fail(token, "the header's alg is none of those that are taken here");
    else if (!token_key_is_set(&keys->keys[algorithm->key]) ||
             keys->keys[algorithm->key].curve != algorithm->curve)
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

static bool has_right_signature(const struct algorithm *algorithm, EVP_PKEY *key,
                                const struct parts *parts, const unsigned char *signature,
                                size_t length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = algorithm->digest ? algorithm->digest() : NULL;
    bool is_right =
        context && EVP_DigestVerifyInit(context, NULL, digest, NULL, key) == 1 &&
        EVP_DigestVerify(context, signature, length, (const unsigned char *)parts->text,
                         parts->signed_length) == 1;
    EVP_MD_CTX_free(context);
    return is_right;
}

/* RFC 7518, 3.4: the two numbers of an ECDSA signature, each as long as the curve's, behind one
 * another. OpenSSL wants them in ASN.1. NULL: they are none. *new*, for OPENSSL_free. */
static unsigned char *print_asn1(const struct part *signature, int width, size_t *ret_length)
{
    unsigned char *text = NULL;
    ECDSA_SIG *numbers = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature->bytes, width, NULL);
    BIGNUM *s = BN_bin2bn(signature->bytes + width, width, NULL);
    if (numbers && r && s && ECDSA_SIG_set0(numbers, r, s) == 1) {
        int length = i2d_ECDSA_SIG(numbers, &text);
        *ret_length = length > 0 ? (size_t)length : 0;
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(numbers);
    return text;
}

static bool has_right_numbers(const struct algorithm *algorithm, EVP_PKEY *key,
                              const struct parts *parts)
{
    const struct part *signature = &parts->part[PART_SIGNATURE];
    size_t length = 0;
    int width = algorithm->curve == TOKEN_CURVE_P384 ? P384_BYTES : P256_BYTES;
    if (signature->length != 2 * (size_t)width)
        return false;
    unsigned char *text = print_asn1(signature, width, &length);
    bool is_right = length > 0 && has_right_signature(algorithm, key, parts, text, length);
    OPENSSL_free(text);
    return is_right;
}

static bool is_signed(const struct algorithm *algorithm, const struct token_key *key,
                      const struct parts *parts)
{
    const struct part *signature = &parts->part[PART_SIGNATURE];
    switch (algorithm->key) {
    case TOKEN_KEY_HMAC:
        return has_right_mac(algorithm, key, parts);
    case TOKEN_KEY_EC:
        if (algorithm->curve != TOKEN_CURVE_ED25519)
            return has_right_numbers(algorithm, key->public_key, parts);
        break;
    case TOKEN_KEY_RSA:
    case TOKEN_KEY_KINDS:
        break;
    }
    return has_right_signature(algorithm, key->public_key, parts, signature->bytes,
                               signature->length);
}

static bool judge_signature(struct token *token, const struct token_keys *keys,
                            const struct parts *parts)
{
    const struct algorithm *algorithm = choose_algorithm(token, keys, parts->header);
    if (!algorithm || !judge_parameters(token, parts->header))
        return false;
    return is_signed(algorithm, &keys->keys[algorithm->key], parts) ||
           token_fail(token, "the signature is wrong");
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
