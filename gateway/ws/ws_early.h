/*
 * ws_early - over TLS, frames that came in one record with the handshake.
 *
 * libwebsockets reads both together and writes its answer to the handshake over what it has
 * read. So what lies there to be read is kept before it is.
 */
#ifndef PARLEY_WS_EARLY_H
#define PARLEY_WS_EARLY_H

#include <stddef.h>

struct lws;
struct ws_early;

/* buffer_bytes: libwebsockets's service buffer. *new* */
struct ws_early *ws_early_create(size_t buffer_bytes);
void ws_early_destroy(struct ws_early *early);

/* A handshake is about to be read. */
void ws_early_keep(struct ws_early *early, struct lws *wsi);
/* Nothing is to be kept. */
void ws_early_forget(struct ws_early *early);
/* The handshake is done. Answers how many octets came behind it, which *ret_octets are until
 * the next call. */
size_t ws_early_take(struct ws_early *early, unsigned char **ret_octets);

#endif
