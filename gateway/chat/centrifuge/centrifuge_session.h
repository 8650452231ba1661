/*
 * centrifuge_session - what the files of the Centrifuge dialect share: dialect_centrifuge.c
 * (what happens by itself), centrifuge_commands.c, centrifuge_auth.c and centrifuge_orders.c
 * (what is asked).
 */
#ifndef PARLEY_CENTRIFUGE_SESSION_H
#define PARLEY_CENTRIFUGE_SESSION_H

#include "broker.h"
#include "centrifuge_codec.h"
#include "rights.h"

#include <stdbool.h>
#include <stdint.h>

struct session;
struct subscription;

enum { CENTRIFUGE_HISTORY_MAX = 10000 }; /* publications in one answer, whatever the limits */

struct centrifuge_session {
    bool is_connected;
    bool is_refused; /* the reply to connect was an error: nothing more is heard */
    bool is_pong_due;
    int64_t pinged_ms;
    int64_t expires_at_s; /* wall time; 0: never */
};

/* What a subscription wants to know when it is admitted. */
struct centrifuge_request {
    uint32_t command_id;
    bool wants_recovery;
    struct broker_position position;
};

/* Subscribes without having been asked by command: the client is told by a push, and gets what
 * it missed since its position as pushes; position may be NULL. Nothing
 * happens if it is in the channel already, or in too many, or the channel cannot be one. */
void centrifuge_subscribe_for(struct session *session, const char *channel,
                              const struct broker_position *position);

/* It is in as many channels as it may be: a hit of that limit. */
bool centrifuge_is_full(struct session *session);

/* Orders of the server API: centrifuge_orders.c. */
void centrifuge_obey_disconnect(struct session *session, int code, const char *reason);
void centrifuge_obey_unsubscribe(struct subscription *subscription);
void centrifuge_obey_subscribe(struct session *session, const char *channel,
                               const struct broker_position *position);
void centrifuge_obey_refresh(struct session *session, bool is_expired, int64_t expires_at_s);

/* Handlers of centrifuge_auth.c. */
void centrifuge_run_connect(struct session *session, const struct centrifuge_command *command);
void centrifuge_run_refresh(struct session *session, const struct centrifuge_command *command);
void centrifuge_run_sub_refresh(struct session *session,
                                const struct centrifuge_command *command);
/* How a session comes into a channel. */
struct centrifuge_admission {
    bool is_by_token;
    int64_t expires_at_s; /* wall time; 0: never */
};

/* May the session subscribe, and how? If not, it has been told. */
__attribute__((warn_unused_result)) bool
centrifuge_check_subscribe(struct session *session, const struct centrifuge_command *command,
                           const char *channel, struct centrifuge_admission *ret_admission);

/* NO_CHANNEL and DENIED as errors of the protocol. */
void centrifuge_send_verdict(struct session *session, uint32_t id, enum rights_verdict verdict);

/* Moments on clock_now_ms's clock: when a pong is late or the next ping falls due; and the
 * first of that and the end of the session's token. */
int64_t centrifuge_heartbeat_due_ms(const struct session *session);
int64_t centrifuge_due_ms(const struct session *session);
/* What the session waits for may have changed: the next ping, the pong, the end of its token.
 */
void centrifuge_schedule(struct session *session);

/* False: not now; it is to be tried again, since its long answer has to wait. */
__attribute__((warn_unused_result)) bool
centrifuge_run_command(struct session *session, const struct centrifuge_command *command);

void centrifuge_send_reply(struct session *session, uint32_t id, const char *method,
                           const char *result);
void centrifuge_send_error(struct session *session, uint32_t id, enum centrifuge_error code);
/* The command is a bad request; the message says what is wrong with it. */
__attribute__((format(printf, 3, 4))) void
centrifuge_refuse(struct session *session, uint32_t id, const char *format, ...);
/* The subscription is over, and the client is told. */
void centrifuge_end_subscription(struct subscription *subscription,
                                 enum centrifuge_unsubscribe code, const char *reason);
/* The same without a word of it; a subscribe that is not answered yet is answered. */
void centrifuge_leave(struct subscription *subscription);
/* reason is not empty and no JSON: SDKs read both as something else. */
void centrifuge_close(struct session *session, enum centrifuge_disconnect code,
                      const char *reason);

#endif
