/*
 * ws_early - frames that came in one piece with the handshake, and the first look at frames.
 *
 * libwebsockets reads both together and writes its answer to the handshake over what it has
 * read. So what lies there to be read is kept before it is, and put back afterwards.
 */
#ifndef PARLEY_WS_EARLY_H
#define PARLEY_WS_EARLY_H

#include <stddef.h>

struct lws;
struct lws_process_html_args;
struct ws_early;

/* buffer_bytes: libwebsockets's service buffer. *new* */
struct ws_early *ws_early_create(size_t buffer_bytes);
void ws_early_destroy(struct ws_early *early);

/* A request may be about to be read. */
void ws_early_keep(struct ws_early *early, struct lws *wsi);
/* It is no handshake, or nothing is to be kept of it. */
void ws_early_forget(struct ws_early *early);
/* Its answer is about to be written, at this place of the service buffer. */
void ws_early_locate(struct ws_early *early, const struct lws_process_html_args *answer);
/* The handshake is done. Answers how many octets came behind it, which *ret_octets are. */
size_t ws_early_put_back(struct ws_early *early, const unsigned char **ret_octets);

/* How many of the connection's next octets are there, at most count; they stay where they are.
 * Negative: none, or it has ended. */
int ws_early_peek(struct lws *wsi, unsigned char *octets, size_t count);

#endif
