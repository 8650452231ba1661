/*
 * ws_read - how bytes of a connection come; see ws_read.h.
 */
#include "ws_read.h"

#include "ws_conn.h"

#include <libwebsockets.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <sys/socket.h>

static ssize_t read_tls(const struct ws_conn *conn, unsigned char *bytes, size_t size)
{
    SSL *tls = lws_get_ssl(conn->wsi);
    ERR_clear_error(); /* of somebody else's: it would be taken for this one's */
    int count = SSL_read(tls, bytes, (int)size);
    if (count > 0)
        return count;
    int error = SSL_get_error(tls, count);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

ssize_t ws_read(const struct ws_conn *conn, unsigned char *bytes, size_t size)
{
    if (conn->socket < 0)
        return read_tls(conn, bytes, size);
    ssize_t count = recv(conn->socket, bytes, size, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return count > 0 ? count : -1;
}

void ws_read_only(const struct ws_conn *conn)
{
    if (conn->socket < 0)
        (void)SSL_shutdown(lws_get_ssl(conn->wsi));
    ERR_clear_error();
    (void)shutdown(lws_get_socket_fd(conn->wsi), SHUT_WR);
}
