/*
 * config_warning - what is allowed and unwise: said at the start, refused with --strict; see
 * config.h.
 */
#include "config_body.h"

#include "address.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    TOKEN_SECRET_BYTES_MIN = 32, /* RFC 7518, 3.2: as long as the digest of HS256 */
    API_KEY_BYTES_MIN = 16,
};

static bool has_token_key(const struct config *config)
{
    return config->token_secret[0] || config->token_rsa_key[0] || config->token_ec_key[0];
}

static char *judge_length(const char *name, const char *secret, size_t min)
{
    size_t length = strlen(secret);
    if (length == 0 || length >= min)
        return NULL;
    return mem_printf("%s is weak: it is shorter than %zu octets, which ought to be random",
                      name, min);
}

static char *judge_token_secret(const struct config *config)
{
    return judge_length("--token-secret", config->token_secret, TOKEN_SECRET_BYTES_MIN);
}

static char *judge_api_key(const struct config *config)
{
    return judge_length("--api-key", config->api_key, API_KEY_BYTES_MIN);
}

static char *judge_anonymous(const struct config *config)
{
    if (!config->anonymous || has_token_key(config))
        return NULL;
    return mem_strdup("--anonymous on has no effect without --token-secret or another key: all "
                      "are anonymous");
}

/* With a key, --anonymous on is said on purpose. */
static char *judge_openness(const struct config *config)
{
    struct address listen;
    if (has_token_key(config) || !address_parse(config->listen, &listen) ||
        address_is_loopback(&listen))
        return NULL;
    return mem_printf("--listen %s without --token-secret or another key: whoever reaches this "
                      "address can chat under any name",
                      config->listen);
}

static char *judge_file(const struct option *secret, const struct config *config)
{
    struct stat status;
    const struct option *from = config_find_secret_file(secret);
    const char *path = from ? option_text(from, config) : "";
    if (!path[0] || stat(path, &status) != 0 || !(status.st_mode & S_IROTH))
        return NULL;
    return mem_printf("--%s: %s can be read by every user of this machine", from->name, path);
}

size_t config_warn(const struct config *config,
                   void (*on_warning)(void *context, const char *text), void *context)
{
    static char *(*const judges[])(const struct config *config) = {
        judge_token_secret, judge_api_key, judge_anonymous, judge_openness};
    enum { JUDGE_COUNT = sizeof(judges) / sizeof(judges[0]) };
    size_t count = 0;
    for (size_t i = 0; i < JUDGE_COUNT + config_table.count; i++) {
        char *text = i < JUDGE_COUNT ? judges[i](config)
                                     : judge_file(&config_table.rows[i - JUDGE_COUNT], config);
        if (!text)
            continue;
        on_warning(context, text);
        count++;
        free(text);
    }
    return count;
}

static void keep_first(void *context, const char *text)
{
    char **first = context;
    if (!*first)
        *first = mem_printf("%s (refused by --strict)", text);
}

char *config_first_warning(const struct config *config)
{
    char *first = NULL;
    (void)config_warn(config, keep_first, &first);
    return first;
}
