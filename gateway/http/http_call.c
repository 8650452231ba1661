/*
 * http_call - an answer that comes later than its request; see http_call.h.
 */
#include "http_call.h"

#include "http_conn.h"
#include "http_response.h"
#include "id_table.h"

#include <stdlib.h>

bool http_call_has_body(const struct http_conn *conn)
{
    const struct http_head *head = http_conn_head(conn);
    return head->is_chunked || head->body_length != HTTP_NO_LENGTH;
}

void http_call_answer(const struct id_table *waiting, uint64_t id, int status, char *body)
{
    struct http_conn *conn = id_table_find(waiting, id);
    if (conn)
        http_send_answer(conn, status, NULL, body);
    free(body);
}
