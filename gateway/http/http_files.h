/*
 * http_files - /files on the public port: uploads and downloads under one roof.
 */
#ifndef PARLEY_HTTP_FILES_H
#define PARLEY_HTTP_FILES_H

#include "http_upload.h"

#include <stdbool.h>

struct http_conn;
struct http_files;
struct hub;

/* options are borrowed for the life of it. *new* */
struct http_files *http_files_create(struct hub *hub, const struct http_files_options *options);
/* After the last connection is gone. */
void http_files_destroy(struct http_files *files); /* takes NULL */

bool http_files_is_path(const char *path);

/* Answers the request, now or later. */
void http_files_begin(struct http_files *files, struct http_conn *conn, const char *path,
                      bool is_draining);

#endif
