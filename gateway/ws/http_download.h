/*
 * http_download - GET /files/ID/NAME: a file that somebody shared, as a download.
 *
 * It is read from the store and written to the connection piece by piece, the next one when the
 * last was taken: a slow reader costs no more than one piece. Nothing in the file is ever
 * run or shown as a page of ours, whatever it says it is.
 */
#ifndef PARLEY_HTTP_DOWNLOAD_H
#define PARLEY_HTTP_DOWNLOAD_H

#include <stdbool.h>

struct http_download;
struct http_downloads;
struct hub;
struct lws;

enum {
    DOWNLOADS_MAX = 1000,  /* at once on this node */
    DOWNLOAD_STALL_S = 30, /* for a piece to be taken */
};

/* *new* */
struct http_downloads *http_downloads_create(struct hub *hub);
void http_downloads_destroy(struct http_downloads *downloads); /* takes NULL */

/* Is it the address of a file? */
bool http_download_is_path(const char *path);

/* What libwebsockets says of a connection; *slot is NULL before and after. Non-zero: the
 * connection is to be closed. */
int http_download_begin(struct http_downloads *downloads, struct http_download **slot,
                        struct lws *wsi, const char *path);
int http_download_writable(struct http_downloads *downloads, struct http_download *download);
void http_download_closed(struct http_downloads *downloads, struct http_download **slot);

#endif
