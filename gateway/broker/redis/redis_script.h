/*
 * redis_script - the Lua scripts of broker/scripts, called by their digests.
 *
 * Scripts are loaded at each connect. Should Redis have forgotten one since (SCRIPT FLUSH),
 * the call is repeated with the text; callers never notice.
 */
#ifndef PARLEY_REDIS_SCRIPT_H
#define PARLEY_REDIS_SCRIPT_H

#include "redis_link.h"
#include "text.h"

#include <stddef.h>
#include <stdint.h>

enum redis_script {
    SCRIPT_PUBLISH,
    SCRIPT_HISTORY,
    SCRIPT_HISTORY_REMOVE,
    SCRIPT_NEW_EPOCH,
    SCRIPT_JOIN,
    SCRIPT_LEAVE,
    SCRIPT_LEAVE_DUE,
    SCRIPT_MEMBERS,
    SCRIPT_MEMBERS_CHECK,
    SCRIPT_LEASE,
    SCRIPT_RELEASE,
    SCRIPT_FILE_RESERVE,
    SCRIPT_FILE_APPEND,
    SCRIPT_COUNT,
};

enum { SCRIPT_PARTS_MAX = 48, SCRIPT_NUMBERS_MAX = 8 };

/* Texts in the order of enum redis_script, for struct redis_link_options. */
extern const char *const redis_script_texts[SCRIPT_COUNT];

/* Keys and arguments of a call, gathered one by one; the bytes are borrowed. */
struct redis_call {
    size_t key_count;
    size_t count;
    const char *parts[SCRIPT_PARTS_MAX];
    size_t lengths[SCRIPT_PARTS_MAX];
    size_t number_count;
    char numbers[SCRIPT_NUMBERS_MAX][TEXT_INT_BYTES];
};

/* All keys come before the first argument. */
void redis_call_key(struct redis_call *call, const char *key);
void redis_call_text(struct redis_call *call, const char *argument);
/* Written into the call itself. */
void redis_call_number(struct redis_call *call, int64_t number);
void redis_call_bytes(struct redis_call *call, const void *bytes, size_t length);

void redis_script_call(struct redis_link *link, enum redis_script script,
                       const struct redis_call *call, redis_reply_fn on_reply, void *context);

#endif
