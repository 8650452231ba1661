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
#include "chat.h"
#include "mem.h"
#include "text.h"

#include <jansson.h>
#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    KEY_FILE_BYTES_MAX = 16384,
    RSA_BITS_MIN = 2048, /* RFC 7518, 3.3 */
};

enum key_kind { KEY_HMAC, KEY_RSA, KEY_EC, KEY_KINDS };

struct key {
    char *text; /* NULL: not configured */
    size_t length;
};

struct token_keys {
    struct key keys[KEY_KINDS];
    char *audience; /* "": any */
    char *issuer;
};

static const struct algorithm {
    const char *name;
    jwt_alg_t number;
    enum key_kind key;
    const EVP_MD *(*digest)(void); /* of an HMAC */
} algorithms[] = {
    {"HS256", JWT_ALG_HS256, KEY_HMAC, EVP_sha256},
    {"HS384", JWT_ALG_HS384, KEY_HMAC, EVP_sha384},
    {"HS512", JWT_ALG_HS512, KEY_HMAC, EVP_sha512},
    {"RS256", JWT_ALG_RS256, KEY_RSA, NULL},
    {"ES256", JWT_ALG_ES256, KEY_EC, NULL},
    {.name = NULL},
};

static bool is_set(const char *option)
{
    return option && option[0];
}

/* ------------------------------------------------------------------------------- keys */

static char *read_file(const char *path, size_t *ret_length)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    char *text = mem_alloc(KEY_FILE_BYTES_MAX + 1);
    size_t length = fread(text, 1, KEY_FILE_BYTES_MAX, file);
    int error = ferror(file) ? errno : 0;
    (void)fclose(file);
    if (error) {
        free(text);
        errno = error;
        return NULL;
    }
    text[length] = '\0';
    *ret_length = length;
    return text;
}

/* Else OpenSSL would ask for one at the terminal. */
static int no_passphrase(char *buffer, int size, int is_writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)is_writing;
    (void)context;
    return -1;
}

static EVP_PKEY *parse_public_key(const char *pem, size_t length)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)length);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    return key;
}

static bool is_on_p256(const EVP_PKEY *key)
{
    char group[32] = "";
    return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                          NULL) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

/* What is wrong with the key, or NULL. */
static const char *judge_key(enum key_kind kind, const char *pem, size_t length)
{
    const char *problem = NULL;
    EVP_PKEY *key = parse_public_key(pem, length);
    if (!key)
        problem = "no public key in PEM form (-----BEGIN PUBLIC KEY-----)";
    else if (!EVP_PKEY_is_a(key, kind == KEY_RSA ? "RSA" : "EC"))
        problem = kind == KEY_RSA ? "the key is not an RSA key" : "the key is not an EC key";
    else if (kind == KEY_RSA && EVP_PKEY_get_bits(key) < RSA_BITS_MIN)
        problem = "the RSA key has less than 2048 bits";
    else if (kind == KEY_EC && !is_on_p256(key))
        problem = "the EC key is not on the curve P-256, which ES256 needs";
    EVP_PKEY_free(key);
    ERR_clear_error();
    return problem;
}

static bool load_key(struct token_keys *keys, enum key_kind kind, const char *path,
                     char **ret_error)
{
    if (!is_set(path))
        return true;
    struct key *key = &keys->keys[kind];
    key->text = read_file(path, &key->length);
    if (!key->text) {
        *ret_error = mem_printf("%s: %s", path, strerror(errno));
        return false;
    }
    const char *problem = judge_key(kind, key->text, key->length);
    if (problem)
        *ret_error = mem_printf("%s: %s", path, problem);
    return !problem;
}

bool token_keys_are_configured(const struct token_key_options *options)
{
    return is_set(options->hmac_secret) || is_set(options->rsa_public_key_file) ||
           is_set(options->ec_public_key_file);
}

struct token_keys *token_keys_create(const struct token_key_options *options, char **ret_error)
{
    struct token_keys *keys = mem_zalloc(sizeof(*keys));
    keys->audience = mem_strdup(options->audience ? options->audience : "");
    keys->issuer = mem_strdup(options->issuer ? options->issuer : "");
    if (is_set(options->hmac_secret)) {
        struct key *secret = &keys->keys[KEY_HMAC];
        secret->text = mem_strdup(options->hmac_secret);
        secret->length = strlen(secret->text);
    }
    if (load_key(keys, KEY_RSA, options->rsa_public_key_file, ret_error) &&
        load_key(keys, KEY_EC, options->ec_public_key_file, ret_error))
        return keys;
    token_keys_destroy(keys);
    return NULL;
}

void token_keys_destroy(struct token_keys *keys)
{
    if (!keys)
        return;
    for (int kind = 0; kind < KEY_KINDS; kind++) {
        struct key *key = &keys->keys[kind];
        if (key->text)
            OPENSSL_cleanse(key->text, key->length);
        free(key->text);
    }
    free(keys->audience);
    free(keys->issuer);
    free(keys);
}

