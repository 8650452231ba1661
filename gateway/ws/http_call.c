/*
 * http_call - one request with a body, and its answer; see http_call.h.
 */
#include "http_call.h"

#include "http_response.h"
#include "id_table.h"
#include "mem.h"
#include "text.h"

#include <libwebsockets.h>

#include <stdlib.h>
#include <string.h>

enum { LENGTH_TEXT_BYTES = 24 };

/* Bodies in chunks have no length. */
bool http_call_read_length(struct lws *wsi, int64_t *ret_length)
{
    char text[LENGTH_TEXT_BYTES];
    return lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) == 0 &&
           lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0 &&
           text_to_int(text, 0, INT64_MAX, ret_length);
}

void http_call_begin(struct http_call *call, struct lws *wsi, size_t length)
{
    *call = (struct http_call){
        .wsi = wsi,
        .body = mem_alloc(length + 1),
        .expected = length,
        .state = HTTP_CALL_READING,
    };
}

int http_call_refuse(struct http_call *call, struct lws *wsi, int64_t length, int status,
                     const char *header, const char *message)
{
    if (length > HTTP_DISCARDED_BYTES_MAX)
        return http_refuse(wsi, status, header, message);
    *call = (struct http_call){
        .wsi = wsi,
        .expected = (size_t)length,
        .answer = text_print_error(status, message),
        .header = header ? mem_strdup(header) : NULL,
        .status = status,
        .state = HTTP_CALL_READING,
    };
    return 0;
}

int http_call_read(struct http_call *call, const char *bytes, size_t length)
{
    if (call->state == HTTP_CALL_NONE)
        return 0;
    if (length > call->expected - call->length)
        return http_refuse(call->wsi, 400, NULL, "a request before the answer to the last");
    if (call->body && length > 0)
        memcpy(call->body + call->length, bytes, length);
    call->length += length;
    return 0;
}

bool http_call_is_answered(const struct http_call *call)
{
    return call->answer != NULL;
}

int http_call_respond(struct http_call *call)
{
    struct http_call done = *call;
    *call = (struct http_call){.wsi = NULL};
    int result = http_send_answer(done.wsi, done.status, done.header, done.answer);
    free(done.body);
    free(done.header);
    free(done.answer);
    return result;
}

void http_call_await(struct http_call *call, struct id_table *waiting)
{
    call->id = id_table_add(waiting, call);
}

int http_call_wait(struct http_call *call)
{
    if (call->answer)
        return http_call_respond(call);
    call->state = HTTP_CALL_WAITING;
    lws_rx_flow_control(call->wsi, 0);
    return 0;
}

/* Not asked for by libwebsockets, which calls nobody while something read ahead is waiting. */
static void respond_later(struct http_call *call)
{
    struct lws *wsi = call->wsi;
    lws_rx_flow_control(wsi, 1);
    if (http_call_respond(call) != 0)
        lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
}

void http_call_answer(struct id_table *waiting, uint64_t id, int status, char *body)
{
    struct http_call *call = id_table_find(waiting, id);
    if (!call) {
        free(body);
        return;
    }
    id_table_remove(waiting, id);
    call->id = 0;
    call->status = status;
    call->answer = body;
    if (call->state == HTTP_CALL_WAITING)
        respond_later(call);
}

void http_call_finish(struct http_call *call, struct id_table *waiting)
{
    if (call->id)
        id_table_remove(waiting, call->id);
    free(call->body);
    free(call->header);
    free(call->answer);
    *call = (struct http_call){.wsi = NULL};
}
