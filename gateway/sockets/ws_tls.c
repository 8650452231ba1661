/*
 * ws_tls - TLS of a port; see ws_tls.h.
 *
 * The context of OpenSSL is libwebsockets's and stays for the life of the port; it has no
 * certificate of its own. Each handshake is given what is in use at the moment, so that a new
 * certificate replaces an old one of whatever kind.
 */
#include "ws_tls.h"

#include "log.h"
#include "mem.h"

#include <libwebsockets.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { TICKET_KEYS_BYTES = 80 };

/* Those of TLS 1.2; all of 1.3 are good. */
static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

/* A certificate, those that vouch for it, and its key. */
struct identity {
    X509 *certificate;
    EVP_PKEY *key;
    STACK_OF(X509) * chain;
};

struct ws_tls {
    const char *what;
    const char *certificate_file;
    const char *key_file;
    struct identity identity;
    SSL_CTX *context; /* libwebsockets's; NULL until the port is set up */
};

static void finish(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    sk_X509_pop_free(identity->chain, X509_free);
    *identity = (struct identity){NULL, NULL, NULL};
}

/* ------------------------------------------------------------------------------- reading */

/* What OpenSSL has against it. *new* */
static char *explain(const struct ws_tls *tls, const char *file, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    char *error = mem_printf("%s: %s: %s%s%s", tls->what, file, what, reason ? ": " : "",
                             reason ? reason : "");
    ERR_clear_error();
    return error;
}

/* *ret_error is *new*. */
static BIO *open_file(const struct ws_tls *tls, const char *file, char **ret_error)
{
    ERR_clear_error();
    errno = 0;
    BIO *bio = BIO_new_file(file, "r");
    if (!bio) {
        *ret_error = mem_printf("%s: cannot read %s: %s", tls->what, file, strerror(errno));
        ERR_clear_error();
    }
    return bio;
}

static bool read_certificates(const struct ws_tls *tls, struct identity *identity,
                              char **ret_error)
{
    BIO *bio = open_file(tls, tls->certificate_file, ret_error);
    X509 *next;
    if (!bio)
        return false;
    identity->certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    identity->chain = sk_X509_new_null();
    while (identity->certificate && (next = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        sk_X509_push(identity->chain, next);
    (void)BIO_free(bio);
    if (!identity->certificate)
        *ret_error = explain(tls, tls->certificate_file, "no certificate (PEM)");
    ERR_clear_error(); /* after the last there is none */
    return identity->certificate != NULL;
}

/* Nobody is there to be asked for it. */
static int no_password(char *buffer, int size, int is_for_writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)is_for_writing;
    (void)context;
    return -1;
}

static bool read_key(const struct ws_tls *tls, struct identity *identity, char **ret_error)
{
    BIO *bio = open_file(tls, tls->key_file, ret_error);
    if (!bio)
        return false;
    identity->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    (void)BIO_free(bio);
    if (!identity->key)
        *ret_error = explain(tls, tls->key_file, "no private key without a password (PEM)");
    return identity->key != NULL;
}

static bool fits(const struct ws_tls *tls, const struct identity *identity, char **ret_error)
{
    SSL_CTX *trial = SSL_CTX_new(TLS_server_method());
    bool is_good = X509_check_private_key(identity->certificate, identity->key) == 1;
    if (!is_good) {
        ERR_clear_error();
        *ret_error = mem_printf("%s: the certificate in %s is not that of the key in %s",
                                tls->what, tls->certificate_file, tls->key_file);
    } else if (!trial || SSL_CTX_use_cert_and_key(trial, identity->certificate, identity->key,
                                                  identity->chain, 1) != 1) {
        is_good = false;
        *ret_error = explain(tls, tls->certificate_file, "of no use");
    }
    SSL_CTX_free(trial);
    return is_good;
}

static void warn_if_expired(const struct ws_tls *tls, const struct identity *identity)
{
    if (X509_cmp_current_time(X509_get0_notAfter(identity->certificate)) < 0)
        log_event(certificate_expired, kv_str("file", tls->certificate_file));
    else if (X509_cmp_current_time(X509_get0_notBefore(identity->certificate)) > 0)
        log_event(certificate_not_yet_valid, kv_str("file", tls->certificate_file));
}

static bool read_identity(const struct ws_tls *tls, struct identity *ret_identity,
                          char **ret_error)
{
    struct identity identity = {NULL, NULL, NULL};
    if (!read_certificates(tls, &identity, ret_error) || !read_key(tls, &identity, ret_error) ||
        !fits(tls, &identity, ret_error)) {
        finish(&identity);
        return false;
    }
    *ret_identity = identity;
    return true;
}

/* ------------------------------------------------------------------------------- the port */

/* Tickets spare who comes back a signature. Those given before cannot be used any more. */
static void renew_tickets(const struct ws_tls *tls)
{
    unsigned char keys[TICKET_KEYS_BYTES];
    if (tls->context && RAND_bytes(keys, sizeof(keys)) == 1)
        (void)SSL_CTX_set_tlsext_ticket_keys(tls->context, keys, sizeof(keys));
    OPENSSL_cleanse(keys, sizeof(keys));
}

static int on_certificate_asked(SSL *ssl, void *context)
{
    const struct ws_tls *tls = context;
    SSL_certs_clear(ssl);
    return SSL_use_cert_and_key(ssl, tls->identity.certificate, tls->identity.key,
                                tls->identity.chain, 1);
}

void ws_tls_prepare(const struct ws_tls *tls, struct lws_context_creation_info *info)
{
    if (!tls)
        return;
    info->options |=
        LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
    info->ssl_cipher_list = ciphers;
    info->alpn = "http/1.1";
}

void ws_tls_set_up(struct ws_tls *tls, void *ssl_ctx)
{
    SSL_CTX *context = ssl_ctx;
    tls->context = context;
    (void)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE |
                                           SSL_OP_PRIORITIZE_CHACHA);
    /* one record a call: a client that renews its keys for ever would never let go of it */
    (void)SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    /* what a session is, the client keeps in its ticket: no memory of ours */
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_cert_cb(context, on_certificate_asked, tls);
    renew_tickets(tls);
    warn_if_expired(tls, &tls->identity);
}

/* ---------------------------------------------------------------------------------- life */

struct ws_tls *ws_tls_create(const char *what, const char *certificate_file,
                             const char *key_file, char **ret_error)
{
    struct ws_tls *tls = mem_zalloc(sizeof(*tls));
    tls->what = what;
    tls->certificate_file = certificate_file;
    tls->key_file = key_file;
    if (read_identity(tls, &tls->identity, ret_error))
        return tls;
    ws_tls_destroy(tls);
    return NULL;
}

void ws_tls_destroy(struct ws_tls *tls)
{
    if (!tls)
        return;
    finish(&tls->identity);
    free(tls);
}

void ws_tls_reload(struct ws_tls *tls)
{
    struct identity identity;
    char *error = NULL;
    if (!tls)
        return;
    if (!read_identity(tls, &identity, &error)) {
        log_event(certificate_not_reloaded, kv_str("err", error),
                  kv_str("next", "the one before stays in use"));
        free(error);
        return;
    }
    finish(&tls->identity);
    tls->identity = identity;
    renew_tickets(tls);
    log_event(certificate_reloaded, kv_str("file", tls->certificate_file));
    warn_if_expired(tls, &tls->identity);
}
