/*
 * http_files - /files on the public port: uploads and downloads under one roof.
 */
#ifndef PARLEY_HTTP_FILES_H
#define PARLEY_HTTP_FILES_H

#include "http_call.h"
#include "http_upload.h"

#include <stdbool.h>
#include <stddef.h>

struct http_download;
struct http_files;
struct hub;
struct lws;

/* In the memory that libwebsockets keeps for a connection; begins as zeros. */
struct http_files_slot {
    struct http_call upload;
    struct http_download *download; /* NULL: none */
};

/* options are borrowed for the life of it. *new* */
struct http_files *http_files_create(struct hub *hub,
                                     const struct http_upload_options *options);
/* After the last connection is gone. */
void http_files_destroy(struct http_files *files); /* takes NULL */

bool http_files_is_path(const char *path);
/* Is a file on its way? Then no other request may begin on the connection. */
bool http_files_is_busy(const struct http_files_slot *slot); /* takes NULL */

/* What libwebsockets says; non-zero: the connection is to be closed. */
int http_files_begin(struct http_files *files, struct http_files_slot *slot, struct lws *wsi,
                     const char *path, bool is_draining);
int http_files_read(struct http_files_slot *slot, const char *bytes, size_t length);
int http_files_complete(struct http_files *files, struct http_files_slot *slot);
int http_files_writable(struct http_files *files, struct http_files_slot *slot);
void http_files_closed(struct http_files *files, struct http_files_slot *slot);

#endif