__attribute__((format(printf, 2, 3))) static bool fail(struct token *token, const char *format,
                                                       ...)
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
        return fail(token, "the token is empty");
    if (length > TOKEN_BYTES_MAX)
        return fail(token, "the token is longer than %d bytes", TOKEN_BYTES_MAX);
    parts->text = mem_strndup(text, length);
    const char *at = parts->text;
    const char *end = at + length;
    for (int i = 0; i < PARTS; i++) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        if (!dot != (i == PART_SIGNATURE))
            return fail(token, "the token has not three parts");
        const char *stop = dot ? dot : end;
        struct part *part = &parts->part[i];
        if (stop == at ||
            !base64_decode(BASE64_URL, at, (size_t)(stop - at), &part->bytes, &part->length))
            return fail(token, "the token's %s is not base64url", names[i]);
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
        fail(token, "the token's %s is not an object", name);
    else if (json_error_code(&problem) == json_error_duplicate_key)
        fail(token, "the token's %s has a key twice", name);
    else
        fail(token, "the token's %s is not JSON", name);
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
        return fail(token, "the header's typ is not JWT");
    if (json_object_get(header, "crit")) /* RFC 7515, 4.1.11: we understand none */
        return fail(token, "the header's crit asks for what is not supported");
    return true;
}

/* NULL when it is none that there is a key for. */
static const struct algorithm *
choose_algorithm(struct token *token, const struct token_keys *keys, const json_t *header)
{
    const char *name = json_string_value(json_object_get(header, "alg"));
    const struct algorithm *algorithm = name ? find_algorithm(name) : NULL;
    if (!name)
        fail(token, "the header's alg must be a string");
    else if (!algorithm)
        fail(token, "the header's alg is none of HS256, HS384, HS512, RS256, ES256");
    else if (!keys->keys[algorithm->key].text)
        fail(token, "there is no key for %s", algorithm->name);
    else
        return algorithm;
    return NULL;
}

/* Is the HMAC right? In a time that does not tell how much of it is. */
static bool has_right_mac(const struct algorithm *algorithm, const struct key *secret,
                          const struct parts *parts)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    const struct part *signature = &parts->part[PART_SIGNATURE];
    return HMAC(algorithm->digest(), secret->text, (int)secret->length,
                (const unsigned char *)parts->text, parts->signed_length, mac, &length) &&
           signature->length == length && CRYPTO_memcmp(signature->bytes, mac, length) == 0;
}

static bool libjwt_accepts(const struct algorithm *algorithm, const struct key *key,
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
    const struct key *key = &keys->keys[algorithm->key];
    if (algorithm->key == KEY_HMAC && !has_right_mac(algorithm, key, parts))
        return fail(token, "the signature is wrong");
    if (!libjwt_accepts(algorithm, key, parts))
        return fail(token, "the signature is wrong");
    return true;
}

/* ------------------------------------------------------------------------------- claims */

static bool judge_line(struct token *token, const char *name, const char *text, size_t length,
                       size_t bytes_max)
{
    if (length > bytes_max)
        return fail(token, "%s is longer than %zu bytes", name, bytes_max);
    if (text_has_control(text, length))
        return fail(token, "%s has control characters", name);
    return true;
}

/* A claim that may be missing: *ret_text stays as it is then. */
static bool take_line(struct token *token, const json_t *claims, const char *name,
                      size_t bytes_max, char **ret_text)
{
    const json_t *value = json_object_get(claims, name);
    if (!value)
        return true;
    if (!json_is_string(value))
        return fail(token, "%s must be a string", name);
    const char *text = json_string_value(value);
    if (!judge_line(token, name, text, json_string_length(value), bytes_max))
        return false;
    free(*ret_text);
    *ret_text = mem_strdup(text);
    return true;
}

/* A NumericDate, which may have a fraction: RFC 7519, 2. */
static bool take_time(struct token *token, const json_t *claims, const char *name,
                      int64_t *ret_s)
{
    const json_t *value = json_object_get(claims, name);
    if (!value)
        return true;
    if (!json_is_number(value))
        return fail(token, "%s must be a number", name);
    double seconds = json_number_value(value);
    if (!(seconds >= 0 && seconds <= (double)TOKEN_TIME_MAX_S))
        return fail(token, "%s is not a time in seconds since 1970", name);
    *ret_s = (int64_t)seconds;
    return true;
}

static bool take_info(struct token *token, const json_t *claims)
{
    const json_t *info = json_object_get(claims, "info");
    if (!info || json_is_null(info))
        return true;
    token->info = json_dumps(info, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!token->info || strlen(token->info) > TOKEN_INFO_BYTES_MAX)
        return fail(token, "info is longer than %d bytes", TOKEN_INFO_BYTES_MAX);
    return true;
}

static bool judge_channel(struct token *token, const char *claim, const char *name,
                          size_t length)
{
    if (length == 0)
        return fail(token, "%s has an empty name", claim);
    return judge_line(token, claim, name, length, CHANNEL_NAME_BYTES_MAX);
}

