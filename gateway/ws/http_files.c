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

bool http_files_is_busy(const struct http_files_slot *slot)
{
    return slot && (slot->download || slot->upload.state != HTTP_CALL_NONE);
}

int http_files_begin(struct http_files *files, struct http_files_slot *slot, struct lws *wsi,
                     const char *path, bool is_draining)
{
    if (http_download_is_path(path))
        return http_download_begin(files->downloads, &slot->download, wsi, path);
    return http_upload_begin(files->uploads, &slot->upload, wsi, is_draining);
}

int http_files_read(struct http_files_slot *slot, const char *bytes, size_t length)
{
    return http_upload_read(&slot->upload, bytes, length);
}

int http_files_complete(struct http_files *files, struct http_files_slot *slot)
{
    return http_upload_complete(files->uploads, &slot->upload);
}

int http_files_writable(struct http_files *files, struct http_files_slot *slot)
{
    return http_download_writable(files->downloads, slot->download);
}

void http_files_closed(struct http_files *files, struct http_files_slot *slot)
{
    http_upload_closed(files->uploads, &slot->upload);
    http_download_closed(files->downloads, &slot->download);
}

struct http_files *http_files_create(struct hub *hub, const struct http_upload_options *options)
{
    struct http_files *files = mem_zalloc(sizeof(*files));
    files->uploads = http_uploads_create(hub, options);
    files->downloads = http_downloads_create(hub);
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
