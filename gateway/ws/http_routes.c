/*
 * http_routes - what both ports answer to plain HTTP; see http_routes.h.
 *
 * Answers are short and made in one piece, head and body, sent by one write.
 */
#include "http_routes.h"

#include "mem.h"
#include "text.h"
#include "worker_page.h"

#include <libwebsockets.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct response {
    int status;
    const char *type;
    const char *header; /* a line more, or NULL */
    const char *body;
    bool is_last; /* on this connection */
};

static const char json_type[] = "application/json";

static const char *reason_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 411:
        return "Length Required";
    case 413:
        return "Content Too Large";
    case 426:
        return "Upgrade Required";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    default:
        return "Error";
    }
}

static bool is_head(struct lws *wsi)
{
    return lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
}

/* False when the connection did not take it. */
static bool write_response(struct lws *wsi, const struct response *response, bool has_body)
{
    char *text = mem_printf("HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                            "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                            "Connection: %s\r\n%s%s\r\n%s",
                            response->status, reason_of(response->status), response->type,
                            strlen(response->body), response->is_last ? "close" : "keep-alive",
                            response->header ? response->header : "",
                            response->header ? "\r\n" : "", has_body ? response->body : "");
    int written = lws_write(wsi, (unsigned char *)text, strlen(text), LWS_WRITE_HTTP);
    free(text);
    return written >= 0;
}

static bool send_response(struct lws *wsi, const struct response *response)
{
    return write_response(wsi, response, !is_head(wsi));
}

static int finish(struct lws *wsi, const struct response *response)
{
    if (!send_response(wsi, response) || response->is_last)
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

char *http_print_error(int status, const char *message)
{
    char *quoted = text_to_json(message);
    char *body = mem_printf("{\"error\":{\"code\":%d,\"message\":%s}}\n", status, quoted);
    free(quoted);
    return body;
}

int http_send_answer(struct lws *wsi, int status, const char *body)
{
    struct response response = {status, json_type, NULL, body, /* is_last= */ false};
    if (!write_response(wsi, &response, /* has_body= */ true))
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

void http_send_error(struct lws *wsi, int status, const char *header, const char *message)
{
    char *body = http_print_error(status, message);
    struct response response = {status, json_type, header, body, /* is_last= */ true};
    (void)send_response(wsi, &response);
    free(body);
}

/* ------------------------------------------------------------------ health, ready, metrics */

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
    struct response response = {status, json_type, NULL, body, /* is_last= */ status != 200};
    int result = finish(wsi, &response);
    free(body);
    free(workers);
    free(quoted);
    return result;
}

static bool is_running(enum worker_state state)
{
    return state != WORKER_DOWN && state != WORKER_SILENT;
}

/* The first worker that is not as it should be; 0: all are. */
static size_t find_worker(bool is_wanted_ready, struct worker_view *ret_view)
{
    for (size_t number = 1; number <= workers_count(); number++) {
        workers_view(number, ret_view);
        if (is_wanted_ready ? ret_view->state != WORKER_READY : !is_running(ret_view->state))
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
    bool is_whole = find_worker(/* is_wanted_ready= */ false, &view) == 0;
    return answer_status(wsi, 200, is_whole ? "ok" : "degraded", "");
}

static int answer_ready(struct lws *wsi, const struct http_state *state)
{
    struct worker_view view;
    size_t number = find_worker(/* is_wanted_ready= */ true, &view);
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
    struct response response = {200, "text/plain; version=0.0.4", NULL, page, false};
    int result = finish(wsi, &response);
    free(page);
    return result;
}

static int refuse(struct lws *wsi, int status, const char *header, const char *message)
{
    http_send_error(wsi, status, header, message);
    return -1;
}

int http_route(struct lws *wsi, enum http_port port, const struct http_state *state,
               const char *path)
{
    bool is_get = lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0 || is_head(wsi);
    bool is_internal = port == HTTP_INTERNAL;
    bool is_health = strcmp(path, "/health") == 0;
    bool is_ready = is_internal && strcmp(path, "/ready") == 0;
    bool is_metrics = is_internal && strcmp(path, "/metrics") == 0;
    if (!is_internal &&
        (strcmp(path, "/ws") == 0 || strcmp(path, "/connection/websocket") == 0))
        return refuse(wsi, 426, "Upgrade: websocket", "this address takes WebSockets");
    if (!is_health && !is_ready && !is_metrics)
        return refuse(wsi, 404, NULL,
                      is_internal ? "not found; there are /health, /ready and /metrics"
                                  : "not found; there are /ws for WebSockets and /health");
    if (!is_get)
        return refuse(wsi, 405, "Allow: GET, HEAD", "only GET and HEAD");
    if (is_health)
        return answer_health(wsi, state);
    return is_ready ? answer_ready(wsi, state) : answer_metrics(wsi);
}
