/*
 * http_response - answers to plain HTTP, head and body in one piece; see http_response.h.
 */
#include "http_response.h"

#include "http_conn.h"
#include "http_cors.h"
#include "mem.h"
#include "text.h"

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
        {421, "Misdirected Request"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Error";
}

bool http_is_head(const struct http_conn *conn)
{
    return http_conn_head(conn)->method == HTTP_HEAD;
}

bool http_is_get(const struct http_conn *conn)
{
    return http_conn_head(conn)->method == HTTP_GET || http_is_head(conn);
}

bool http_is_post(const struct http_conn *conn)
{
    return http_conn_head(conn)->method == HTTP_POST;
}

static size_t body_length_of(const struct http_response *response)
{
    if (!response->type)
        return 0;
    if (response->body_length > 0 || !response->body)
        return response->body_length;
    return strlen(response->body);
}

/* *new* */
static char *print_head(struct http_conn *conn, const struct http_response *response)
{
    char *cors = http_cors_headers(conn);
    bool is_last = response->is_last || http_conn_is_last(conn);
    char *content = response->type ? mem_printf("Content-Type: %s\r\nContent-Length: %zu\r\n",
                                                response->type, body_length_of(response))
                                   : mem_strdup("");
    char *head = mem_printf(
        "HTTP/1.1 %d %s\r\n%sCache-Control: %s\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: %s\r\n%s%s%s\r\n",
        response->status, reason_of(response->status), content,
        response->cache ? response->cache : "no-store", is_last ? "close" : "keep-alive", cors,
        response->header ? response->header : "", response->header ? "\r\n" : "");
    free(content);
    free(cors);
    return head;
}

void http_send_head(struct http_conn *conn, const struct http_response *response)
{
    char *head = print_head(conn, response);
    http_conn_send(conn, head, strlen(head));
    free(head);
}

void http_respond(struct http_conn *conn, const struct http_response *response)
{
    char *head = print_head(conn, response);
    size_t head_length = strlen(head);
    size_t body_length = http_is_head(conn) ? 0 : body_length_of(response);
    char *text = mem_resize(head, head_length + body_length + 1);
    if (body_length > 0)
        memcpy(text + head_length, response->body, body_length);
    http_conn_send(conn, text, head_length + body_length);
    free(text);
    http_conn_finish(conn, response->is_last);
}

void http_send_answer(struct http_conn *conn, int status, const char *header, const char *body)
{
    http_respond(conn, &(struct http_response){.status = status,
                                               .type = "application/json",
                                               .header = header,
                                               .body = body});
}

void http_refuse_politely(struct http_conn *conn, int status, const char *header,
                          const char *message)
{
    char *body = text_print_error(status, message);
    http_send_answer(conn, status, header, body);
    free(body);
}

void http_refuse(struct http_conn *conn, int status, const char *header, const char *message)
{
    char *body = text_print_error(status, message);
    http_respond(conn, &(struct http_response){.status = status,
                                               .type = "application/json",
                                               .header = header,
                                               .body = body,
                                               .is_last = true});
    free(body);
}
