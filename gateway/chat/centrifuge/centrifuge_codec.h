/*
 * centrifuge_codec - frames of the Centrifuge client protocol in its JSON form.
 *
 * A frame holds commands one after another; a reply carries its command's id; what comes
 * unasked is a push. Payloads are handed on as the bytes they came in. Pure functions: no
 * session, no channel.
 */
#ifndef PARLEY_CENTRIFUGE_CODEC_H
#define PARLEY_CENTRIFUGE_CODEC_H

#include "broker.h"
#include "json_span.h"
#include "slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct json_out;

enum { CENTRIFUGE_METHOD_BYTES = 24 };

/* Codes of the protocol: error replies. */
enum centrifuge_error {
    CENTRIFUGE_INTERNAL = 100, /* temporary: SDKs try again */
    CENTRIFUGE_UNAUTHORIZED = 101,
    CENTRIFUGE_UNKNOWN_CHANNEL = 102,
    CENTRIFUGE_PERMISSION_DENIED = 103,
    CENTRIFUGE_METHOD_NOT_FOUND = 104,
    CENTRIFUGE_ALREADY_SUBSCRIBED = 105,
    CENTRIFUGE_LIMIT_EXCEEDED = 106,
    CENTRIFUGE_BAD_REQUEST = 107,
    CENTRIFUGE_NOT_AVAILABLE = 108,
    CENTRIFUGE_TOKEN_EXPIRED = 109,
    CENTRIFUGE_EXPIRED = 110,
    CENTRIFUGE_TOO_MANY_REQUESTS = 111, /* temporary */
    CENTRIFUGE_UNRECOVERABLE_POSITION = 112,
    CENTRIFUGE_KEY_CONFLICT = 409, /* our own: the key was used for other data */
};

/* Codes of unsubscribe pushes: from 2500 on SDKs subscribe again. */
enum centrifuge_unsubscribe {
    CENTRIFUGE_SERVER_UNSUBSCRIBE = 2000,
    CENTRIFUGE_INSUFFICIENT_STATE = 2500,
    CENTRIFUGE_SUBSCRIPTION_EXPIRED = 2501,
};

/* Close codes: after 3000 to 3499 SDKs connect again, after 3500 to 3999 they do not. */
enum centrifuge_disconnect {
    CENTRIFUGE_SHUTDOWN = 3001,
    CENTRIFUGE_SERVER_ERROR = 3004,
    CENTRIFUGE_CONNECTION_EXPIRED = 3005,
    CENTRIFUGE_NO_POSITION = 3010,
    CENTRIFUGE_NO_PONG = 3012,
    CENTRIFUGE_INVALID_TOKEN = 3500,
    CENTRIFUGE_BAD_FRAME = 3501,
    CENTRIFUGE_STALE = 3502,
    CENTRIFUGE_FORCE_DISCONNECT = 3503,
    CENTRIFUGE_CONNECTION_LIMIT = 3504,
    CENTRIFUGE_NO_SEND_HANDLER = 3508,
};

/* The commands of a frame, one by one. */
struct centrifuge_reader {
    const char *at;
    const char *end;
};

enum centrifuge_read { CENTRIFUGE_COMMAND, CENTRIFUGE_PONG, CENTRIFUGE_END, CENTRIFUGE_BROKEN };

struct centrifuge_command {
    uint32_t id; /* 0: none */
    char method[CENTRIFUGE_METHOD_BYTES];
    json_t *params;       /* an object; borrowed from root */
    struct json_span raw; /* the text of params, borrowed from the frame */
    json_t *root;
};

enum centrifuge_read centrifuge_read(struct centrifuge_reader *reader,
                                     struct centrifuge_command *ret_command);
void centrifuge_command_finish(struct centrifuge_command *command);

/* Members of params; NULL, 0 or false when they are missing or of another type. */
const char *centrifuge_text(const struct centrifuge_command *command, const char *name);
/* NULL, too, for a text with a zero octet in it. */
const char *centrifuge_string(const json_t *string);
int64_t centrifuge_whole(const json_t *number);
/* Of an object with offset and epoch, where either may be missing. */
struct broker_position centrifuge_position(const json_t *place);
int64_t centrifuge_number(const struct centrifuge_command *command, const char *name);
bool centrifuge_flag(const struct centrifuge_command *command, const char *name);

void centrifuge_encode_ping(struct batch *batch);
/* {"id":ID,"METHOD":RESULT}; result is JSON. */
void centrifuge_encode_reply(struct batch *batch, uint32_t id, const char *method,
                             const char *result);
void centrifuge_encode_error(struct batch *batch, uint32_t id, enum centrifuge_error code);
/* CENTRIFUGE_BAD_REQUEST, and what is wrong. */
void centrifuge_encode_refusal(struct batch *batch, uint32_t id, const char *message);
void centrifuge_encode_publication(struct batch *batch, const char *channel,
                                   const struct publication *publication);
void centrifuge_encode_presence(struct batch *batch, const char *channel,
                                const struct broker_presence *presence);
/* {"presence":{"channel":...,"users":N}} as an asynchronous message: too many to name. */
void centrifuge_encode_user_count(struct batch *batch, const char *channel,
                                  uint64_t user_count);
/* {"service":{"state":...}}, likewise: "degraded" or "restored". */
void centrifuge_encode_state(struct batch *batch, const char *state);
/* A subscription that was not asked for. */
void centrifuge_encode_subscribe(struct batch *batch, const char *channel, const char *epoch,
                                 uint64_t offset);
void centrifuge_encode_unsubscribe(struct batch *batch, const char *channel,
                                   enum centrifuge_unsubscribe code, const char *reason);

/* The connection's new time to live; 0: for ever. */
void centrifuge_encode_refresh(struct batch *batch, int64_t ttl_s);

/* Values of results. */
void centrifuge_write_publication(struct json_out *out, const struct publication *publication);
/* "expires" and, unless ttl_s is 0, "ttl": members of the object that is open. */
void centrifuge_write_expiry(struct json_out *out, int64_t ttl_s);

/* Results. *new* */
/* Ends with the member that passes limit_bytes; 0: none does. */
char *centrifuge_print_presence(const struct broker_reply *reply, size_t limit_bytes);
char *centrifuge_print_stats(const struct broker_reply *reply);
char *centrifuge_print_history(const struct broker_reply *reply);

const char *centrifuge_error_message(enum centrifuge_error code);

#endif
