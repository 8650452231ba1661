/*
 * http_upload - POST /files?channel=CHANNEL&userid=USER&name=NAME: a file for a channel.
 *
 * The body is the file, Content-Type its type. Where tokens are asked for, one is given as
 * Authorization: Bearer TOKEN or ?token=. How often an address may do it, how much is on its
 * way at once and how long that may take is bounded; see the enum below.
 */
#ifndef PARLEY_HTTP_UPLOAD_H
#define PARLEY_HTTP_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_call;
struct http_uploads;
struct hub;
struct lws;

enum { UPLOAD_MS_MAX = 120000 /* from the head of a request to the end of its body */ };

struct http_upload_options {
    int64_t per_minute;          /* files from one address */
    const char *trusted_proxies; /* whose X-Forwarded-For counts; see network.h */
};

/* options are borrowed for the life of it. *new* */
struct http_uploads *http_uploads_create(struct hub *hub,
                                         const struct http_upload_options *options);
void http_uploads_destroy(struct http_uploads *uploads); /* takes NULL */

/* What libwebsockets says; non-zero: the connection is to be closed. */
int http_upload_begin(struct http_uploads *uploads, struct http_call *call, struct lws *wsi,
                      bool is_draining);
int http_upload_read(struct http_call *call, const char *bytes, size_t length);
int http_upload_complete(struct http_uploads *uploads, struct http_call *call);
void http_upload_closed(struct http_uploads *uploads, struct http_call *call);

#endif
