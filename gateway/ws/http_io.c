/*
 * http_io - octets of a connection that libwebsockets holds; see http_io.h.
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

static SSL *tls_of(struct lws *wsi)
{
    return lws_is_ssl(wsi) ? lws_get_ssl(wsi) : NULL;
}

bool http_io_is_tls(struct lws *wsi)
{
    return tls_of(wsi) != NULL;
}

bool http_io_is_set_up(struct lws *wsi)
{
    SSL *tls = tls_of(wsi);
    return !tls || SSL_is_init_finished(tls);
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

ssize_t http_io_peek(struct lws *wsi, char *bytes, size_t length)
{
    SSL *tls = tls_of(wsi);
    if (!tls)
        return of_socket(recv(lws_get_socket_fd(wsi), bytes, length, MSG_PEEK | MSG_DONTWAIT));
    ERR_clear_error();
    return of_tls(tls, SSL_peek(tls, bytes, int_of(length)));
}

ssize_t http_io_read(struct lws *wsi, char *bytes, size_t length)
{
    SSL *tls = tls_of(wsi);
    if (!tls)
        return of_socket(recv(lws_get_socket_fd(wsi), bytes, length, MSG_DONTWAIT));
    ERR_clear_error();
    return of_tls(tls, SSL_read(tls, bytes, int_of(length)));
}

ssize_t http_io_write(struct lws *wsi, const char *bytes, size_t length)
{
    SSL *tls = tls_of(wsi);
    if (!tls)
        return of_socket(
            send(lws_get_socket_fd(wsi), bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT));
    ERR_clear_error();
    return of_tls(tls, SSL_write(tls, bytes, int_of(length)));
}

bool http_io_has_ended(struct lws *wsi)
{
    struct pollfd end = {.fd = lws_get_socket_fd(wsi), .events = POLLRDHUP};
    return poll(&end, 1, 0) > 0;
}

void http_io_end(struct lws *wsi)
{
    SSL *tls = tls_of(wsi);
    if (tls)
        (void)SSL_shutdown(tls);
    ERR_clear_error(); /* what is left there would be taken for another connection's */
    (void)shutdown(lws_get_socket_fd(wsi), SHUT_WR);
}

bool http_io_has_pending(struct lws *wsi)
{
    SSL *tls = tls_of(wsi);
    return tls && SSL_pending(tls) > 0;
}

void http_io_set_threshold(struct lws *wsi, size_t octets)
{
    int number = int_of(octets);
    (void)setsockopt(lws_get_socket_fd(wsi), SOL_SOCKET, SO_RCVLOWAT, &number, sizeof(number));
}

size_t http_io_unacknowledged(struct lws *wsi)
{
    int octets = 0;
    if (ioctl(lws_get_socket_fd(wsi), SIOCOUTQ, &octets) != 0 || octets < 0)
        return 0;
    return (size_t)octets;
}
