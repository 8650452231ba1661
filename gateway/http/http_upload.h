/*
 * http_upload - POST /files?channel=CHANNEL&userid=USER&name=NAME: a file for a channel.
 *
 * The body is the file, Content-Type its type. Where tokens are asked for, one is given as
 * Authorization: Bearer TOKEN or ?token=. How often an address may do it, how many at once, and
 * how much is on its way in all is bounded.
 */
#ifndef PARLEY_HTTP_UPLOAD_H
#define PARLEY_HTTP_UPLOAD_H

#include "http_peer.h"

#include <stdbool.h>
#include <stdint.h>

struct http_conn;
struct http_uploads;
struct hub;

struct http_files_options {
    int64_t per_minute;            /* files from one address */
    int64_t uploads_per_address;   /* at once; 0: no limit */
    int64_t downloads_per_address; /* at once; 0: no limit */
    struct http_peer_rule rule;    /* whose address it is */
};

/* options are borrowed for the life of it. *new* */
struct http_uploads *http_uploads_create(struct hub *hub,
                                         const struct http_files_options *options);
void http_uploads_destroy(struct http_uploads *uploads); /* takes NULL */

/* Answers the request, now or later. */
void http_upload_begin(struct http_uploads *uploads, struct http_conn *conn, bool is_draining);

#endif
