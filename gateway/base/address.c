/*
 * address - "HOST:PORT" in its parts; see address.h.
 */
#include "address.h"

#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool take_host(const char *start, size_t length, struct address *address)
{
    struct in6_addr v6;
    struct in_addr v4;
    if (length == 0 || length >= sizeof(address->host))
        return false;
    memcpy(address->host, start, length);
    address->host[length] = '\0';
    if (address->is_ipv6) {
        if (inet_pton(AF_INET6, address->host, &v6) != 1)
            return false;
        address->is_any = IN6_IS_ADDR_UNSPECIFIED(&v6);
        return true;
    }
    if (inet_pton(AF_INET, address->host, &v4) != 1)
        return false;
    address->is_any = v4.s_addr == INADDR_ANY;
    return true;
}

bool address_parse(const char *text, struct address *ret_address)
{
    struct address address = {.is_ipv6 = text[0] == '['};
    const char *colon = strrchr(text, ':');
    if (!colon)
        return false;
    const char *host = text;
    size_t length = (size_t)(colon - text);
    if (address.is_ipv6) {
        if (length < 2 || text[length - 1] != ']')
            return false;
        host++;
        length -= 2;
    }
    int64_t port;
    if (!take_host(host, length, &address) || !text_to_int(colon + 1, 1, 65535, &port))
        return false;
    address.port = (int)port;
    *ret_address = address;
    return true;
}

bool address_is_loopback(const struct address *address)
{
    struct in6_addr v6;
    if (address->is_ipv6)
        return inet_pton(AF_INET6, address->host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    return strncmp(address->host, "127.", 4) == 0;
}

static socklen_t fill(const struct address *address, struct sockaddr_storage *storage)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
    uint16_t port = htons((uint16_t)address->port);
    memset(storage, 0, sizeof(*storage));
    if (!address->is_ipv6) {
        v4->sin_family = AF_INET;
        v4->sin_port = port;
        return inet_pton(AF_INET, address->host, &v4->sin_addr) == 1 ? sizeof(*v4) : 0;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = port;
    return inet_pton(AF_INET6, address->host, &v6->sin6_addr) == 1 ? sizeof(*v6) : 0;
}

bool address_is_free(const struct address *address)
{
    struct sockaddr_storage storage;
    socklen_t length = fill(address, &storage);
    int on = 1;
    int socket_fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0)
        return false;
    /* as listeners do it: what lingers of old connections does not count */
    (void)setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->is_ipv6)
        (void)setsockopt(socket_fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    bool is_free =
        length > 0 && bind(socket_fd, (const struct sockaddr *)&storage, length) == 0;
    int reason = errno;
    (void)close(socket_fd);
    errno = reason;
    return is_free;
}
