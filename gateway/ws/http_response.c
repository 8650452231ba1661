/*
 * http_response - answers to plain HTTP, head and body in one piece; see http_response.h.
 */
#include "http_response.h"

#include "http_cors.h"
#include "mem.h"
#include "text.h"

#include <libwebsockets.h>

#include <stdlib.h>
#include <string.h>

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {503, "Service Unavailable"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Error";
}

bool http_is_head(struct lws *wsi)
{
    return lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
}

bool http_is_get(struct lws *wsi)
{
    return lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0 || http_is_head(wsi);
}

bool http_is_post(struct lws *wsi)
{
    return lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0;
}

static size_t body_length_of(const struct http_response *response)
{
    if (!response->type)
        return 0;
    return response->body_length > 0 ? response->body_length : strlen(response->body);
}

/* *new* */
static char *print_head(struct lws *wsi, const struct http_response *response)
{
    char *cors = http_cors_headers(wsi);
    char *content = response->type ? mem_printf("Content-Type: %s\r\nContent-Length: %zu\r\n",
                                                response->type, body_length_of(response))
                                   : mem_strdup("");
    char *head =
        mem_printf("HTTP/1.1 %d %s\r\n%sCache-Control: %s\r\n"
                   "X-Content-Type-Options: nosniff\r\nConnection: %s\r\n%s%s%s\r\n",
                   response->status, reason_of(response->status), content,
                   response->cache ? response->cache : "no-store",
                   response->is_last ? "close" : "keep-alive", cors,
                   response->header ? response->header : "", response->header ? "\r\n" : "");
    free(content);
    free(cors);
    return head;
}

/* False when the connection did not take it. */
static bool write_response(struct lws *wsi, const struct http_response *response, bool has_body)
{
    char *head = print_head(wsi, response);
    size_t head_length = strlen(head);
    size_t body_length = has_body ? body_length_of(response) : 0;
    char *text = mem_resize(head, head_length + body_length + 1);
    if (body_length > 0)
        memcpy(text + head_length, response->body, body_length);
    int written =
        lws_write(wsi, (unsigned char *)text, head_length + body_length, LWS_WRITE_HTTP);
    free(text);
    return written >= 0;
}

bool http_send_head(struct lws *wsi, const struct http_response *response)
{
    return write_response(wsi, response, /* has_body= */ false);
}

int http_respond(struct lws *wsi, const struct http_response *response)
{
    if (!write_response(wsi, response, !http_is_head(wsi)) || response->is_last)
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

int http_send_answer(struct lws *wsi, int status, const char *header, const char *body)
{
    struct http_response response = {
        .status = status, .type = "application/json", .header = header, .body = body};
    if (!write_response(wsi, &response, /* has_body= */ true))
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

void http_send_error(struct lws *wsi, int status, const char *header, const char *message)
{
    char *body = text_print_error(status, message);
    struct http_response response = {.status = status,
                                     .type = "application/json",
                                     .header = header,
                                     .body = body,
                                     .is_last = true};
    (void)write_response(wsi, &response, !http_is_head(wsi));
    free(body);
}

int http_refuse(struct lws *wsi, int status, const char *header, const char *message)
{
    http_send_error(wsi, status, header, message);
    return -1;
}
