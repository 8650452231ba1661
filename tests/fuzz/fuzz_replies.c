/*
 * fuzz_replies - any bytes as what Redis answers: read as hiredis reads it into our own place
 * for replies, held against the shape of each kind of answer, and against what is pushed.
 */
#include "fuzz.h"

#include "redis_replies.h"
#include "redis_reply.h"

#include <hiredis/hiredis.h>

#include <assert.h>

static const char *const shapes[] = {
    "i", "s", "S", ".", "?s", "?i", "*s", "*.", "*[ss]", "[is]", "[i?s*s]", "[s*[s*s]]", "*?s",
};

/* Whoever was promised texts reads them to their ends. */
static size_t walk(const redisReply *reply)
{
    size_t sum = 0;
    if (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS ||
        reply->type == REDIS_REPLY_ERROR) {
        for (size_t i = 0; i <= reply->len; i++)
            sum += (unsigned char)reply->str[i];
        assert(reply->str[reply->len] == '\0');
    }
    for (size_t i = 0; i < reply->elements; i++)
        sum += reply->element[i] ? walk(reply->element[i]) : 0;
    return sum;
}

static void judge(const redisReply *reply)
{
    struct redis_push push;
    (void)walk(reply);
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        (void)!redis_reply_is(reply, shapes[i]);
    if (redis_push_read(reply, &push) && push.kind == REDIS_PUSH_MESSAGE)
        assert(push.channel && (push.message.bytes || push.message.length == 0));
}

static void read_all(redisReader *reader)
{
    void *reply = NULL;
    while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply) {
        judge(reply);
        reader->fn->freeObject(reply);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return 0;
    size_t first = (size_t)bytes[0] < length - 1 ? bytes[0] : length - 1;
    struct redis_replies *replies = redis_replies_create();
    redisReader *reader = redisReaderCreate();
    redis_replies_use(replies, reader,
                      (struct redis_awaited){.reply_count = NULL, .has_pushes = bytes[0] & 1});
    redisReaderFeed(reader, (const char *)bytes + 1, first);
    read_all(reader);
    redisReaderFeed(reader, (const char *)bytes + 1 + first, length - 1 - first);
    read_all(reader);
    redisReaderFree(reader);
    redis_replies_destroy(replies);
    return 0;
}
