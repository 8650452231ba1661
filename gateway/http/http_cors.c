/*
 * http_cors - which pages of other origins may read what is answered; see http_cors.h.
 */
#include "http_cors.h"

#include "http_conn.h"
#include "http_origin.h"
#include "mem.h"
#include "network.h"

#include <string.h>
#include <strings.h>

/* Over TLS it is known, and where a trusted proxy says it. */
static enum http_scheme scheme_of(const struct http_conn *conn, const struct http_head *head)
{
    struct peer peer;
    const struct http_peer_rule connection_only = {"", 0};
    const char *said = http_head_find(head, "x-forwarded-proto");
    if (http_conn_is_tls(conn))
        return HTTP_SCHEME_TLS;
    (void)http_peer(http_conn_socket(conn), head, &connection_only, &peer);
    if (!said || !networks_have(http_conn_cors(conn)->rule.trusted_proxies, &peer))
        return HTTP_SCHEME_UNKNOWN;
    if (strcasecmp(said, "https") == 0)
        return HTTP_SCHEME_TLS;
    return strcasecmp(said, "http") == 0 ? HTTP_SCHEME_PLAIN : HTTP_SCHEME_UNKNOWN;
}

bool http_cors_is_origin_welcome(const struct http_conn *conn, const struct http_head *head)
{
    const char *origin = http_head_find(head, "origin");
    const struct http_cors *cors = http_conn_cors(conn);
    if (!origin || !origin[0])
        return true; /* not a page: a program */
    return cors && http_origin_is_allowed(cors->allowed_origins, origin, http_head_host(head),
                                          scheme_of(conn, head));
}

bool http_cors_is_host_welcome(const struct http_conn *conn, const struct http_head *head)
{
    struct peer peer;
    const struct http_cors *cors = http_conn_cors(conn);
    const char *host = http_head_host(head);
    if (!cors || http_origin_is_host_allowed(cors->allowed_hosts, cors->allowed_origins, host,
                                             /* is_from_here= */ true))
        return true; /* for all: the system need not be asked who it is */
    (void)http_peer(http_conn_socket(conn), head, &cors->rule, &peer);
    return !peer_is_loopback(&peer) &&
           http_origin_is_host_allowed(cors->allowed_hosts, cors->allowed_origins, host,
                                       /* is_from_here= */ false);
}

char *http_cors_headers(const struct http_conn *conn)
{
    static const char vary[] = "Vary: Origin\r\n";
    const struct http_cors *cors = http_conn_cors(conn);
    const struct http_head *head = http_conn_head(conn);
    const char *origin = http_head_find(head, "origin");
    if (!cors)
        return mem_strdup("");
    if (!origin || !origin[0] || !http_cors_is_origin_welcome(conn, head) ||
        !http_cors_is_host_welcome(conn, head))
        return mem_strdup(vary);
    if (http_origin_is_allowed(cors->allowed_origins, "*", "", HTTP_SCHEME_UNKNOWN))
        return mem_printf("Access-Control-Allow-Origin: *\r\n%s", vary);
    return mem_printf("Access-Control-Allow-Origin: %s\r\n"
                      "Access-Control-Allow-Credentials: true\r\n%s",
                      origin, vary);
}

bool http_cors_is_preflight(const struct http_conn *conn)
{
    return http_conn_port(conn) == HTTP_PUBLIC && http_conn_head(conn)->method == HTTP_OPTIONS;
}
