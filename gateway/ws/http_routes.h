/*
 * http_routes - what both ports answer to plain HTTP.
 */
#ifndef PARLEY_HTTP_ROUTES_H
#define PARLEY_HTTP_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

struct lws;

struct http_state {
    bool has_page; /* is the chat page served? */
    bool has_luchat;
    bool has_centrifuge;
    bool is_draining;
};

enum http_port { HTTP_PUBLIC, HTTP_INTERNAL };

/* Answers the request. Non-zero: the connection is to be closed. */
int http_route(struct lws *wsi, enum http_port port, const struct http_state *state,
               const char *path);

#endif
