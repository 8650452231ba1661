/*
 * http_cors - which pages of other origins may read what the public port answers.
 *
 * The list is --allowed-origins, the one that decides about WebSockets. An origin on it is
 * named in the answer and may send credentials; with "*" any page may read, but without
 * credentials. The internal port is not for pages.
 */
#ifndef PARLEY_HTTP_CORS_H
#define PARLEY_HTTP_CORS_H

#include "http_peer.h"

#include <stdbool.h>

struct http_conn;
struct http_head;

/* Texts are borrowed. */
struct http_cors {
    const char *allowed_origins;
    const char *allowed_hosts;  /* see http_origin.h */
    struct http_peer_rule rule; /* who says from where a request comes */
};

/* May the page that asks, if it is one, do so? */
bool http_cors_is_origin_welcome(const struct http_conn *conn, const struct http_head *head);
/* Is the host that is asked for one of ours? */
bool http_cors_is_host_welcome(const struct http_conn *conn, const struct http_head *head);

/* The header lines for an answer to this request, each with its CRLF; "" on the internal
 * port. *new* */
char *http_cors_headers(const struct http_conn *conn);

/* OPTIONS on the public port: a page wants to know what it may ask for. */
bool http_cors_is_preflight(const struct http_conn *conn);

#endif
