/*
 * http_call - one request with a body, and its answer, which may come later.
 *
 * What is refused is read to its end first, as far as that is reasonable: who still writes when
 * the connection closes may never see why. While an answer is awaited nothing is read:
 * libwebsockets takes what comes right behind a body for a part of it, so a client that does
 * not wait for its answer (RFC 9112, 9.3.2 advises against it) is refused.
 */
#ifndef PARLEY_HTTP_CALL_H
#define PARLEY_HTTP_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_table;
struct lws;

enum { HTTP_DISCARDED_BYTES_MAX = 16 << 20 /* of a body that is refused */ };

enum http_call_state {
    HTTP_CALL_NONE,
    HTTP_CALL_READING,
    HTTP_CALL_WAITING, /* for the answer */
};

/* Begins as zeros. */
struct http_call {
    struct lws *wsi;
    uint64_t id;   /* among those that wait */
    void *context; /* what its owner needs to know of it */
    char *body;    /* NULL: refused, or given away */
    size_t length;
    size_t expected;
    char *answer; /* JSON */
    char *header; /* of the answer, as in struct http_response; or NULL */
    int status;   /* of the answer */
    enum http_call_state state;
};

/* The length of the body; false: there is none, or it is no number. */
bool http_call_read_length(struct lws *wsi, int64_t *ret_length);

/* The body is to be read. */
void http_call_begin(struct http_call *call, struct lws *wsi, size_t length);
/* The same, to be thrown away. Non-zero: the connection is to
 * be closed. */
int http_call_refuse(struct http_call *call, struct lws *wsi, int64_t length, int status,
                     const char *header, const char *message);

/* What libwebsockets says; non-zero: the connection is to be closed. */
int http_call_read(struct http_call *call, const char *bytes, size_t length);
/* Has it been answered before all of it was read? */
bool http_call_is_answered(const struct http_call *call);
/* The call is no more after this: libwebsockets has taken its memory back. */
int http_call_respond(struct http_call *call);

/* In the table from now on, until the answer is there or the connection is gone. */
void http_call_await(struct http_call *call, struct id_table *waiting);
/* Once it is asked for: responds if it is there already, else nothing is read until it is. */
int http_call_wait(struct http_call *call);
/* It is there; body is *stolen*. Nothing happens if nobody waits for it any more. */
void http_call_answer(struct id_table *waiting, uint64_t id, int status, char *body);

/* The connection is gone. */
void http_call_finish(struct http_call *call, struct id_table *waiting);

#endif
