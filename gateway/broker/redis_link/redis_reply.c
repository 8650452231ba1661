/*
 * redis_reply - what a reply of Redis must look like; see redis_reply.h.
 */
#include "redis_reply.h"

#include "redis_replies.h"

#include <hiredis/hiredis.h>

#include <assert.h>
#include <string.h>

/* Behind the shape that begins here. */
static const char *end_of(const char *shape)
{
    if (*shape == '*' || *shape == '?')
        return end_of(shape + 1);
    if (*shape != '[')
        return shape + 1;
    for (shape++; *shape != ']'; shape = end_of(shape))
        assert(*shape);
    return shape + 1;
}

static bool is_list_of(const redisReply *reply, const char *shape)
{
    if (reply->type != REDIS_REPLY_ARRAY)
        return false;
    for (size_t i = 0; i < reply->elements; i++) {
        if (!redis_reply_is(reply->element[i], shape))
            return false;
    }
    return true;
}

static bool has_parts(const redisReply *reply, const char *shapes)
{
    size_t i = 0;
    if (reply->type != REDIS_REPLY_ARRAY)
        return false;
    for (; *shapes != ']'; shapes = end_of(shapes), i++) {
        if (i >= reply->elements || !redis_reply_is(reply->element[i], shapes))
            return false;
    }
    return i == reply->elements;
}

bool redis_reply_is(const redisReply *reply, const char *shape)
{
    if (!reply)
        return false;
    switch (*shape) {
    case 'i':
        return reply->type == REDIS_REPLY_INTEGER;
    case 's':
        return reply->type == REDIS_REPLY_STRING && reply->str;
    case 'S':
        return reply->type == REDIS_REPLY_STATUS && reply->str;
    case '.':
        return reply->type != REDIS_REPLY_ERROR;
    case '?':
        return reply->type == REDIS_REPLY_NIL || redis_reply_is(reply, shape + 1);
    case '*':
        return is_list_of(reply, shape + 1);
    case '[':
        return has_parts(reply, shape + 1);
    default:
        assert(false && "a shape of redis_reply.h");
        return false;
    }
}

/* ------------------------------------------------------------------------------- pushes */

static bool is_text_of(const redisReply *part, const char *text)
{
    return strcmp(part->str, text) == 0;
}

/* A name is a text to its end. */
static bool is_name(const redisReply *part)
{
    return part && part->type == REDIS_REPLY_STRING && strlen(part->str) == part->len;
}

bool redis_push_read(const redisReply *reply, struct redis_push *ret_push)
{
    bool is_push = reply->type == REDIS_REPLY_PUSH && reply->elements > 0 &&
                   is_name(reply->element[0]) && reply->element[0]->len > 0;
    if (!is_push)
        return false;
    struct redis_push push = {.kind = REDIS_PUSH_OTHER};
    if (is_text_of(reply->element[0], REDIS_PUSH_MARK "message"))
        push.kind = REDIS_PUSH_MESSAGE;
    else if (is_text_of(reply->element[0], REDIS_PUSH_MARK "subscribe"))
        push.kind = REDIS_PUSH_SUBSCRIBED;
    if (push.kind != REDIS_PUSH_OTHER) {
        const char *last = push.kind == REDIS_PUSH_MESSAGE ? "s" : "i";
        if (reply->elements != 3 || !is_name(reply->element[1]) ||
            !redis_reply_is(reply->element[2], last))
            return false;
        push.channel = reply->element[1]->str;
        if (push.kind == REDIS_PUSH_MESSAGE)
            push.message = (struct slice){reply->element[2]->str, reply->element[2]->len};
    }
    *ret_push = push;
    return true;
}

void redis_run_of_info(const char *info, char out[REDIS_RUN_BYTES])
{
    static const char field[] = "run_id:";
    const char *run = strstr(info, field);
    size_t length = run ? strspn(run + strlen(field), "0123456789abcdef") : 0;
    (void)snprintf(out, REDIS_RUN_BYTES, "%.*s", (int)length, run ? run + strlen(field) : "");
}
