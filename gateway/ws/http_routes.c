/*
 * http_routes - what both ports answer to plain HTTP; see http_routes.h.
 *
 * The short answers are made here; what takes more has a file of its own.
 */
#include "http_routes.h"

#include "http_cors.h"
#include "http_page.h"
#include "http_response.h"
#include "mem.h"
#include "text.h"
#include "worker_page.h"

#include <stdlib.h>
#include <string.h>

static const char json_type[] = "application/json";

/* [{"worker":1,"status":"ready"},{"worker":2,"status":"not ready","reason":"..."}]. *new* */
static char *print_workers(void)
{
    char *list = mem_strdup("");
    for (size_t number = 1; number <= workers_count(); number++) {
        struct worker_view view;
        workers_view(number, &view);
        char *reason = text_to_json(view.reason);
        char *longer =
            mem_printf("%s%s{\"worker\":%zu,\"status\":\"%s\"%s%s}", list,
                       number > 1 ? "," : "", number, workers_state_name(view.state),
                       view.reason[0] ? ",\"reason\":" : "", view.reason[0] ? reason : "");
        free(reason);
        free(list);
        list = longer;
    }
    return list;
}

/* Says the status, and where there are several workers what each one is. */
static int answer_status(struct lws *wsi, int status, const char *word, const char *reason)
{
    char *quoted = text_to_json(reason);
    char *workers = print_workers();
    bool has_several = workers_count() > 1;
    char *body =
        mem_printf("{\"status\":\"%s\"%s%s%s%s%s}\n", word, reason[0] ? ",\"reason\":" : "",
                   reason[0] ? quoted : "", has_several ? ",\"workers\":[" : "",
                   has_several ? workers : "", has_several ? "]" : "");
    struct http_response response = {
        .status = status, .type = json_type, .body = body, .is_last = status != 200};
    int result = http_respond(wsi, &response);
    free(body);
    free(workers);
    free(quoted);
    return result;
}

static bool is_ready(const struct worker_view *view)
{
    return view->state == WORKER_READY;
}

/* One that died again and again is not whole before it has lived for a while. */
static bool is_whole(const struct worker_view *view)
{
    return view->state != WORKER_DOWN && view->state != WORKER_SILENT &&
           view->deaths < WORKER_DEATHS_MANY;
}

/* The first worker that is not as it should be; 0: all are. */
static size_t find_worker(bool (*is_as_wanted)(const struct worker_view *view),
                          struct worker_view *ret_view)
{
    for (size_t number = 1; number <= workers_count(); number++) {
        workers_view(number, ret_view);
        if (!is_as_wanted(ret_view))
            return number;
    }
    return 0;
}

/* 200 while somebody is here to say so: a worker that is missing is being replaced. */
static int answer_health(struct lws *wsi, const struct http_state *state)
{
    struct worker_view view;
    if (state->is_draining)
        return answer_status(wsi, 503, "draining", "");
    size_t number = find_worker(is_whole, &view);
    if (number == 0)
        return answer_status(wsi, 200, "ok", "");
    char *reason = view.deaths < WORKER_DEATHS_MANY
                       ? mem_printf("worker %zu: %s", number, workers_state_name(view.state))
                       : mem_printf("worker %zu: %s, died %lld times in a row", number,
                                    workers_state_name(view.state), (long long)view.deaths);
    int result = answer_status(wsi, 200, "degraded", reason);
    free(reason);
    return result;
}

static int answer_ready(struct lws *wsi, const struct http_state *state)
{
    struct worker_view view;
    size_t number = find_worker(is_ready, &view);
    if (state->is_draining)
        return answer_status(wsi, 503, "not ready", "draining");
    if (number == 0)
        return answer_status(wsi, 200, "ready", "");
    const char *why = view.reason[0] ? view.reason : workers_state_name(view.state);
    char *reason =
        workers_count() > 1 ? mem_printf("worker %zu: %s", number, why) : mem_strdup(why);
    int result = answer_status(wsi, 503, "not ready", reason);
    free(reason);
    return result;
}

static int answer_metrics(struct lws *wsi)
{
    size_t length;
    char *page = workers_print_metrics(&length);
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
    bool is_about_ready = strcmp(path, "/ready") == 0;
    if (!is_health && !is_about_ready && strcmp(path, "/metrics") != 0)
        return http_refuse(wsi, 404, NULL, "not found; there are /health, /ready and /metrics");
    if (!http_is_get(wsi))
        return http_refuse(wsi, 405, "Allow: GET, HEAD", "only GET and HEAD");
    if (is_health)
        return answer_health(wsi, state);
    return is_about_ready ? answer_ready(wsi, state) : answer_metrics(wsi);
}

static int route_public(struct lws *wsi, const struct http_state *state, const char *path)
{
    if (http_cors_is_preflight(wsi))
        return http_cors_answer_preflight(wsi);
    if (state->has_page && http_page_is_path(path))
        return http_page_answer(wsi, path);
    if ((state->has_luchat && strcmp(path, "/ws") == 0) ||
        (state->has_centrifuge && strcmp(path, "/connection/websocket") == 0))
        return http_refuse(wsi, 426, "Upgrade: websocket", "this address takes WebSockets");
    if (strcmp(path, "/health") != 0)
        return http_refuse(wsi, 404, NULL, "not found; there is /health");
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
