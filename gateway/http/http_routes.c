/*
 * http_routes - what both ports answer to plain HTTP; see http_routes.h.
 *
 * The short answers are made here; what takes more has a file of its own.
 */
#include "http_routes.h"

#include "http_conn.h"
#include "http_cors.h"
#include "http_page.h"
#include "http_response.h"
#include "json_out.h"
#include "mem.h"
#include "text.h"
#include "worker_page.h"

#include <stdlib.h>
#include <string.h>

static const char json_type[] = "application/json";

/* [{"worker":1,"status":"ready"},{"worker":2,"status":"not ready","reason":"..."}] */
static void write_workers(struct json_out *out)
{
    json_out_open_array(out);
    for (size_t number = 1; number <= workers_count(); number++) {
        struct worker_view view;
        workers_view(number, &view);
        json_out_open_object(out);
        json_out_member_uint(out, "worker", number);
        json_out_member_text(out, "status", workers_state_name(view.state));
        if (view.reason[0])
            json_out_member_text(out, "reason", view.reason);
        json_out_close_object(out);
    }
    json_out_close_array(out);
}

/* Says the status, and where there are several workers what each one is. */
static void answer_status(struct http_conn *conn, int status, const char *word,
                          const char *reason)
{
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_member_text(&out, "status", word);
    if (reason[0])
        json_out_member_text(&out, "reason", reason);
    if (workers_count() > 1) {
        json_out_key(&out, "workers");
        write_workers(&out);
    }
    json_out_close_object(&out);
    char *json = json_out_finish(&out);
    char *body = mem_printf("%s\n", json);
    struct http_response response = {
        .status = status, .type = json_type, .body = body, .is_last = status != 200};
    http_respond(conn, &response);
    free(body);
    free(json);
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

static void answer_degraded(struct http_conn *conn, size_t number,
                            const struct worker_view *view)
{
    const char *name = workers_state_name(view->state);
    char *reason = view->deaths < WORKER_DEATHS_MANY
                       ? mem_printf("worker %zu: %s", number, name)
                       : mem_printf("worker %zu: %s, died %lld times in a row", number, name,
                                    (long long)view->deaths);
    answer_status(conn, 200, "degraded", reason);
    free(reason);
}

/* 200 while somebody is here to say so: a worker that is missing is being replaced. */
static void answer_health(struct http_conn *conn, const struct http_state *state)
{
    struct worker_view view;
    size_t number = state->is_draining ? 0 : find_worker(is_whole, &view);
    if (state->is_draining)
        answer_status(conn, 503, "draining", "");
    else if (number == 0)
        answer_status(conn, 200, "ok", "");
    else
        answer_degraded(conn, number, &view);
}

static void answer_not_ready(struct http_conn *conn, size_t number,
                             const struct worker_view *view)
{
    const char *why = view->reason[0] ? view->reason : workers_state_name(view->state);
    char *reason =
        workers_count() > 1 ? mem_printf("worker %zu: %s", number, why) : mem_strdup(why);
    answer_status(conn, 503, "not ready", reason);
    free(reason);
}

static void answer_ready(struct http_conn *conn, const struct http_state *state)
{
    struct worker_view view;
    size_t number = find_worker(is_ready, &view);
    if (state->is_draining)
        answer_status(conn, 503, "not ready", "draining");
    else if (number == 0)
        answer_status(conn, 200, "ready", "");
    else
        answer_not_ready(conn, number, &view);
}

/* As a balancer asks: yes or no, and nothing that strangers need not know. */
static void answer_ready_briefly(struct http_conn *conn, const struct http_state *state)
{
    struct worker_view view;
    bool is_ready_now = !state->is_draining && find_worker(is_ready, &view) == 0;
    http_respond(conn, &(struct http_response){
                           .status = is_ready_now ? 200 : 503,
                           .type = json_type,
                           .body = is_ready_now ? "{\"status\":\"ready\"}\n"
                                                : "{\"status\":\"not ready\"}\n",
                       });
}

static void answer_metrics(struct http_conn *conn)
{
    size_t length;
    char *page = workers_print_metrics(&length);
    http_respond(conn, &(struct http_response){.status = 200,
                                               .type = "text/plain; version=0.0.4",
                                               .body = page,
                                               .body_length = length});
    free(page);
}

static void route_internal(struct http_conn *conn, const struct http_state *state,
                           const char *path)
{
    bool is_health = strcmp(path, "/health") == 0;
    bool is_about_ready = strcmp(path, "/ready") == 0;
    if (!is_health && !is_about_ready && strcmp(path, "/metrics") != 0)
        http_refuse(conn, 404, NULL, "not found; there are /health, /ready and /metrics");
    else if (!http_is_get(conn))
        http_refuse(conn, 405, "Allow: GET, HEAD", "only GET and HEAD");
    else if (is_health)
        answer_health(conn, state);
    else if (is_about_ready)
        answer_ready(conn, state);
    else
        answer_metrics(conn);
}

static void answer_preflight(struct http_conn *conn)
{
    static const char allow[] = "Allow: GET, HEAD, POST, OPTIONS";
    static const char permissions[] =
        "Access-Control-Allow-Methods: GET, HEAD, POST\r\n"
        "Access-Control-Allow-Headers: Authorization, Content-Type\r\n"
        "Access-Control-Max-Age: 600\r\n"
        "Allow: GET, HEAD, POST, OPTIONS";
    bool is_welcome = http_cors_is_origin_welcome(conn, http_conn_head(conn));
    http_respond(conn, &(struct http_response){.status = 204,
                                               .header = is_welcome ? permissions : allow});
}

static void route_public(struct http_conn *conn, const struct http_state *state,
                         const char *path)
{
    if (http_cors_is_preflight(conn))
        answer_preflight(conn);
    else if (state->has_page && http_page_is_path(path))
        http_page_answer(conn, path);
    else if (strcmp(path, "/health") != 0 && strcmp(path, "/ready") != 0)
        http_refuse(conn, 404, NULL, "not found; there are /health and /ready");
    else if (!http_is_get(conn))
        http_refuse(conn, 405, "Allow: GET, HEAD", "only GET and HEAD");
    else if (strcmp(path, "/ready") == 0)
        answer_ready_briefly(conn, state);
    else
        answer_health(conn, state);
}

void http_route(struct http_conn *conn, const struct http_state *state)
{
    const char *path = http_head_path(http_conn_head(conn));
    if (http_conn_port(conn) == HTTP_INTERNAL)
        route_internal(conn, state, path);
    else
        route_public(conn, state, path);
}
