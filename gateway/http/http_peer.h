/*
 * http_peer - from which address a request comes, load balancers left out.
 */
#ifndef PARLEY_HTTP_PEER_H
#define PARLEY_HTTP_PEER_H

#include <stdbool.h>
#include <stdint.h>

struct http_head;
struct peer;

/* Which proxies are believed when they say where a request comes from. */
struct http_peer_rule {
    const char *trusted_proxies; /* see network.h */
    int64_t trusted_hops;        /* how many of them a request may have come through */
};

/* The connection's other end. If that is a trusted proxy, the last address in
 * X-Forwarded-For, which it wrote; if that is one, too, and there may be another hop, the one
 * before; and so on. What stands before it anybody may have written. False: no proxy named
 * anybody, it is the other end itself. */
bool http_peer(int socket, const struct http_head *head, const struct http_peer_rule *rule,
               struct peer *ret_peer);

/* The same of two texts. forwarded: NULL, or a list of ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT,
 * in quotes or not; empty elements do not count. What is no address, as "unknown", says
 * nothing: it is the proxy's own address then. */
void http_peer_parse(const char *address, const char *forwarded,
                     const struct http_peer_rule *rule, struct peer *ret_peer);

#endif
