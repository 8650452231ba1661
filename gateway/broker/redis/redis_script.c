/*
 * redis_script - the Lua scripts of broker/scripts, called by their digests; see
 * redis_script.h.
 */
#include "redis_script.h"

#include "mem.h"
#include "scripts_lua.h"
#include "text.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_PARTS = 3 }; /* EVALSHA digest key-count */

const char *const redis_script_texts[SCRIPT_COUNT] = {
    [SCRIPT_PUBLISH] = lua_publish,
    [SCRIPT_HISTORY] = lua_history,
    [SCRIPT_HISTORY_REMOVE] = lua_history_remove,
    [SCRIPT_NEW_EPOCH] = lua_new_epoch,
    [SCRIPT_JOIN] = lua_join,
    [SCRIPT_LEAVE] = lua_leave,
    [SCRIPT_LEAVE_DUE] = lua_leave_due,
    [SCRIPT_MEMBERS] = lua_members,
    [SCRIPT_MEMBERS_CHECK] = lua_members_check,
    [SCRIPT_LEASE] = lua_lease,
    [SCRIPT_RELEASE] = lua_release,
    [SCRIPT_FILE_RESERVE] = lua_file_reserve,
    [SCRIPT_FILE_APPEND] = lua_file_append,
};

/* The names of the scripts, and what they answer. */
static const struct {
    const char *name;
    const char *shape;
} answers[SCRIPT_COUNT] = {
    [SCRIPT_PUBLISH] = {"publish.lua", "[isi]"},
    [SCRIPT_HISTORY] = {"history.lua", "[si*[s*s]si]"},
    [SCRIPT_HISTORY_REMOVE] = {"history_remove.lua", "i"},
    [SCRIPT_NEW_EPOCH] = {"new_epoch.lua", "i"},
    [SCRIPT_JOIN] = {"join.lua", "i"},
    [SCRIPT_LEAVE] = {"leave.lua", "i"},
    [SCRIPT_LEAVE_DUE] = {"leave_due.lua", "i"},
    [SCRIPT_MEMBERS] = {"members.lua", "[iii*s*s]"},
    [SCRIPT_MEMBERS_CHECK] = {"members_check.lua", "i"},
    [SCRIPT_LEASE] = {"lease.lua", "[iii]"},
    [SCRIPT_RELEASE] = {"release.lua", "i"},
    [SCRIPT_FILE_RESERVE] = {"file_reserve.lua", "i"},
    [SCRIPT_FILE_APPEND] = {"file_append.lua", "i"},
};

/* A call on its way, with a copy of its parts in case it has to be repeated. */
struct pending_call {
    struct redis_link *link;
    enum redis_script script;
    redis_reply_fn on_reply;
    void *context;
    struct redis_call call; /* its parts point into bytes */
    char bytes[];
};

static void add_part(struct redis_call *call, const void *bytes, size_t length)
{
    assert(call->count < SCRIPT_PARTS_MAX);
    call->parts[call->count] = bytes;
    call->lengths[call->count++] = length;
}

void redis_call_key(struct redis_call *call, const char *key)
{
    assert(call->key_count == call->count);
    call->key_count++;
    add_part(call, key, strlen(key));
}

void redis_call_text(struct redis_call *call, const char *argument)
{
    add_part(call, argument, strlen(argument));
}

void redis_call_number(struct redis_call *call, int64_t number)
{
    assert(call->number_count < SCRIPT_NUMBERS_MAX);
    char *text = call->numbers[call->number_count++];
    (void)text_print_int(text, number);
    redis_call_text(call, text);
}

void redis_call_bytes(struct redis_call *call, const void *bytes, size_t length)
{
    add_part(call, bytes, length);
}

static struct pending_call *copy_call(const struct redis_call *call)
{
    size_t total = 0;
    for (size_t i = 0; i < call->count; i++)
        total += call->lengths[i];
    struct pending_call *copy = mem_alloc(sizeof(*copy) + total);
    copy->call = *call;
    char *at = copy->bytes;
    for (size_t i = 0; i < call->count; i++) {
        if (call->lengths[i] > 0)
            memcpy(at, call->parts[i], call->lengths[i]);
        copy->call.parts[i] = at;
        at += call->lengths[i];
    }
    return copy;
}

static void send_call(struct pending_call *pending, const char *verb, const char *script,
                      redis_reply_fn on_reply)
{
    const struct redis_call *call = &pending->call;
    const char *parts[HEAD_PARTS + SCRIPT_PARTS_MAX];
    size_t lengths[HEAD_PARTS + SCRIPT_PARTS_MAX];
    char key_count[TEXT_INT_BYTES];
    (void)text_print_int(key_count, (int64_t)call->key_count);
    const char *head[HEAD_PARTS] = {verb, script, key_count};
    for (size_t i = 0; i < HEAD_PARTS; i++) {
        parts[i] = head[i];
        lengths[i] = strlen(head[i]);
    }
    memcpy(parts + HEAD_PARTS, call->parts, call->count * sizeof(*parts));
    memcpy(lengths + HEAD_PARTS, call->lengths, call->count * sizeof(*lengths));
    const struct redis_ask ask = {answers[pending->script].name, answers[pending->script].shape,
                                  on_reply, pending};
    redis_link_command(pending->link, &ask, HEAD_PARTS + call->count, parts, lengths);
}

static void on_final_reply(void *context, enum broker_status status, const redisReply *reply)
{
    struct pending_call *pending = context;
    if (pending->on_reply)
        pending->on_reply(pending->context, status, reply);
    free(pending);
}

static void on_first_reply(void *context, enum broker_status status, const redisReply *reply)
{
    struct pending_call *pending = context;
    if (status == BROKER_REFUSED && strncmp(reply->str, "NOSCRIPT", 8) == 0)
        send_call(pending, "EVAL", redis_script_texts[pending->script], on_final_reply);
    else
        on_final_reply(context, status, reply);
}

void redis_script_call(struct redis_link *link, enum redis_script script,
                       const struct redis_call *call, redis_reply_fn on_reply, void *context)
{
    assert((size_t)script < SCRIPT_COUNT && redis_script_texts[script] && answers[script].name);
    struct pending_call *pending = copy_call(call);
    pending->link = link;
    pending->script = script;
    pending->on_reply = on_reply;
    pending->context = context;
    send_call(pending, "EVALSHA", redis_link_digest(link, script), on_first_reply);
}
