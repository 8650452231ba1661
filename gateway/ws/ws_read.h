/*
 * ws_read - how bytes of a connection come: from its socket, or out of TLS.
 */
#ifndef PARLEY_WS_READ_H
#define PARLEY_WS_READ_H

#include <stddef.h>
#include <sys/types.h>

struct ws_conn;

/* 0: there is nothing now; -1: the stream has ended. */
ssize_t ws_read(const struct ws_conn *conn, unsigned char *bytes, size_t size);

/* Nothing is written any more, which the peer is told; until its stream ends, too, it is only
 * read. */
void ws_read_only(const struct ws_conn *conn);

#endif
