/*
 * http_files - /files on the public port; see http_files.h.
 */
#include "http_files.h"

#include "http_download.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static const char upload_path[] = "/files";

struct http_files {
    struct http_uploads *uploads;
    struct http_downloads *downloads;
};

bool http_files_is_path(const char *path)
{
    return strcmp(path, upload_path) == 0 || http_download_is_path(path);
}

void http_files_begin(struct http_files *files, struct http_conn *conn, const char *path,
                      bool is_draining)
{
    if (http_download_is_path(path))
        http_download_begin(files->downloads, conn, path);
    else
        http_upload_begin(files->uploads, conn, is_draining);
}

struct http_files *http_files_create(struct hub *hub, const struct http_files_options *options)
{
    struct http_files *files = mem_zalloc(sizeof(*files));
    files->uploads = http_uploads_create(hub, options);
    files->downloads = http_downloads_create(hub, options);
    return files;
}

void http_files_destroy(struct http_files *files)
{
    if (!files)
        return;
    http_uploads_destroy(files->uploads);
    http_downloads_destroy(files->downloads);
    free(files);
}
