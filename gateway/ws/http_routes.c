/*
 * http_routes - what both ports answer to plain HTTP; see http_routes.h.
 *
 * The short answers are made here; what takes more has a file of its own.
 */
#include "http_routes.h"

#include "broker.h"
#include "http_cors.h"
#include "http_page.h"
#include "http_response.h"
#include "mem.h"
#include "metrics.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static const char json_type[] = "application/json";

static int answer_health(struct lws *wsi, const struct http_state *state)
{
    struct http_response response = {
        .status = 200, .type = json_type, .body = "{\"status\":\"ok\"}\n"};
    if (state->is_draining)
        response = (struct http_response){.status = 503,
                                          .type = json_type,
                                          .body = "{\"status\":\"draining\"}\n",
                                          .is_last = true};
    return http_respond(wsi, &response);
}

static int answer_ready(struct lws *wsi, const struct http_state *state)
{
    const char *reason = "draining";
    struct http_response response = {
        .status = 200, .type = json_type, .body = "{\"status\":\"ready\"}\n"};
    if (!state->is_draining && broker_is_ready(state->broker, &reason))
        return http_respond(wsi, &response);
    char *quoted = text_to_json(reason);
    char *body = mem_printf("{\"status\":\"not ready\",\"reason\":%s}\n", quoted);
    response.status = 503;
    response.body = body;
    int result = http_respond(wsi, &response);
    free(body);
    free(quoted);
    return result;
}

static int answer_metrics(struct lws *wsi)
{
    size_t length;
    char *page = metrics_print(&length);
    struct http_response response = {.status = 200,
                                     .type = "text/plain; version=0.0.4",
                                     .body = page,
                                     .body_length = length};
    int result = http_respond(wsi, &response);
    free(page);
    return result;
}

static int route_internal(struct lws *wsi, const struct http_state *state, const char *path)
{
    bool is_health = strcmp(path, "/health") == 0;
    bool is_ready = strcmp(path, "/ready") == 0;
    if (!is_health && !is_ready && strcmp(path, "/metrics") != 0)
        return http_refuse(wsi, 404, NULL, "not found; there are /health, /ready and /metrics");
    if (!http_is_get(wsi))
        return http_refuse(wsi, 405, "Allow: GET, HEAD", "only GET and HEAD");
    if (is_health)
        return answer_health(wsi, state);
    return is_ready ? answer_ready(wsi, state) : answer_metrics(wsi);
}

static int route_public(struct lws *wsi, const struct http_state *state, const char *path)
{
    if (http_cors_is_preflight(wsi))
        return http_cors_answer_preflight(wsi);
    if (state->has_page && http_page_is_path(path))
        return http_page_answer(wsi, path);
    if (strcmp(path, "/ws") == 0 || strcmp(path, "/connection/websocket") == 0)
        return http_refuse(wsi, 426, "Upgrade: websocket", "this address takes WebSockets");
    if (strcmp(path, "/health") != 0)
        return http_refuse(wsi, 404, NULL,
                           "not found; there are /ws for WebSockets and /health");
    if (!http_is_get(wsi))
        return http_refuse(wsi, 405, "Allow: GET, HEAD", "only GET and HEAD");
    return answer_health(wsi, state);
}

int http_route(struct lws *wsi, enum http_port port, const struct http_state *state,
               const char *path)
{
    return port == HTTP_INTERNAL ? route_internal(wsi, state, path)
                                 : route_public(wsi, state, path);
}
