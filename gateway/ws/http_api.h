/*
 * http_api - the server API by HTTP: POST /api/METHOD on the internal port, with a key.
 *
 * Translates a request into a call of chat/api.h and its answer into a response. The answer
 * comes from the store, later: the connection may be gone by then, so it is found by a number.
 * Whatever is refused is read to its end first, as far as that is reasonable: who still
 * writes when the connection closes may never see why.
 */
#ifndef PARLEY_HTTP_API_H
#define PARLEY_HTTP_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_api;
struct hub;
struct lws;

enum {
    API_BODY_BYTES_MAX = 1 << 20,
    API_DISCARDED_BYTES_MAX = 16 << 20, /* of a body that is refused */
    API_KEY_BYTES_MAX = 512,
};

enum http_call_state {
    HTTP_CALL_NONE,
    HTTP_CALL_READING,
    HTTP_CALL_WAITING, /* for the chat's answer */
};

/* One request and its answer; lives in the memory that libwebsockets keeps for a connection
 * of the internal port, and begins as zeros. */
struct http_call {
    struct lws *wsi;
    uint64_t id;  /* while it waits */
    char *method; /* NULL: refused */
    char *body;
    size_t length;
    size_t expected;
    char *answer;
    int status; /* of the answer */
    enum http_call_state state;
};

/* key is borrowed for the call; "": there is no such API, every address of it is 404. *new* */
struct http_api *http_api_create(struct hub *hub, const char *key);
/* After the last connection is gone; answers that are still to come are dropped. */
void http_api_destroy(struct http_api *api); /* takes NULL */

/* Is it the address of a method? */
bool http_api_is_path(const char *path);

/* What libwebsockets says; non-zero: the connection is to be closed. */
int http_api_begin(struct http_api *api, struct http_call *call, struct lws *wsi,
                   const char *path);
int http_api_read(struct http_call *call, const char *bytes, size_t length);
int http_api_complete(struct http_api *api, struct http_call *call);
void http_api_closed(struct http_api *api, struct http_call *call);

#endif
