/*
 * http_io - octets of a connection of plain HTTP; see http_io.h.
 */
#include "http_io.h"

#include <libwebsockets.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static SSL *tls_of(const struct http_io *io)
{
    return io->wsi ? lws_get_ssl(io->wsi) : NULL;
}

bool http_io_is_set_up(const struct http_io *io)
{
    SSL *tls = tls_of(io);
    return !tls || SSL_is_init_finished(tls);
}

void http_io_end_deadline(const struct http_io *io)
{
    if (io->wsi)
        lws_set_timeout(io->wsi, NO_PENDING_TIMEOUT, 0);
}

/* What a call on the socket means. */
static ssize_t of_socket(ssize_t result)
{
    if (result >= 0)
        return result;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? HTTP_IO_AGAIN
                                                                     : HTTP_IO_LOST;
}

/* The same of one on TLS. */
static ssize_t of_tls(SSL *tls, int result)
{
    if (result > 0)
        return result;
    switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return HTTP_IO_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        return HTTP_IO_LOST;
    }
}

static int int_of(size_t length)
{
    return length > INT_MAX ? INT_MAX : (int)length;
}

ssize_t http_io_peek(const struct http_io *io, char *bytes, size_t length)
{
    SSL *tls = tls_of(io);
    if (!tls)
        return of_socket(recv(io->socket, bytes, length, MSG_PEEK | MSG_DONTWAIT));
    ERR_clear_error();
    return of_tls(tls, SSL_peek(tls, bytes, int_of(length)));
}

ssize_t http_io_read(const struct http_io *io, char *bytes, size_t length)
{
    SSL *tls = tls_of(io);
    if (!tls)
        return of_socket(recv(io->socket, bytes, length, MSG_DONTWAIT));
    ERR_clear_error();
    return of_tls(tls, SSL_read(tls, bytes, int_of(length)));
}

ssize_t http_io_write(const struct http_io *io, const char *bytes, size_t length)
{
    SSL *tls = tls_of(io);
    if (!tls)
        return of_socket(send(io->socket, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT));
    ERR_clear_error();
    return of_tls(tls, SSL_write(tls, bytes, int_of(length)));
}

bool http_io_has_ended(const struct http_io *io)
{
    struct pollfd end = {.fd = io->socket, .events = POLLRDHUP};
    return poll(&end, 1, 0) > 0;
}

void http_io_end(const struct http_io *io)
{
    SSL *tls = tls_of(io);
    if (tls)
        (void)SSL_shutdown(tls);
    ERR_clear_error(); /* what is left there would be taken for another connection's */
    (void)shutdown(io->socket, SHUT_WR);
}

bool http_io_has_pending(const struct http_io *io)
{
    SSL *tls = tls_of(io);
    return tls && SSL_pending(tls) > 0;
}

void http_io_set_threshold(const struct http_io *io, size_t octets)
{
    int number = int_of(octets);
    (void)setsockopt(io->socket, SOL_SOCKET, SO_RCVLOWAT, &number, sizeof(number));
}

size_t http_io_unacknowledged(const struct http_io *io)
{
    int octets = 0;
    if (ioctl(io->socket, SIOCOUTQ, &octets) != 0 || octets < 0)
        return 0;
    return (size_t)octets;
}
