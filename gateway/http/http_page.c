/*
 * http_page - the chat page and its client; see http_page.h.
 *
 * While the nodes of a cluster are replaced one by one, a page of one version may ask a node
 * of another for its files: it is given what there is, and told not to keep it.
 */
#include "http_page.h"

#include "http_conn.h"
#include "http_response.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct web_asset {
    const char *name;
    const char *type;
    const char *digest;
    const unsigned char *plain;
    size_t plain_length;
    const unsigned char *packed; /* by gzip */
    size_t packed_length;
};

#include "web_assets.h"

static const char index_name[] = "index.html";
static const char web_root[] = "/web/";

/* Nothing from elsewhere, nothing inline, in nobody's frame. */
static const char page_policy[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n";

bool http_page_is_path(const char *path)
{
    return strcmp(path, "/") == 0 || strncmp(path, web_root, strlen(web_root)) == 0;
}

/* *ret_is_lasting: the path says which version, and it is ours. */
static const struct web_asset *find_asset(const char *path, bool *ret_is_lasting)
{
    const char *name = index_name;
    bool is_lasting = false;
    if (strcmp(path, "/") != 0) {
        const char *version = path + strlen(web_root);
        size_t length = strcspn(version, "/");
        if (version[length] != '/' || strcmp(version + length + 1, index_name) == 0)
            return NULL;
        name = version + length + 1;
        is_lasting =
            length == strlen(WEB_VERSION) && strncmp(version, WEB_VERSION, length) == 0;
    }
    for (size_t i = 0; i < sizeof(web_assets) / sizeof(web_assets[0]); i++) {
        if (strcmp(name, web_assets[i].name) == 0) {
            *ret_is_lasting = is_lasting;
            return &web_assets[i];
        }
    }
    return NULL;
}

static bool is_refused(const char *parameters, size_t length)
{
    const char *quality = memmem(parameters, length, "q=0", 3);
    if (!quality)
        return false;
    quality += 3;
    size_t left = length - (size_t)(quality - parameters);
    return strspn(quality, ".0 \t") >= left;
}

/* Is it in a value of Accept-Encoding, and not with a quality of 0? */
static bool is_gzip_accepted(const char *accept_encoding)
{
    const char *at = accept_encoding;
    while (*at) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ",");
        size_t name = strcspn(at, ",; \t");
        if (name == strlen("gzip") && strncasecmp(at, "gzip", name) == 0)
            return !is_refused(at + name, length - name);
        at += length;
    }
    return false;
}

static bool takes_gzip(const struct http_conn *conn)
{
    char *value = http_head_join(http_conn_head(conn), "accept-encoding");
    bool is_accepted = value && is_gzip_accepted(value);
    free(value);
    return is_accepted;
}

/* The client has this very content already. */
static bool is_known(const struct http_conn *conn, const char *etag)
{
    const char *value = http_head_find(http_conn_head(conn), "if-none-match");
    return value && strstr(value, etag) != NULL;
}

static void answer(struct http_conn *conn, const struct web_asset *asset, bool is_lasting)
{
    bool is_packed = takes_gzip(conn);
    char *etag = mem_printf("\"%s%s\"", asset->digest, is_packed ? "-gzip" : "");
    bool has_it = is_known(conn, etag);
    char *header = mem_printf("%sETag: %s\r\n%sVary: Accept-Encoding", page_policy, etag,
                              is_packed && !has_it ? "Content-Encoding: gzip\r\n" : "");
    struct http_response response = {
        .status = has_it ? 304 : 200,
        .type = has_it ? NULL : asset->type,
        .header = header,
        .body = (const char *)(is_packed ? asset->packed : asset->plain),
        .body_length = is_packed ? asset->packed_length : asset->plain_length,
        .cache = is_lasting ? "public, max-age=31536000, immutable" : "no-cache",
    };
    http_respond(conn, &response);
    free(header);
    free(etag);
}

void http_page_answer(struct http_conn *conn, const char *path)
{
    bool is_lasting;
    const struct web_asset *asset = find_asset(path, &is_lasting);
    if (!asset)
        http_refuse(conn, 404, NULL, "the page has no such file");
    else if (!http_is_get(conn))
        http_refuse(conn, 405, "Allow: GET, HEAD", "only GET and HEAD");
    else
        answer(conn, asset, is_lasting);
}
