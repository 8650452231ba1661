/*
 * redis_replies - where hiredis puts what it has read; see redis_replies.h.
 *
 * hiredis has one reply at a time: it reads it, hands it over, frees it, reads the next. A
 * reply that is too big for the block gets further ones, which are freed with it. The pointer
 * before a reply's first part tells hiredis's free function, which is given nothing else, whose
 * it is.
 */
#include "redis_replies.h"

#include "mem.h"

#include <hiredis/hiredis.h>

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 8192, /* a message of the usual kind, and what comes with it */
    ALIGNMENT = 16,
    VERBATIM_HEAD_BYTES = 4, /* "txt:" */
};

struct block {
    struct block *next;
    size_t used;
    size_t size;
    _Alignas(ALIGNMENT) char bytes[];
};

struct redis_replies {
    struct block *blocks; /* the newest first; the last one is kept */
    size_t taken;         /* by the present reply */
    struct redis_awaited awaited;
    const char *why_refused;
};

static struct block *block_create(size_t size)
{
    struct block *block = mem_alloc(sizeof(*block) + size);
    *block = (struct block){.size = size};
    return block;
}

struct redis_replies *redis_replies_create(void)
{
    struct redis_replies *replies = mem_zalloc(sizeof(*replies));
    replies->blocks = block_create(BLOCK_BYTES);
    return replies;
}

static void free_all_but_first(struct redis_replies *replies)
{
    while (replies->blocks->next) {
        struct block *block = replies->blocks;
        replies->blocks = block->next;
        free(block);
    }
}

void redis_replies_destroy(struct redis_replies *replies)
{
    if (!replies)
        return;
    free_all_but_first(replies);
    free(replies->blocks);
    free(replies);
}

/* NULL, for hiredis to give up: the reply is too long. */
static void *take(struct redis_replies *replies, size_t bytes)
{
    size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = replies->blocks;
    if (bytes > REDIS_REPLY_BYTES_MAX || replies->taken + rounded > REDIS_REPLY_BYTES_MAX) {
        replies->why_refused = "a reply that is too long";
        return NULL;
    }
    replies->taken += rounded;
    if (block->size - block->used < rounded) {
        block = block_create(rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES);
        block->next = replies->blocks;
        replies->blocks = block;
    }
    void *place = block->bytes + block->used;
    block->used += rounded;
    return place;
}

/* -------------------------------------------------------------------- what hiredis calls */

static void put_in_parent(const redisReadTask *task, redisReply *reply)
{
    if (!task->parent)
        return;
    const redisReply *parent = task->parent->obj;
    parent->element[task->idx] = reply;
}

/* An error is let through: hiredis ends the connection by itself, with its text. */
static bool is_awaited(struct redis_replies *replies, int type)
{
    const size_t *count = replies->awaited.reply_count;
    bool is_push = type == REDIS_REPLY_PUSH;
    if (is_push ? replies->awaited.has_pushes || !count
                : !count || *count > 0 || type == REDIS_REPLY_ERROR)
        return true;
    replies->why_refused = "a reply that nothing was asked for";
    return false;
}

static redisReply *create_reply(const redisReadTask *task, int type)
{
    struct redis_replies *replies = task->privdata;
    if (!task->parent) {
        struct redis_replies **owner =
            is_awaited(replies, type) ? take(replies, ALIGNMENT) : NULL;
        if (!owner)
            return NULL;
        *owner = replies;
    }
    redisReply *reply = take(replies, sizeof(*reply));
    if (!reply)
        return NULL;
    *reply = (redisReply){.type = type};
    put_in_parent(task, reply);
    return reply;
}

static bool set_text(const redisReadTask *task, redisReply *reply, const char *text,
                     size_t length)
{
    bool is_kind = task->parent && task->idx == 0 && !task->parent->parent &&
                   task->parent->type == REDIS_REPLY_PUSH;
    size_t mark_length = is_kind ? sizeof(REDIS_PUSH_MARK) - 1 : 0;
    char *place = take(task->privdata, mark_length + length + 1);
    if (!place)
        return false;
    memcpy(place, REDIS_PUSH_MARK, mark_length);
    memcpy(place + mark_length, text, length);
    place[mark_length + length] = '\0';
    reply->str = place;
    reply->len = mark_length + length;
    return true;
}

static void *create_string(const redisReadTask *task, char *text, size_t length)
{
    redisReply *reply = create_reply(task, task->type);
    if (reply && task->type == REDIS_REPLY_VERB) {
        memcpy(reply->vtype, text, VERBATIM_HEAD_BYTES - 1);
        text += VERBATIM_HEAD_BYTES;
        length -= VERBATIM_HEAD_BYTES;
    }
    return reply && set_text(task, reply, text, length) ? reply : NULL;
}

static void *create_array(const redisReadTask *task, size_t count)
{
    redisReply *reply = create_reply(task, task->type);
    if (!reply || count == 0)
        return reply;
    bool is_possible = count <= REDIS_REPLY_BYTES_MAX / sizeof(*reply->element);
    reply->element = take(task->privdata, is_possible ? count * sizeof(*reply->element)
                                                      : (size_t)REDIS_REPLY_BYTES_MAX + 1);
    if (!reply->element)
        return NULL;
    memset(reply->element, 0, count * sizeof(*reply->element));
    reply->elements = count;
    return reply;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    redisReply *reply = create_reply(task, task->type);
    if (reply)
        reply->integer = value;
    return reply;
}

static void *create_double(const redisReadTask *task, double value, char *text, size_t length)
{
    redisReply *reply = create_reply(task, task->type);
    if (!reply || !set_text(task, reply, text, length))
        return NULL;
    reply->dval = value;
    return reply;
}

/* The task's type is what it might have been. */
static void *create_nil(const redisReadTask *task)
{
    return create_reply(task, REDIS_REPLY_NIL);
}

static void *create_bool(const redisReadTask *task, int value)
{
    redisReply *reply = create_reply(task, task->type);
    if (reply)
        reply->integer = value != 0;
    return reply;
}

static void free_reply(void *reply)
{
    struct redis_replies *const *owner = (void *)((char *)reply - ALIGNMENT);
    struct redis_replies *replies = *owner;
    free_all_but_first(replies);
    replies->blocks->used = 0;
    replies->taken = 0;
}

void redis_replies_use(struct redis_replies *replies, struct redisReader *reader,
                       struct redis_awaited awaited)
{
    static redisReplyObjectFunctions functions = {
        .createString = create_string,
        .createArray = create_array,
        .createInteger = create_integer,
        .createDouble = create_double,
        .createNil = create_nil,
        .createBool = create_bool,
        .freeObject = free_reply,
    };
    free_all_but_first(replies);
    replies->blocks->used = 0;
    replies->taken = 0;
    replies->awaited = awaited;
    replies->why_refused = NULL;
    reader->fn = &functions;
    reader->privdata = replies;
}

const char *redis_replies_why_refused(const struct redis_replies *replies)
{
    return replies->why_refused;
}
