/*
 * http_routes - what both ports answer to plain HTTP.
 */
#ifndef PARLEY_HTTP_ROUTES_H
#define PARLEY_HTTP_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

struct lws;

struct http_state {
    bool is_draining;
};

enum http_port { HTTP_PUBLIC, HTTP_INTERNAL };

/* Answers the request. Non-zero: the connection is to be closed. */
int http_route(struct lws *wsi, enum http_port port, const struct http_state *state,
               const char *path);

/* The JSON answer to a request whose body was read; the connection goes on. Non-zero: it is to
 * be closed. */
int http_send_answer(struct lws *wsi, int status, const char *body);

/* {"error":{"code":STATUS,"message":...}}. *new* */
char *http_print_error(int status, const char *message);
/* The same as a response, and the end of the connection; header: one more
 * line such as "Allow: GET", or NULL. */
void http_send_error(struct lws *wsi, int status, const char *header, const char *message);

#endif
