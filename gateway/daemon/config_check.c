/*
 * config_check - what is wrong with a configuration, in one line that names it; see
 * config_body.h. What is merely unwise is said by config_warning.c.
 */
#include "config_body.h"

#include "address.h"
#include "media_type.h"
#include "mem.h"
#include "network.h"
#include "origin.h"
#include "text.h"

#include <string.h>

/* The number of the text among words with | between them; -1: it is none of them. */
static int number_of(const char *choices, const char *text)
{
    size_t length = strlen(text);
    int number = 0;
    if (length == 0 || strchr(text, '|'))
        return -1;
    for (const char *at = choices; at; at = strchr(at, '|'), number++) {
        at += *at == '|';
        if (strncmp(at, text, length) == 0 && (at[length] == '|' || !at[length]))
            return number;
    }
    return -1;
}

static bool is_choice(const char *choices, const char *text)
{
    return number_of(choices, text) >= 0;
}

int config_choice_number(const struct option *option, const char *text)
{
    return number_of(option->metavar, text);
}

char *config_choice_word(const struct option *option, int number)
{
    const char *at = option->metavar;
    for (; number > 0; number--)
        at = strchr(at, '|') + 1;
    return mem_strndup(at, strcspn(at, "|"));
}

static bool is_name(const struct option *option, const char *text)
{
    size_t length = strlen(text);
    return (int64_t)length >= option->min && (int64_t)length <= option->max &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                        "-_.:") == length;
}

char *config_check_text(const struct option *option, const char *name, const char *text)
{
    struct address address;
    int64_t number;
    switch (option->kind) {
    case OPTION_NUMBER:
        if (text_to_int(text, option->min, option->max, &number))
            return NULL;
        return mem_printf("%s must be a whole number from %lld to %lld, not \"%.100s\"", name,
                          (long long)option->min, (long long)option->max, text);
    case OPTION_ADDRESS:
        if (address_parse(text, &address))
            return NULL;
        return mem_printf("%s must be ADDRESS:PORT such as 127.0.0.1:8000 or [::1]:8000, not "
                          "\"%.100s\"",
                          name, text);
    case OPTION_CHOICE:
    case OPTION_ON_OFF:
        if (is_choice(option->metavar, text))
            return NULL;
        return mem_printf("%s must be one of %s, not \"%.100s\"", name, option->metavar, text);
    case OPTION_NAME:
        if (is_name(option, text))
            return NULL;
        return mem_printf("%s must be %lld to %lld letters, digits or any of - _ . : and not "
                          "\"%.100s\"",
                          name, (long long)option->min, (long long)option->max, text);
    case OPTION_SWITCH:
        if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
            return NULL;
        return mem_printf("%s must be true or false, not \"%.100s\"", name, text);
    case OPTION_TOGGLE:
        if (is_choice("true|false|on|off", text))
            return NULL;
        return mem_printf("%s must be on or off, not \"%.100s\"", name, text);
    case OPTION_TEXT:
    case OPTION_URL:
    case OPTION_SECRET:
    case OPTION_JSON:
        break;
    }
    return NULL;
}

char *config_check_whole(const struct config *config)
{
    if (config->lease_renew_ms * 2 > config->lease_ttl_ms)
        return mem_printf("--lease-ttl-ms must be at least twice --lease-renew-ms");
    if (config->max_backlog_bytes < config->max_message_bytes)
        return mem_printf("--max-backlog-bytes must be at least --max-message-bytes");
    if (config->workers > 1 && !config->redis[0])
        return mem_printf("--workers %lld needs --redis: without it the workers would share "
                          "nothing",
                          (long long)config->workers);
    if (config->files_total_bytes < config->files_max_bytes)
        return mem_printf("--files-total-bytes must be at least --files-max-bytes");
    if (!media_types_are_valid(config->files_types))
        return mem_printf("--files-types must be types such as image/png, image/* or *, "
                          "separated by commas, and not \"%.100s\"",
                          config->files_types);
    if (!networks_are_valid(config->trusted_proxies))
        return mem_printf("--trusted-proxies must be addresses or networks such as 127.0.0.1 "
                          "or 10.0.0.0/8, separated by commas, and not \"%.100s\"",
                          config->trusted_proxies);
    if (!config->luchat && !config->centrifuge)
        return mem_printf("--luchat off and --centrifuge off: no client could connect");
    if (!config->tls_cert[0] != !config->tls_key[0])
        return mem_printf("--tls-cert and --tls-key need each other");
    if (!config->internal_tls_cert[0] != !config->internal_tls_key[0])
        return mem_printf("--internal-tls-cert and --internal-tls-key need each other");
    if (strcmp(config->listen, config->internal) == 0)
        return mem_printf("--listen and --internal must be different addresses");
    char *error = hosts_check(config->allowed_hosts, "--allowed-hosts");
    return error ? error : origins_check(config->allowed_origins, "--allowed-origins");
}
