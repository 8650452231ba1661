/*
 * http_download - GET /files/ID/NAME; see http_download.h.
 *
 *   begin -> read -> on_piece: head and piece -> writable -> read -> on_piece -> ... -> end
 */
#include "http_download.h"

#include "broker.h"
#include "file_names.h"
#include "files.h"
#include "http_conn.h"
#include "http_response.h"
#include "http_upload.h"
#include "id_table.h"
#include "limit.h"
#include "mem.h"
#include "metrics.h"
#include "network.h"

#include <stdlib.h>
#include <string.h>

static const char path_head[] = "/files/";

struct http_downloads {
    struct hub *hub;
    const struct http_files_options *options;
    struct id_table *running;
};

struct http_download {
    struct http_conn *conn;
    uint64_t customer; /* whose it is: see network.h */
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

static void write_piece(struct http_download *download, struct slice piece)
{
    struct http_conn *conn = download->conn;
    bool is_last_piece = download->remaining == 0;
    http_conn_send(conn, piece.bytes, piece.length);
    if (is_last_piece)
        http_conn_finish(conn, /* is_last= */ false);
    else
        http_conn_await_room(conn);
}

static void begin_answer(struct http_download *download, const struct file_piece *piece)
{
    struct http_conn *conn = download->conn;
    if (!piece->name) {
        http_refuse(conn, 404, NULL, "there is no such file, or no more");
        return;
    }
    char *headers = print_headers(piece);
    http_send_head(conn, &(struct http_response){.status = 200,
                                                 .type = piece->type,
                                                 .header = headers,
                                                 .body_length = piece->bytes,
                                                 .cache = "private, max-age=3600, immutable"});
    free(headers);
    metrics.files_read_total++;
    if (!download->is_head && piece->piece.length <= piece->bytes)
        download->remaining = piece->bytes - piece->piece.length;
    write_piece(download, download->is_head ? (struct slice){"", 0} : piece->piece);
}

static void on_piece(void *owner, uint64_t tag, const struct file_piece *piece)
{
    struct http_downloads *downloads = owner;
    struct http_download *download = id_table_find(downloads->running, tag);
    if (!download)
        return;
    bool is_begin = download->next == 0;
    download->is_reading = false;
    download->next = piece->next;
    if (is_begin && !piece->is_known) {
        http_refuse(download->conn, 503, "Retry-After: 5", "the store is out of reach");
    } else if (is_begin) {
        begin_answer(download, piece);
    } else if (piece->piece.length == 0 || piece->piece.length > download->remaining) {
        http_conn_abort(download->conn); /* what was promised cannot be kept */
    } else {
        download->remaining -= piece->piece.length;
        write_piece(download, piece->piece);
    }
}

static void read_piece(struct http_downloads *downloads, struct http_download *download)
{
    download->is_reading = true;
    files_read(downloads->hub, download->file, download->next,
               (struct file_reader){on_piece, downloads, download->id});
}

static void on_writable(void *owner, struct http_conn *conn)
{
    struct http_download *download = http_conn_context(conn);
    if (!download->is_reading && download->remaining > 0)
        read_piece(owner, download);
}

static void on_over(void *owner, struct http_conn *conn)
{
    struct http_downloads *downloads = owner;
    struct http_download *download = http_conn_context(conn);
    id_table_remove(downloads->running, download->id);
    free(download);
}

/* ------------------------------------------------------------------------------ requests */

/* Has the address as many under way as it may have? */
static bool has_too_many(const struct http_downloads *downloads, const struct peer *peer)
{
    const struct http_download *download;
    size_t cursor = 0;
    uint64_t customer = peer_customer(peer);
    int64_t count = 0;
    int64_t max = downloads->options->downloads_per_address;
    while (max > 0 && (download = id_table_next(downloads->running, &cursor)) != NULL)
        count += download->customer == customer;
    if (max == 0 || count < max)
        return false;
    limit_hit(LIMIT_downloads_per_address);
    return true;
}

static void take_in(struct http_downloads *downloads, struct http_conn *conn,
                    const struct peer *peer, const char *file)
{
    static const struct http_handler handler = {.on_writable = on_writable, .on_over = on_over};
    struct http_download *download = mem_zalloc(sizeof(*download));
    download->conn = conn;
    download->customer = peer_customer(peer);
    download->is_head = http_is_head(conn);
    memcpy(download->file, file, BROKER_FILE_ID_BYTES);
    download->id = id_table_add(downloads->running, download);
    http_conn_begin(conn, &handler, downloads, download);
    read_piece(downloads, download);
}

void http_download_begin(struct http_downloads *downloads, struct http_conn *conn,
                         const char *path)
{
    struct peer peer;
    const char *id = path + strlen(path_head);
    (void)http_peer(http_conn_socket(conn), http_conn_head(conn), &downloads->options->rule,
                    &peer);
    if (!http_is_get(conn))
        http_refuse(conn, 405, "Allow: GET, HEAD", "only GET and HEAD");
    else if (!files_is_id(id, strcspn(id, "/")))
        http_refuse(conn, 404, NULL, "there is no such file, or no more");
    else if (has_too_many(downloads, &peer))
        http_refuse(conn, 429, "Retry-After: 5", "too many downloads from this address");
    else if (id_table_count(downloads->running) >= DOWNLOADS_MAX)
        http_refuse(conn, 503, "Retry-After: 5", "too many downloads");
    else
        take_in(downloads, conn, &peer, id);
}

/* ---------------------------------------------------------------------------------- life */

struct http_downloads *http_downloads_create(struct hub *hub,
                                             const struct http_files_options *options)
{
    struct http_downloads *downloads = mem_zalloc(sizeof(*downloads));
    downloads->hub = hub;
    downloads->options = options;
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
