/*
 * http_peer - from which address a request comes, load balancers left out.
 */
#ifndef PARLEY_HTTP_PEER_H
#define PARLEY_HTTP_PEER_H

struct lws;
struct peer;

/* The connection's other end; if that is one of the trusted proxies (see network.h), the last
 * address in X-Forwarded-For that is not: what stands before it anybody may have written. */
void http_peer(struct lws *wsi, const char *trusted_proxies, struct peer *ret_peer);

#endif
