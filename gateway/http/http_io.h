/*
 * http_io - octets of a connection of plain HTTP, read and written by us.
 *
 * Over TLS libwebsockets has the connection and has set up TLS, which is used, and nothing of
 * it kept. Without TLS it does not know of the connection.
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

struct http_io {
    int socket;
    struct lws *wsi; /* NULL: without TLS */
};

/* Is the handshake of TLS, if there is to be one, over? */
bool http_io_is_set_up(const struct http_io *io);

/* Of a head; there is one in libwebsockets over TLS, and ours from then on. */
void http_io_end_deadline(const struct http_io *io);

/* Octets, which stay where they are; 0: the end. */
ssize_t http_io_peek(const struct http_io *io, char *bytes, size_t length);
/* The same, taken. */
ssize_t http_io_read(const struct http_io *io, char *bytes, size_t length);
/* How many were taken. After AGAIN the same octets are to be written again. */
ssize_t http_io_write(const struct http_io *io, const char *bytes, size_t length);
/* Has the other side said that nothing more will come? What came before may still lie there. */
bool http_io_has_ended(const struct http_io *io);
/* Nothing is written any more; the other side may go on. */
void http_io_end(const struct http_io *io);

/* Are there octets of which no descriptor will tell, as they are read and deciphered? */
bool http_io_has_pending(const struct http_io *io);
/* Readable only with so many octets, or at the end. 1: with any. */
void http_io_set_threshold(const struct http_io *io, size_t octets);
/* Of what was written, how much the other side has not acknowledged yet. */
size_t http_io_unacknowledged(const struct http_io *io);

#endif
