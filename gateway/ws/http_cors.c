/*
 * http_cors - which pages of other origins may read what is answered; see http_cors.h.
 */
#include "http_cors.h"

#include "http_response.h"
#include "mem.h"
#include "ws_handshake.h"

#include <libwebsockets.h>

#include <string.h>

enum { ORIGIN_BYTES = 1024 };

/* The page's origin; false: none was sent, or none that can be one. */
static bool read_origin(struct lws *wsi, char origin[ORIGIN_BYTES])
{
    return lws_hdr_copy(wsi, origin, ORIGIN_BYTES, WSI_TOKEN_ORIGIN) > 0;
}

static const struct http_cors *cors_of(struct lws *wsi)
{
    return lws_vhost_user(lws_get_vhost(wsi));
}

static bool is_allowed(struct lws *wsi, const char *allowed_origins, const char *origin)
{
    char host[ORIGIN_BYTES];
    if (lws_hdr_copy(wsi, host, sizeof(host), WSI_TOKEN_HOST) <= 0)
        host[0] = '\0';
    return ws_handshake_is_origin_allowed(allowed_origins, origin, host);
}

char *http_cors_headers(struct lws *wsi)
{
    static const char vary[] = "Vary: Origin\r\n";
    char origin[ORIGIN_BYTES];
    const struct http_cors *cors = cors_of(wsi);
    if (!cors)
        return mem_strdup("");
    if (!read_origin(wsi, origin) || !is_allowed(wsi, cors->allowed_origins, origin))
        return mem_strdup(vary);
    if (ws_handshake_is_origin_allowed(cors->allowed_origins, "*", ""))
        return mem_printf("Access-Control-Allow-Origin: *\r\n%s", vary);
    return mem_printf("Access-Control-Allow-Origin: %s\r\n"
                      "Access-Control-Allow-Credentials: true\r\n%s",
                      origin, vary);
}

bool http_cors_is_welcome(struct lws *wsi)
{
    char origin[ORIGIN_BYTES];
    const struct http_cors *cors = cors_of(wsi);
    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) <= 0)
        return true; /* not a page: a program */
    return cors && read_origin(wsi, origin) && is_allowed(wsi, cors->allowed_origins, origin);
}

bool http_cors_is_preflight(struct lws *wsi)
{
    return cors_of(wsi) && lws_hdr_total_length(wsi, WSI_TOKEN_OPTIONS_URI) > 0;
}

int http_cors_answer_preflight(struct lws *wsi)
{
    static const char allow[] = "Allow: GET, HEAD, POST, OPTIONS";
    static const char permissions[] =
        "Access-Control-Allow-Methods: GET, HEAD, POST\r\n"
        "Access-Control-Allow-Headers: Authorization, Content-Type\r\n"
        "Access-Control-Max-Age: 600\r\n"
        "Allow: GET, HEAD, POST, OPTIONS";
    bool is_welcome = http_cors_is_welcome(wsi);
    struct http_response response = {.status = 204, .header = is_welcome ? permissions : allow};
    return http_respond(wsi, &response);
}
