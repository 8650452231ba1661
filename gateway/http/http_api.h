/*
 * http_api - the server API by HTTP: POST /api/METHOD on the internal port, with a key.
 *
 * Translates a request into a call of chat/api.h and its answer into a response. The answer
 * comes from the store, later: the connection may be gone by then, so it is found by a number.
 */
#ifndef PARLEY_HTTP_API_H
#define PARLEY_HTTP_API_H

#include "http_head.h"

#include <stdbool.h>
#include <stddef.h>

struct http_api;
struct http_conn;
struct hub;

enum {
    API_BODY_BYTES_MAX = 1 << 20,
    API_KEY_BYTES_MAX = 512,
};

/* key is borrowed for the call; "": there is no such API, every address of it is 404. *new* */
struct http_api *http_api_create(struct hub *hub, const char *key);
/* After the last connection is gone; answers that are still to come are dropped. */
void http_api_destroy(struct http_api *api); /* takes NULL */

/* What is wrong with the key that a request shows; status 0: nothing. */
struct http_fault http_api_check_key(const struct http_api *api, const struct http_head *head);

/* Is it the address of a method? */
bool http_api_is_path(const char *path);

/* Answers the request, now or later. */
void http_api_begin(struct http_api *api, struct http_conn *conn, const char *path);

#endif
