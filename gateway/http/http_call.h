/*
 * http_call - an answer that comes later than its request.
 *
 * The connection may be gone by then, so it is found by a number.
 */
#ifndef PARLEY_HTTP_CALL_H
#define PARLEY_HTTP_CALL_H

#include <stdbool.h>
#include <stdint.h>

struct http_conn;
struct id_table;

/* Is there a body whose end can be known: by its length, or by its chunks? */
bool http_call_has_body(const struct http_conn *conn);

/* The answer, JSON, is there; body is *stolen*. Nothing happens if the connection that waits
 * under this number in the table waits no more. */
void http_call_answer(const struct id_table *waiting, uint64_t id, int status, char *body);

#endif
