/*
 * ws_pongs - answers to pings.
 *
 * Those to pings that came in one piece leave in one, so that who sends thousands at once has
 * us make one call. Each is sent while the socket takes them; then the last one is kept (RFC
 * 6455 section 5.5.3).
 */
#ifndef PARLEY_WS_PONGS_H
#define PARLEY_WS_PONGS_H

#include <stdbool.h>
#include <stddef.h>

struct ws_conn;

/* One more, of the connection that is read at the moment. False: it is broken. */
__attribute__((warn_unused_result)) bool
ws_pongs_add(struct ws_conn *conn, const unsigned char *payload, size_t length);
/* All that were added; nothing is sent to who is closing. False: it is broken. To be called
 * before another connection is read. */
__attribute__((warn_unused_result)) bool ws_pongs_send(struct ws_conn *conn);

/* The one that was kept, if the socket takes it now. False: it is broken. */
__attribute__((warn_unused_result)) bool ws_pongs_send_kept(struct ws_conn *conn);
void ws_pongs_finish(struct ws_conn *conn);

#endif
