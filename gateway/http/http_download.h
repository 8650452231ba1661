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

struct http_conn;
struct http_downloads;
struct http_files_options;
struct hub;

enum { DOWNLOADS_MAX = 1000 /* at once on this node */ };

/* options are borrowed for the life of it. *new* */
struct http_downloads *http_downloads_create(struct hub *hub,
                                             const struct http_files_options *options);
void http_downloads_destroy(struct http_downloads *downloads); /* takes NULL */

/* Is it the address of a file? */
bool http_download_is_path(const char *path);

/* Answers the request, now or later. */
void http_download_begin(struct http_downloads *downloads, struct http_conn *conn,
                         const char *path);

#endif
