/*
 * ws_tls - TLS of a port: its certificate and key, and how the port speaks.
 *
 * TLS 1.2 and 1.3, with ciphers that are safe whatever happens to the key later. Certificate
 * and key are read from files, at the start and whenever they are to be read anew: connections
 * that are open keep what they have.
 */
#ifndef PARLEY_WS_TLS_H
#define PARLEY_WS_TLS_H

struct lws_context_creation_info;
struct ws_tls;

/* Reads both files; the names are borrowed for its life. what: the option that names the first,
 * for messages. NULL: *ret_error says which file has what wrong (*new*). *new* */
struct ws_tls *ws_tls_create(const char *what, const char *certificate_file,
                             const char *key_file, char **ret_error);
void ws_tls_destroy(struct ws_tls *tls); /* takes NULL */

/* Reads both anew, and says in the log what came of it; if they are of no use, what was there
 * before stays in use. Takes NULL. */
void ws_tls_reload(struct ws_tls *tls);

/* What libwebsockets is to know of a port with TLS; NULL: without. */
void ws_tls_prepare(const struct ws_tls *tls, struct lws_context_creation_info *info);
/* How a port speaks; ssl_ctx: what libwebsockets made for it. */
void ws_tls_set_up(struct ws_tls *tls, void *ssl_ctx);

#endif
