/*
 * ws_write - how bytes of a connection leave.
 *
 * As a rule all of them by one send(2). Where the socket stops in the middle of a frame, the
 * rest of this frame is given to lws_write(LWS_WRITE_HTTP), which copies it and sends it when
 * the socket can take more; until then nothing else is taken, and the frames behind it stay
 * with the chat. Over TLS all goes by lws_write, a few frames at a time, so that what it copies
 * is never much.
 */
#ifndef PARLEY_WS_WRITE_H
#define PARLEY_WS_WRITE_H

#include <stdbool.h>
#include <stddef.h>

struct ws_conn;

/* bytes are whole frames, as is what is taken of them. Fewer than all: libwebsockets will call
 * when more can go. False: the connection is broken. */
__attribute__((warn_unused_result)) bool
ws_write(struct ws_conn *conn, const unsigned char *bytes, size_t length, size_t *ret_taken);
/* libwebsockets may have sent what it had copied. */
void ws_write_note_progress(struct ws_conn *conn);
/* The connection is gone. */
void ws_write_finish(struct ws_conn *conn);

#endif