static bool take_channel(struct token *token, const json_t *claims)
{
    if (!take_line(token, claims, "channel", CHANNEL_NAME_BYTES_MAX, &token->channel))
        return false;
    if (token->channel && !token->channel[0])
        return fail(token, "channel is empty");
    return true;
}

static bool take_channels(struct token *token, const json_t *claims)
{
    const json_t *array = json_object_get(claims, "channels");
    if (!array)
        return true;
    if (!json_is_array(array))
        return fail(token, "channels must be an array of strings");
    if (json_array_size(array) > TOKEN_CHANNELS_MAX)
        return fail(token, "channels has more than %d names", TOKEN_CHANNELS_MAX);
    token->channels = mem_zalloc(json_array_size(array) * sizeof(*token->channels));
    size_t i;
    json_t *name;
    json_array_foreach(array, i, name)
    {
        if (!json_is_string(name))
            return fail(token, "channels must be an array of strings");
        const char *text = json_string_value(name);
        if (!judge_channel(token, "channels", text, json_string_length(name)))
            return false;
        token->channels[token->channel_count++] = mem_strdup(text);
    }
    return true;
}

static bool take_subs(struct token *token, const json_t *claims)
{
    json_t *object = json_object_get(claims, "subs");
    if (!object)
        return true;
    if (!json_is_object(object))
        return fail(token, "subs must be an object of objects");
    if (json_object_size(object) > TOKEN_CHANNELS_MAX)
        return fail(token, "subs has more than %d names", TOKEN_CHANNELS_MAX);
    token->subs = mem_zalloc(json_object_size(object) * sizeof(*token->subs));
    const char *name;
    json_t *options;
    json_object_foreach(object, name, options)
    {
        if (!json_is_object(options))
            return fail(token, "subs must be an object of objects");
        if (!judge_channel(token, "subs", name, strlen(name)))
            return false;
        struct token_sub *sub = &token->subs[token->sub_count++];
        sub->channel = mem_strdup(name);
        sub->options = json_dumps(options, JSON_COMPACT);
    }
    return true;
}

static bool take_claims(struct token *token, const json_t *claims)
{
    return take_line(token, claims, "sub", TOKEN_USER_BYTES_MAX, &token->user) &&
           take_line(token, claims, "client", TOKEN_CLIENT_BYTES_MAX, &token->client) &&
           take_channel(token, claims) && take_info(token, claims) &&
           take_channels(token, claims) && take_subs(token, claims);
}

/* ------------------------------------------------------------------- for whom, and when */

static bool judge_issuer(struct token *token, const char *issuer, const json_t *claims)
{
    const json_t *value = json_object_get(claims, "iss");
    if (!issuer[0])
        return true;
    if (!value)
        return fail(token, "iss is missing");
    if (!json_is_string(value))
        return fail(token, "iss must be a string");
    if (strcmp(json_string_value(value), issuer) != 0)
        return fail(token, "iss is another issuer");
    return true;
}

static bool find_audience(struct token *token, const char *audience, const json_t *array)
{
    bool is_found = false;
    size_t i;
    json_t *element;
    json_array_foreach(array, i, element)
    {
        if (!json_is_string(element))
            return fail(token, "aud must be a string or an array of strings");
        is_found = is_found || strcmp(json_string_value(element), audience) == 0;
    }
    return is_found || fail(token, "aud is another audience");
}

static bool judge_audience(struct token *token, const char *audience, const json_t *claims)
{
    const json_t *value = json_object_get(claims, "aud");
    if (!audience[0])
        return true;
    if (!value)
        return fail(token, "aud is missing");
    if (json_is_array(value))
        return find_audience(token, audience, value);
    if (!json_is_string(value))
        return fail(token, "aud must be a string or an array of strings");
    if (strcmp(json_string_value(value), audience) != 0)
        return fail(token, "aud is another audience");
    return true;
}

/* What can be mended with a new token is judged last. */
static enum token_result judge_times(struct token *token, const json_t *claims, int64_t now_s)
{
    int64_t not_before_s = INT64_MIN;
    if (!take_time(token, claims, "nbf", &not_before_s) ||
        !take_time(token, claims, "exp", &token->expires_at_s))
        return TOKEN_INVALID;
    if (now_s < not_before_s) {
        fail(token, "the token is not yet valid");
        return TOKEN_INVALID;
    }
    if (json_object_get(claims, "exp") && now_s >= token->expires_at_s) {
        fail(token, "the token has expired");
        return TOKEN_EXPIRED;
    }
    return TOKEN_OK;
}

static enum token_result judge_claims(struct token *token, const struct token_keys *keys,
                                      const json_t *claims, int64_t now_s)
{
    if (!take_claims(token, claims) || !judge_issuer(token, keys->issuer, claims) ||
        !judge_audience(token, keys->audience, claims))
        return TOKEN_INVALID;
    return judge_times(token, claims, now_s);
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
        result = judge_claims(ret_token, keys, parts.claims, now_s);
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
