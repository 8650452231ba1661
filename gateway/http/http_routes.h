/*
 * http_routes - what both ports answer to plain HTTP.
 */
#ifndef PARLEY_HTTP_ROUTES_H
#define PARLEY_HTTP_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

struct http_conn;

struct http_state {
    bool has_page; /* is the chat page served? */
    bool is_draining;
};

/* Answers the request. */
void http_route(struct http_conn *conn, const struct http_state *state);

#endif
