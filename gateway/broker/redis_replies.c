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

static void *take(struct redis_replies *replies, size_t bytes)
{
    size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = replies->blocks;
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

static redisReply *create_reply(const redisReadTask *task)
{
    struct redis_replies *replies = task->privdata;
    if (!task->parent) {
        struct redis_replies **owner = take(replies, ALIGNMENT);
        *owner = replies;
    }
    redisReply *reply = take(replies, sizeof(*reply));
    *reply = (redisReply){.type = task->type};
    put_in_parent(task, reply);
    return reply;
}

static void set_text(const redisReadTask *task, redisReply *reply, const char *text,
                     size_t length)
{
    reply->str = take(task->privdata, length + 1);
    memcpy(reply->str, text, length);
    reply->str[length] = '\0';
    reply->len = length;
}

static void *create_string(const redisReadTask *task, char *text, size_t length)
{
    redisReply *reply = create_reply(task);
    if (task->type == REDIS_REPLY_VERB) {
        memcpy(reply->vtype, text, VERBATIM_HEAD_BYTES - 1);
        text += VERBATIM_HEAD_BYTES;
        length -= VERBATIM_HEAD_BYTES;
    }
    set_text(task, reply, text, length);
    return reply;
}

static void *create_array(const redisReadTask *task, size_t count)
{
    redisReply *reply = create_reply(task);
    reply->elements = count;
    if (count > 0) {
        reply->element = take(task->privdata, count * sizeof(*reply->element));
        memset(reply->element, 0, count * sizeof(*reply->element));
    }
    return reply;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    redisReply *reply = create_reply(task);
    reply->integer = value;
    return reply;
}

static void *create_double(const redisReadTask *task, double value, char *text, size_t length)
{
    redisReply *reply = create_reply(task);
    reply->dval = value;
    set_text(task, reply, text, length);
    return reply;
}

static void *create_nil(const redisReadTask *task)
{
    redisReply *reply = create_reply(task);
    reply->type = REDIS_REPLY_NIL; /* the task's is what it might have been */
    return reply;
}

static void *create_bool(const redisReadTask *task, int value)
{
    redisReply *reply = create_reply(task);
    reply->integer = value != 0;
    return reply;
}

static void free_reply(void *reply)
{
    struct redis_replies *const *owner = (void *)((char *)reply - ALIGNMENT);
    struct redis_replies *replies = *owner;
    free_all_but_first(replies);
    replies->blocks->used = 0;
}

void redis_replies_use(struct redis_replies *replies, struct redisReader *reader)
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
    reader->fn = &functions;
    reader->privdata = replies;
}
