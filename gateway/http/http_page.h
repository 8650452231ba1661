/*
 * http_page - the chat page and its client, from gateway/web/, carried in the program.
 *
 * "/" is asked for again each time; all else is under /web/VERSION/ and kept by browsers for
 * good, since another content has another version. Everything is held compressed, too.
 */
#ifndef PARLEY_HTTP_PAGE_H
#define PARLEY_HTTP_PAGE_H

#include <stdbool.h>

struct http_conn;

/* Is it an address of the page? */
bool http_page_is_path(const char *path);

/* Answers GET and HEAD. */
void http_page_answer(struct http_conn *conn, const char *path);

#endif
