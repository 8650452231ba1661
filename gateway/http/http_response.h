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

struct http_conn;

struct http_response {
    int status;
    const char *type;   /* NULL: there is no body, as with 204 and 304 */
    const char *header; /* a line more, or several with CRLF between them, or NULL */
    const char *body;
    bool is_last;       /* on this connection */
    const char *cache;  /* Cache-Control; NULL: no-store */
    size_t body_length; /* 0: the body is a text */
};

bool http_is_head(const struct http_conn *conn);
/* GET or HEAD. */
bool http_is_get(const struct http_conn *conn);
bool http_is_post(const struct http_conn *conn);

/* Sends it; to HEAD without its body. The request is over then. */
void http_respond(struct http_conn *conn, const struct http_response *response);

/* Its head alone, with the length of a body that follows: see http_conn_send. */
void http_send_head(struct http_conn *conn, const struct http_response *response);

/* JSON; header: as in struct http_response. The connection goes on if it can. */
void http_send_answer(struct http_conn *conn, int status, const char *header, const char *body);

/* {"error":{"code":STATUS,"message":...}} as a response, and the end of the connection;
 * header: one more line such as "Allow: GET", or NULL. */
void http_refuse(struct http_conn *conn, int status, const char *header, const char *message);
/* The same, and the connection goes on if it can. */
void http_refuse_politely(struct http_conn *conn, int status, const char *header,
                          const char *message);

#endif
