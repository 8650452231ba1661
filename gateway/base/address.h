/*
 * address - "HOST:PORT" in its parts.
 */
#ifndef PARLEY_ADDRESS_H
#define PARLEY_ADDRESS_H

#include <stdbool.h>

enum { ADDRESS_HOST_BYTES_MAX = 64 };

struct address {
    char host[ADDRESS_HOST_BYTES_MAX]; /* numeric, without the brackets of IPv6 */
    int port;                          /* 1 to 65535 */
    bool is_ipv6;
    bool is_any; /* 0.0.0.0 or :: */
};

/* "127.0.0.1:8000", "0.0.0.0:8000", "[::1]:8000". */
__attribute__((warn_unused_result)) bool address_parse(const char *text,
                                                       struct address *ret_address);
/* Can a socket be bound to it, without sharing it with others? If not, errno says why. */
bool address_is_free(const struct address *address);
bool address_is_loopback(const struct address *address);

#endif
