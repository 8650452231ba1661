/*
 * config_check - what is wrong with a configuration, in one line that names it; see
 * config_body.h. What is merely unwise is said by config_warning.c.
 */
#include "config_body.h"

#include "media_type.h"
#include "mem.h"
#include "network.h"
#include "origin.h"

#include <string.h>

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
