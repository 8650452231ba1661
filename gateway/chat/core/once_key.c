/*
 * once_key - the key of an idempotent publish; see once_key.h.
 */
#include "once_key.h"

#include "mem.h"

#include <openssl/evp.h>

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGEST_OCTETS = (ONCE_DIGEST_BYTES - 1) / 2 }; /* of SHA-256, the first so many */

static const char *const owners[] = {
    [ONCE_SERVER] = "api",
    [ONCE_OPERATOR] = "ctl",
    [ONCE_SDK] = "sdk",
    [ONCE_LUCHAT] = "luchat",
};

/* The length of the first is in it, so that nothing can move from one to the other. */
static void print_digest(struct slice data, struct slice besides, char out[ONCE_DIGEST_BYTES])
{
    uint64_t length = data.length;
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                   EVP_DigestUpdate(context, &length, sizeof(length)) == 1 &&
                   EVP_DigestUpdate(context, data.bytes, data.length) == 1 &&
                   EVP_DigestUpdate(context, besides.bytes, besides.length) == 1 &&
                   EVP_DigestFinal_ex(context, digest, NULL) == 1;
    assert(is_done);
    EVP_MD_CTX_free(context);
    for (size_t i = 0; is_done && i < DIGEST_OCTETS; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void once_key_init(struct once_key *once, enum once_owner owner, const char *user,
                   const char *key, struct slice data, struct slice besides)
{
    bool is_user_s = owner == ONCE_SDK || owner == ONCE_LUCHAT;
    once->name = is_user_s ? mem_printf("%s %zu %s %s", owners[owner], strlen(user), user, key)
                           : mem_printf("%s %s", owners[owner], key);
    print_digest(data, besides, once->digest);
}

void once_key_bind(struct once_key *once)
{
    char *name = mem_printf("%s %s", once->name, once->digest);
    free(once->name);
    once->name = name;
}

void once_key_finish(struct once_key *once)
{
    free(once->name);
    once->name = NULL;
}
