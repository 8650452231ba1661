/*
 * http_response - answers to plain HTTP, head and body made in one piece, sent by one write.
 *
 * Every answer says what it is (nosniff), and on the public port which pages of other origins
 * may read it; see http_cors.h. Nothing is stored by caches unless the answer says so.
 */
#ifndef PARLEY_HTTP_RESPONSE_H
#define PARLEY_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

struct lws;

struct http_response {
    int status;
    const char *type;   /* NULL: there is no body, as with 204 and 304 */
    const char *header; /* a line more, or several with CRLF between them, or NULL */
    const char *body;
    bool is_last;       /* on this connection */
    const char *cache;  /* Cache-Control; NULL: no-store */
    size_t body_length; /* 0: the body is a text */
};

bool http_is_head(struct lws *wsi);
/* GET or HEAD. */
bool http_is_get(struct lws *wsi);
bool http_is_post(struct lws *wsi);

/* Sends it; to HEAD without its body. Non-zero: the connection is to be closed. */
int http_respond(struct lws *wsi, const struct http_response *response);

/* Its head alone, with the length of a body that follows. False: the connection did not take
 * it. */
bool http_send_head(struct lws *wsi, const struct http_response *response);

/* The JSON answer to a request whose body was read; the connection goes on. header: as in
 * struct http_response. Non-zero: it is to be closed. */
int http_send_answer(struct lws *wsi, int status, const char *header, const char *body);

/* {"error":{"code":STATUS,"message":...}} as a response, and the end of the connection;
 * header: one more line such as "Allow: GET", or NULL. */
void http_send_error(struct lws *wsi, int status, const char *header, const char *message);
/* The same; answers what closes the connection. */
int http_refuse(struct lws *wsi, int status, const char *header, const char *message);

#endif
