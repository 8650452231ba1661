/*
 * http_download - GET /files/ID/NAME; see http_download.h.
 *
 *   begin -> read -> on_piece: head and piece -> writable -> read -> on_piece -> ... -> end
 *
 * Reading from the connection is not held up meanwhile: libwebsockets would not say that it
 * is writable then. A client that asks for more before it has all of it is sent away.
 */
#include "http_download.h"

#include "broker.h"
#include "file_names.h"
#include "files.h"
#include "http_response.h"
#include "id_table.h"
#include "mem.h"
#include "metrics.h"

#include <libwebsockets.h>

#include <stdlib.h>
#include <string.h>

static const char path_head[] = "/files/";

struct http_downloads {
    struct hub *hub;
    struct id_table *running;
};

struct http_download {
    struct lws *wsi;
    struct http_download **slot; /* in the connection's memory */
    uint64_t id;
    char file[BROKER_FILE_ID_BYTES + 1];
    bool is_head;
    bool is_reading;  /* from the store */
    size_t next;      /* where the next piece begins */
    size_t remaining; /* bytes of the file still to be written */
};

bool http_download_is_path(const char *path)
{
    return strncmp(path, path_head, strlen(path_head)) == 0;
}

/* ------------------------------------------------------------------------------- answers */

static void forget(struct http_downloads *downloads, struct http_download *download)
{
    *download->slot = NULL;
    id_table_remove(downloads->running, download->id);
    free(download);
}

/* The transaction is over; the connection goes on if it can. */
static int complete(struct http_downloads *downloads, struct http_download *download)
{
    struct lws *wsi = download->wsi;
    forget(downloads, download);
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int refuse(struct http_downloads *downloads, struct http_download *download, int status,
                  const char *message)
{
    struct lws *wsi = download->wsi;
    forget(downloads, download);
    return http_refuse(wsi, status, status == 503 ? "Retry-After: 5" : NULL, message);
}

/* For clients that know no UTF-8 in it. *new* */
static char *ascii_of(const char *name)
{
    char *ascii = mem_strdup(name);
    for (char *at = ascii; *at; at++) {
        if ((unsigned char)*at >= 0x80)
            *at = '_';
    }
    return ascii;
}

/* *new* */
static char *print_headers(const struct file_piece *piece)
{
    char *ascii = ascii_of(piece->name);
    char *encoded = file_name_encode(piece->name);
    char *headers =
        mem_printf("Content-Disposition: attachment; filename=\"%s\"; filename*=UTF-8''%s\r\n"
                   "Content-Security-Policy: default-src 'none'; sandbox\r\n"
                   "Cross-Origin-Resource-Policy: same-origin\r\n"
                   "Referrer-Policy: no-referrer",
                   ascii, encoded);
    free(encoded);
    free(ascii);
    return headers;
}

static int write_piece(struct http_downloads *downloads, struct http_download *download,
                       struct slice piece)
{
    lws_set_timeout(download->wsi, PENDING_TIMEOUT_HTTP_CONTENT, DOWNLOAD_STALL_S);
    if (piece.length > 0 && lws_write(download->wsi, (unsigned char *)piece.bytes, piece.length,
                                      LWS_WRITE_HTTP) < 0)
        return -1;
    if (download->remaining == 0)
        return complete(downloads, download);
    lws_callback_on_writable(download->wsi);
    return 0;
}

static int begin_answer(struct http_downloads *downloads, struct http_download *download,
                        const struct file_piece *piece)
{
    if (!piece->name)
        return refuse(downloads, download, 404, "there is no such file, or no more");
    char *headers = print_headers(piece);
    struct http_response response = {.status = 200,
                                     .type = piece->type,
                                     .header = headers,
                                     .body_length = piece->bytes,
                                     .cache = "private, max-age=3600, immutable"};
    bool is_sent = http_send_head(download->wsi, &response);
    free(headers);
    if (!is_sent)
        return -1;
    metrics.files_read_total++;
    if (!download->is_head && piece->piece.length <= piece->bytes)
        download->remaining = piece->bytes - piece->piece.length;
    return write_piece(downloads, download,
                       download->is_head ? (struct slice){NULL, 0} : piece->piece);
}

static int go_on(struct http_downloads *downloads, struct http_download *download,
                 const struct file_piece *piece)
{
    bool is_begin = download->next == 0;
    download->is_reading = false;
    download->next = piece->next;
    if (is_begin && !piece->is_known)
        return refuse(downloads, download, 503, "the store is out of reach");
    if (is_begin)
        return begin_answer(downloads, download, piece);
    if (piece->piece.length == 0 || piece->piece.length > download->remaining)
        return -1; /* it is gone: what was promised cannot be kept */
    download->remaining -= piece->piece.length;
    return write_piece(downloads, download, piece->piece);
}

static void on_piece(void *owner, uint64_t tag, const struct file_piece *piece)
{
    struct http_downloads *downloads = owner;
    struct http_download *download = id_table_find(downloads->running, tag);
    if (!download)
        return;
    struct lws *wsi = download->wsi;
    if (go_on(downloads, download, piece) != 0)
        lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
}

static void read_piece(struct http_downloads *downloads, struct http_download *download)
{
    download->is_reading = true;
    files_read(downloads->hub, download->file, download->next,
               (struct file_reader){on_piece, downloads, download->id});
}

/* ------------------------------------------------------------------------------ requests */

int http_download_begin(struct http_downloads *downloads, struct http_download **slot,
                        struct lws *wsi, const char *path)
{
    const char *id = path + strlen(path_head);
    size_t length = strcspn(id, "/");
    if (!http_is_get(wsi))
        return http_refuse(wsi, 405, "Allow: GET, HEAD", "only GET and HEAD");
    if (!files_is_id(id, length))
        return http_refuse(wsi, 404, NULL, "there is no such file, or no more");
    if (id_table_count(downloads->running) >= DOWNLOADS_MAX)
        return http_refuse(wsi, 503, "Retry-After: 5", "too many downloads");
    struct http_download *download = mem_zalloc(sizeof(*download));
    download->wsi = wsi;
    download->slot = slot;
    download->is_head = http_is_head(wsi);
    memcpy(download->file, id, length);
    download->id = id_table_add(downloads->running, download);
    *slot = download;
    read_piece(downloads, download);
    return 0;
}

int http_download_writable(struct http_downloads *downloads, struct http_download *download)
{
    if (download && !download->is_reading && download->remaining > 0)
        read_piece(downloads, download);
    return 0;
}

void http_download_closed(struct http_downloads *downloads, struct http_download **slot)
{
    if (*slot)
        forget(downloads, *slot);
}

/* ---------------------------------------------------------------------------------- life */

struct http_downloads *http_downloads_create(struct hub *hub)
{
    struct http_downloads *downloads = mem_zalloc(sizeof(*downloads));
    downloads->hub = hub;
    downloads->running = id_table_create();
    return downloads;
}

void http_downloads_destroy(struct http_downloads *downloads)
{
    if (!downloads)
        return;
    id_table_destroy(downloads->running);
    free(downloads);
}
