/*
 * network - numeric addresses of peers, and lists of networks such as 10.0.0.0/8,::1.
 */
#ifndef PARLEY_NETWORK_H
#define PARLEY_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

enum { PEER_BYTES = 16 };

/* An address without its notation; one of IPv4 is ::ffff:a.b.c.d. */
struct peer {
    unsigned char bytes[PEER_BYTES];
};

/* False: it is no numeric address. */
__attribute__((warn_unused_result)) bool peer_parse(const char *text, struct peer *ret_peer);

/* How many of its bytes tell one customer from another: all of IPv4's, of IPv6 the half that
 * a provider gives away as a whole. */
size_t peer_significant_bytes(const struct peer *peer);

/* Those bytes as a number, the same for all addresses of one customer; never 0. */
uint64_t peer_customer(const struct peer *peer);

/* The other side of a connection, as the system tells it; all zeros where it has no address. */
void peer_from_socket(const struct sockaddr *address, struct peer *ret_peer);

/* ADDRESS or ADDRESS/BITS, separated by commas. */
bool networks_are_valid(const char *list);
bool networks_have(const char *list, const struct peer *peer);

/* Is it this machine: one of 127.0.0.0/8, or ::1? */
bool peer_is_loopback(const struct peer *peer);

#endif
