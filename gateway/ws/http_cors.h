/*
 * http_cors - which pages of other origins may read what the public port answers.
 *
 * The list is --allowed-origins, the one that decides about WebSockets. An origin on it is
 * named in the answer and may send credentials; with "*" any page may read, but without
 * credentials. The internal port is not for pages.
 */
#ifndef PARLEY_HTTP_CORS_H
#define PARLEY_HTTP_CORS_H

#include <stdbool.h>

struct lws;

/* What the vhost of the public port is given as its user pointer; borrowed. */
struct http_cors {
    const char *allowed_origins;
};

/* The header lines for an answer to this request, each with its CRLF; "" on the internal
 * port. *new* */
char *http_cors_headers(struct lws *wsi);

/* The request is no page's, or a page's that may make it. */
bool http_cors_is_welcome(struct lws *wsi);

/* OPTIONS: what may be asked for. Non-zero: the connection is to be closed. */
bool http_cors_is_preflight(struct lws *wsi);
int http_cors_answer_preflight(struct lws *wsi);

#endif
