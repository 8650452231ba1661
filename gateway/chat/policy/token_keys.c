/*
 * token_keys - the keys that tokens are checked with: a secret, and public keys from files;
 * see token.h. A key is judged when it is loaded, so that a wrong one is known at the start.
 */
#include "token_body.h"

#include "mem.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_FILE_BYTES_MAX = 16384,
    RSA_BITS_MIN = 2048, /* RFC 7518, 3.3 */
};

static bool is_set(const char *option)
{
    return option && option[0];
}

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

static enum token_curve curve_of(const EVP_PKEY *key)
{
    char group[32] = "";
    if (EVP_PKEY_is_a(key, "ED25519"))
        return TOKEN_CURVE_ED25519;
    (void)EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                         NULL);
    if (strcmp(group, "prime256v1") == 0)
        return TOKEN_CURVE_P256;
    return strcmp(group, "secp384r1") == 0 ? TOKEN_CURVE_P384 : TOKEN_CURVE_NONE;
}

/* What is wrong with the key, or NULL. */
static const char *judge_key(enum token_key_kind kind, const EVP_PKEY *key)
{
    if (!key)
        return "no public key in PEM form (-----BEGIN PUBLIC KEY-----)";
    if (kind == TOKEN_KEY_RSA && !EVP_PKEY_is_a(key, "RSA"))
        return "the key is not an RSA key";
    if (kind == TOKEN_KEY_EC && !EVP_PKEY_is_a(key, "EC") && !EVP_PKEY_is_a(key, "ED25519"))
        return "the key is not an EC key";
    if (kind == TOKEN_KEY_RSA && EVP_PKEY_get_bits(key) < RSA_BITS_MIN)
        return "the RSA key has less than 2048 bits";
    if (kind == TOKEN_KEY_EC && curve_of(key) == TOKEN_CURVE_NONE)
        return "the EC key is on none of the curves P-256, P-384 and Ed25519";
    return NULL;
}

/* Parsed here, once. */
static bool load_key(struct token_keys *keys, enum token_key_kind kind, const char *path,
                     char **ret_error)
{
    if (!is_set(path))
        return true;
    static const char *const options[TOKEN_KEY_KINDS] = {
        [TOKEN_KEY_RSA] = "--token-rsa-key", [TOKEN_KEY_EC] = "--token-ec-key"};
    struct token_key *key = &keys->keys[kind];
    size_t length;
    char *pem = read_file(path, &length);
    if (!pem) {
        *ret_error = mem_printf("%s: %s: %s", options[kind], path, strerror(errno));
        return false;
    }
    key->public_key = parse_public_key(pem, length);
    free(pem);
    const char *problem = judge_key(kind, key->public_key);
    if (problem)
        *ret_error = mem_printf("%s: %s: %s", options[kind], path, problem);
    else if (kind == TOKEN_KEY_EC)
        key->curve = curve_of(key->public_key);
    ERR_clear_error();
    return !problem;
}

bool token_key_is_set(const struct token_key *key)
{
    return key->text || key->public_key;
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
        struct token_key *secret = &keys->keys[TOKEN_KEY_HMAC];
        secret->text = mem_strdup(options->hmac_secret);
        secret->length = strlen(secret->text);
    }
    if (load_key(keys, TOKEN_KEY_RSA, options->rsa_public_key_file, ret_error) &&
        load_key(keys, TOKEN_KEY_EC, options->ec_public_key_file, ret_error))
        return keys;
    token_keys_destroy(keys);
    return NULL;
}

void token_keys_destroy(struct token_keys *keys)
{
    if (!keys)
        return;
    for (int kind = 0; kind < TOKEN_KEY_KINDS; kind++) {
        struct token_key *key = &keys->keys[kind];
        if (key->text)
            OPENSSL_cleanse(key->text, key->length);
        free(key->text);
        EVP_PKEY_free(key->public_key);
    }
    free(keys->audience);
    free(keys->issuer);
    free(keys);
}
