/*
 * redis_tls - TLS on a connection to Redis; see redis_tls.h.
 *
 * hiredis would check the chain but not whom the certificate was issued to, so the SSL
 * object is made here.
 */
#include "redis_tls.h"

#include "redis_url.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static SSL_CTX *create_context(const char *ca_file, const char **ret_error)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context) {
        *ret_error = "no TLS on this system";
        return NULL;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    bool is_loaded = ca_file[0] ? SSL_CTX_load_verify_locations(context, ca_file, NULL) == 1
                                : SSL_CTX_set_default_verify_paths(context) == 1;
    if (is_loaded)
        return context;
    *ret_error = "the certificates of redis-ca cannot be read";
    SSL_CTX_free(context);
    return NULL;
}

static bool expect_host(SSL *ssl, const char *host)
{
    struct in6_addr binary;
    if (inet_pton(AF_INET, host, &binary) == 1 || inet_pton(AF_INET6, host, &binary) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

bool redis_tls_start(struct redisContext *connection, const struct redis_url *url,
                     const char *ca_file, const char **ret_error)
{
    SSL_CTX *context = create_context(ca_file, ret_error);
    if (!context)
        return false;
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context); /* the SSL object holds a reference */
    if (!ssl || !expect_host(ssl, url->host)) {
        SSL_free(ssl);
        *ret_error = "the host name cannot be checked";
        return false;
    }
    if (redisInitiateSSL(connection, ssl) == REDIS_OK)
        return true;
    SSL_free(ssl);
    *ret_error = connection->errstr;
    return false;
}
