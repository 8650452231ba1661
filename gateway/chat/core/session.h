/*
 * session - one client connection, as the chat sees it.
 *
 * OPEN --(close asked for)--> CLOSING --(transport says so)--> gone. A session dies in one
 * place, session_destroy, called when the transport says that the connection is gone. One
 * that is CLOSING takes nothing more, is sent nothing more and begins nothing new; its channels
 * it leaves in one place, session_leave_closed, at the beginning of the turn's end. So whoever
 * sends to a session still has its subscriptions afterwards, whatever became of it.
 * Knows how far behind its connection is; nothing of frames' contents.
 */
#ifndef PARLEY_SESSION_H
#define PARLEY_SESSION_H

#include "transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct dialect;
struct hub;
struct json_out;
struct session;
struct subscription;
struct usage;
struct wheel_timer;
struct wire_format;

enum pause_reason {
    PAUSE_FOR_CHANNEL = 1, /* until the channel lets it in */
    PAUSE_FOR_INTAKE = 2,  /* until what it said is heard */
};

struct session *session_create(struct hub *hub, void *conn, const struct wire_format *format);
void session_destroy(struct session *session);

struct session *session_find(const struct hub *hub, uint64_t id); /* NULL: gone or CLOSING */

struct hub *session_hub(const struct session *session);
uint64_t session_id(const struct session *session);
/* The number of its connection in the log; 0: it has none. */
int64_t session_connection(const struct session *session);
void session_set_connection(struct session *session, int64_t number);
const struct dialect *session_dialect(const struct session *session);
const struct wire_format *session_format(const struct session *session);
bool session_is_open(const struct session *session);

/* Head of the list of the session's subscriptions, linked by next_of_session. */
struct subscription **session_subscriptions(struct session *session);

/* What it has taken of its quota, see quota.h; *NULL*: nothing. */
struct usage **session_usage(struct session *session);

/* Who the client says it is; NULL before it has said so. */
const char *session_user(const struct session *session);
const char *session_info(const struct session *session);
void session_set_identity(struct session *session, const char *user, const char *info);
/* A token says who it is, not only the client. */
bool session_is_authenticated(const struct session *session);
void session_set_authenticated(struct session *session);

/* The id of the connection in the cluster, as presence shows it: hub_print_client's, and behind
 * a dot how many others it has been, if any. out: CLIENT_BYTES. */
void session_print_client(const struct session *session, char *out);

/* The session as it is named beside what it publishes, and in presence; see client_info.h.
 * *new* */
char *session_print_info(const struct session *session);

/* What the dialect keeps of the session; freed by its on_end. */
void *session_state(const struct session *session);
void session_set_state(struct session *session, void *state);

/* The next time the dialect's on_due is wanted. */
void session_set_due(struct session *session, int64_t due_ms);
/* For on_due: closes the session when nothing was heard for too long, else answers when to
 * look again. */
int64_t session_check_idle(struct session *session);

/* Who has been behind for less than that may be so many times further behind than
 * max_backlog_bytes. */
enum { SESSION_BURST_MS = 5000, SESSION_BURST_TIMES = 4 };
/* A batch for what only this session is sent. *new* */
struct batch *session_batch(const struct session *session);
/* Sends, or queues a reference when the connection is behind; over the limit it is closed. No
 * subscription ends by that. */
void session_send(struct session *session, struct batch *batch);
/* The heartbeat of its dialect, see hub_heartbeat. */
void session_send_heartbeat(struct session *session, void (*encode)(struct batch *batch));
/* The session will be sent to soon: the processor is asked to fetch its memory. */
void session_prefetch(const struct session *session);
/* The connection can take more: what is queued goes on. */
void session_flush(struct session *session);

/* The connection does not keep up: something is queued for it. */
bool session_is_behind(const struct session *session);

void session_heard(struct session *session);
/* Nothing is read from the connection while there is a reason to pause. Silence is no fault
 * then, as long as the connection takes what it is sent. */
void session_pause(struct session *session, enum pause_reason reason);
void session_resume(struct session *session, enum pause_reason reason);
bool session_is_excused(const struct session *session);
/* The session is CLOSING from now on, and keeps its subscriptions until session_leave_closed.
 */
void session_close(struct session *session, enum close_code code, const char *reason);
/* Those that were closed since the last call leave their channels. Called by chat_turn only. */
void session_leave_closed(struct hub *hub);

/* What an operator sees of it: a JSON object. */
void session_describe(const struct session *session, struct json_out *out);

/* For the hub's wheel: silence is over its limit, or a close frame was not taken in time. */
void session_on_due(struct wheel_timer *timer);

#endif
