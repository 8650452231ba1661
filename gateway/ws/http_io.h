/*
 * http_io - octets of a connection that libwebsockets holds, without its reading them.
 *
 * Over TLS, too: what libwebsockets has set up is used, and nothing of it kept.
 */
#ifndef PARLEY_HTTP_IO_H
#define PARLEY_HTTP_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct lws;

enum {
    HTTP_IO_AGAIN = -1, /* nothing now */
    HTTP_IO_LOST = -2,
};

bool http_io_is_tls(struct lws *wsi);
/* Is the handshake of TLS, if there is to be one, over? */
bool http_io_is_set_up(struct lws *wsi);

/* Octets, which stay where they are; 0: the end. */
ssize_t http_io_peek(struct lws *wsi, char *bytes, size_t length);
/* The same, taken. */
ssize_t http_io_read(struct lws *wsi, char *bytes, size_t length);
/* How many were taken. After AGAIN the same octets are to be written again. */
ssize_t http_io_write(struct lws *wsi, const char *bytes, size_t length);
/* Has the other side said that nothing more will come? What came before may still lie there. */
bool http_io_has_ended(struct lws *wsi);
/* Nothing is written any more; the other side may go on. */
void http_io_end(struct lws *wsi);

/* Are there octets of which no descriptor will tell, as they are read and deciphered? */
bool http_io_has_pending(struct lws *wsi);
/* Readable only with so many octets, or at the end. 1: with any. */
void http_io_set_threshold(struct lws *wsi, size_t octets);
/* Of what was written, how much the other side has not acknowledged yet. */
size_t http_io_unacknowledged(struct lws *wsi);

#endif
