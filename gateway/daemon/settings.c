/*
 * settings - the configuration, and what it names: keys, certificates, namespaces; see
 * gateway.h. All of it is judged before anything runs.
 */
#include "gateway.h"

#include "address.h"
#include "log.h"
#include "mem.h"
#include "namespaces.h"
#include "process.h"
#include "token.h"
#include "ws_tls.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void name_node(struct config *config, int port)
{
    if (config->node[0])
        return;
    char *host = process_host_name();
    free(config->node);
    config->node = mem_printf("%s-%d", host, port);
    free(host);
}

static bool load_keys(struct gateway *gateway, char **ret_error)
{
    const struct config *config = &gateway->config;
    struct token_key_options options = {
        .hmac_secret = config->token_secret,
        .rsa_public_key_file = config->token_rsa_key,
        .ec_public_key_file = config->token_ec_key,
        .audience = config->token_audience,
        .issuer = config->token_issuer,
    };
    if (!token_keys_are_configured(&options))
        return true;
    gateway->token_keys = token_keys_create(&options, ret_error);
    return gateway->token_keys != NULL;
}

static bool load_tls(const char *option, const char *certificate_file, const char *key_file,
                     struct ws_tls **ret_tls, char **ret_error)
{
    if (!certificate_file[0])
        return true;
    *ret_tls = ws_tls_create(option, certificate_file, key_file, ret_error);
    return *ret_tls != NULL;
}

static bool load_certificates(struct gateway *gateway, char **ret_error)
{
    const struct config *config = &gateway->config;
    struct ws_server_options *options = &gateway->server_options;
    return load_tls("--tls-cert", config->tls_cert, config->tls_key, &options->tls,
                    ret_error) &&
           load_tls("--internal-tls-cert", config->internal_tls_cert, config->internal_tls_key,
                    &options->internal_tls, ret_error);
}

static bool load_namespaces(struct gateway *gateway, char **ret_error)
{
    const struct config *config = &gateway->config;
    struct namespace_options defaults = {
        .policy = {.history_size = (size_t)config->history_size,
                   .history_ttl_ms = config->history_ttl_s * 1000,
                   .presence_grace_ms = config->presence_grace_ms,
                   .is_each_connection_told =
                       config->presence_events == PRESENCE_EVENTS_CONNECTION},
        .has_join_leave = true,
        .reply_publications = (size_t)config->reply_publications,
        .presence_limit = (size_t)config->presence_limit,
        .presence_names_limit = (size_t)config->presence_names_limit,
    };
    gateway->namespaces = namespaces_create(config->namespaces, &defaults, ret_error);
    return gateway->namespaces != NULL;
}

static bool load_redis(struct gateway *gateway, char **ret_error)
{
    const struct config *config = &gateway->config;
    struct redis_url *url = &gateway->redis_url;
    if (!config->redis[0])
        return true;
    if (!redis_url_parse(config->redis, url, ret_error))
        return false;
    if (!config->redis_password[0])
        return true;
    if (url->password) {
        *ret_error = mem_strdup("--redis and --redis-password both give a password");
        return false;
    }
    url->password = mem_strdup(config->redis_password);
    return true;
}

bool gateway_load(struct gateway *gateway, int argc, char **argv, char **ret_error)
{
    struct config *config = &gateway->config;
    if (!config_load(config, argc, argv, environ, ret_error))
        return false;
    config_hide_secrets(argc, argv, environ);
    if (!load_redis(gateway, ret_error))
        return false;
    if (!address_parse(config->listen, &gateway->server_options.listen) ||
        !address_parse(config->internal, &gateway->server_options.internal))
        return false; /* config_load has checked both */
    if (!load_keys(gateway, ret_error) || !load_certificates(gateway, ret_error) ||
        !load_namespaces(gateway, ret_error))
        return false;
    name_node(config, gateway->server_options.listen.port);
    log_configure(config->log_level, config->log_format);
    return true;
}
