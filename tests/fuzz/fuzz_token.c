/*
 * fuzz_token - any bytes as a token, which strangers may show; and, since hardly any of them
 * is signed well, as the claims of one that is.
 */
#include "fuzz.h"

#include "mem.h"
#include "token_body.h"

#include <stdlib.h>

static const int64_t now_s = 1700000000;

static const struct token_keys *ensure_keys(void)
{
    static struct token_keys *keys;
    char *error = NULL;
    if (!keys)
        keys = token_keys_create(&(struct token_key_options){.hmac_secret = "secret"}, &error);
    return keys;
}

static void judge_claims(const struct token_keys *keys, const json_t *claims)
{
    struct token token = {.user = mem_strdup("")};
    (void)token_judge_claims(&token, keys, claims, now_s);
    (void)token_names(&token, "lobby");
    token_finish(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const struct token_keys *keys = ensure_keys();
    struct token token;
    (void)token_verify(keys, (const char *)bytes, length, now_s, &token);
    token_finish(&token);
    json_t *claims = json_loadb((const char *)bytes, length, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(claims))
        judge_claims(keys, claims);
    json_decref(claims);
    return 0;
}
