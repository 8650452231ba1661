/*
 * luchat_codec - LuChat's frames, decoded and encoded.
 *
 * jansson is the judge of what is JSON; a message that passes is handed on as the bytes it
 * came in, never as JSON written anew. Pure functions: no session, no channel.
 */
#ifndef PARLEY_LUCHAT_CODEC_H
#define PARLEY_LUCHAT_CODEC_H

#include "broker.h"
#include "names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct once_key;

enum {
    LUCHAT_PHONE_BYTES_MAX = 128,
    LUCHAT_ERROR_BYTES = 160,
};

enum luchat_kind {
    LUCHAT_INVALID, /* error says why */
    LUCHAT_NOT_UTF8,
    LUCHAT_PING,
    LUCHAT_MESSAGE,
    LUCHAT_ONLINE, /* user and info say who */
    LUCHAT_TOKEN,  /* info is the token */
};

/* Codes of {"error":{"code":...}}: HTTP's, since everybody knows them. */
enum luchat_error {
    LUCHAT_BAD_REQUEST = 400,
    LUCHAT_FORBIDDEN = 403,
    LUCHAT_TOO_MANY = 429,
    LUCHAT_TRY_AGAIN = 503,
};

struct luchat_command {
    enum luchat_kind kind;
    char user[USER_BYTES_MAX + 1]; /* userid; a number in its decimal form */
    char *info;                    /* {"userid":...,"userphone":...}, *new* */
    char error[LUCHAT_ERROR_BYTES];
};

/* Fills in command, to be finished whatever its kind. */
void luchat_decode(const char *bytes, size_t length, struct luchat_command *command);
void luchat_command_finish(struct luchat_command *command);

/* What tells this message, a LUCHAT_MESSAGE, from the user's others: its time, and what it says
 * (however it is written). False: it has no time, or too long a one; else to be finished. */
bool luchat_read_key(struct slice message, struct once_key *ret_once);

void luchat_encode_pong(struct batch *batch);
void luchat_encode_error(struct batch *batch, enum luchat_error code, const char *message);
/* What LuChat said (it has no info) is the bytes it came in. What others published is, too, if
 * it is a message of LuChat's shape and its publisher may say so: it is the user named in it,
 * or the server. Anything else is wrapped in a message of the publisher's, so that clients can
 * read it. is_open: there are no tokens here, so whoever has none may call itself as it likes.
 */
void luchat_encode_publication(struct batch *batch, const struct publication *publication,
                               bool is_open);
/* Under the name of its user, whatever its info says. */
void luchat_encode_presence(struct batch *batch, const struct broker_presence *presence);
/* {"count":{"users":N}}: too many to name them. */
void luchat_encode_user_count(struct batch *batch, uint64_t user_count);
void luchat_encode_users(struct batch *batch, const struct broker_reply *reply);

#endif
