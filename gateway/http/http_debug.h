/*
 * http_debug - the inside of this node as JSON: GET /debug/connections, /debug/channels and
 * /debug/links on the internal port, with the key of the server API, since it names users and
 * channels. With several workers it is that of whichever answers, and says which.
 */
#ifndef PARLEY_HTTP_DEBUG_H
#define PARLEY_HTTP_DEBUG_H

#include <stdbool.h>

struct http_api;
struct http_conn;
struct hub;

bool http_debug_is_path(const char *path);
/* Answers the request. */
void http_debug_answer(struct http_conn *conn, const struct http_api *api,
                       const struct hub *hub, const char *path);

#endif
