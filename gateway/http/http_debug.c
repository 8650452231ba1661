/*
 * http_debug - the inside of this node as JSON; see http_debug.h.
 */
#include "http_debug.h"

#include "chat_describe.h"
#include "http_api.h"
#include "http_conn.h"
#include "http_response.h"
#include "json_out.h"

#include <stdlib.h>
#include <string.h>

static const char path_head[] = "/debug/";

static const struct view {
    const char *name;
    void (*describe)(const struct hub *hub, struct json_out *out);
} views[] = {
    {"connections", chat_describe_connections},
    {"channels", chat_describe_channels},
    {"links", chat_describe_links},
};

bool http_debug_is_path(const char *path)
{
    return strncmp(path, path_head, strlen(path_head)) == 0;
}

static const struct view *find_view(const char *name)
{
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
        if (strcmp(views[i].name, name) == 0)
            return &views[i];
    }
    return NULL;
}

void http_debug_answer(struct http_conn *conn, const struct http_api *api,
                       const struct hub *hub, const char *path)
{
    const struct view *view = find_view(path + strlen(path_head));
    struct http_fault fault = http_api_check_key(api, http_conn_head(conn));
    if (fault.status) {
        http_refuse_politely(conn, fault.status, NULL, fault.message);
    } else if (!view) {
        http_refuse_politely(conn, 404, NULL,
                             "not found; there are /debug/connections, /debug/channels and "
                             "/debug/links");
    } else if (!http_is_get(conn)) {
        http_refuse(conn, 405, "Allow: GET, HEAD", "only GET and HEAD");
    } else {
        struct json_out out = {.bytes = NULL};
        view->describe(hub, &out);
        char *body = json_out_finish(&out);
        http_send_answer(conn, 200, NULL, body);
        free(body);
    }
}
