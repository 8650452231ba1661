/*
 * centrifuge_session - what the two files of the Centrifuge dialect share:
 * dialect_centrifuge.c (what happens by itself) and centrifuge_commands.c (what is asked).
 */
#ifndef PARLEY_CENTRIFUGE_SESSION_H
#define PARLEY_CENTRIFUGE_SESSION_H

#include "broker.h"
#include "centrifuge_codec.h"

#include <stdbool.h>
#include <stdint.h>

struct session;
struct subscription;

enum {
    CENTRIFUGE_CHANNELS_MAX = 128, /* of one connection */
    CENTRIFUGE_HISTORY_MAX = 1000, /* publications in one answer */
};

struct centrifuge_session {
    bool is_connected;
    bool is_pong_due;
    int64_t pinged_ms;
};

/* What a subscription wants to know when it is admitted. */
struct centrifuge_request {
    uint32_t command_id;
    bool wants_recovery;
    uint64_t offset;
    char epoch[BROKER_EPOCH_BYTES];
};

void centrifuge_run_command(struct session *session, const struct centrifuge_command *command);

void centrifuge_send_reply(struct session *session, uint32_t id, const char *method,
                           const char *result);
void centrifuge_send_error(struct session *session, uint32_t id, enum centrifuge_error code);
/* The subscription is over, and the client is told. */
void centrifuge_end_subscription(struct subscription *subscription,
                                 enum centrifuge_unsubscribe code, const char *reason);
/* reason is not empty and no JSON: SDKs read both as something else. */
void centrifuge_close(struct session *session, enum centrifuge_disconnect code,
                      const char *reason);

#endif
