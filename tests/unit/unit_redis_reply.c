/*
 * Unit tests of the shapes of replies: what Redis's bytes are taken for, and what they are not.
 */
#include "redis_reply.h"

#include "redis_replies.h"
#include "unit.h"

#include <hiredis/hiredis.h>

#include <stdlib.h>
#include <string.h>

static redisReader *reader;
static struct redis_replies *replies;

static const redisReply *parse(const char *text)
{
    void *reply = NULL;
    replies = redis_replies_create();
    reader = redisReaderCreate();
    redis_replies_use(replies, reader, (struct redis_awaited){.reply_count = NULL});
    redisReaderFeed(reader, text, strlen(text));
    assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
    assert_non_null(reply);
    return reply;
}

static void let_go(const redisReply *reply)
{
    reader->fn->freeObject((void *)reply);
    redisReaderFree(reader);
    redis_replies_destroy(replies);
}

struct shape_row {
    const char *name;
    const char *text;
    const char *shape;
    bool is_so;
};

static const struct shape_row shape_rows[] = {
    {"integer_is_an_integer", ":7\r\n", "i", true},
    {"text_is_no_integer", "$1\r\n7\r\n", "i", false},
    {"nil_is_no_integer", "$-1\r\n", "i", false},
    {"text_is_a_text", "$1\r\n7\r\n", "s", true},
    {"empty_text_is_a_text", "$0\r\n\r\n", "s", true},
    {"status_is_no_text", "+OK\r\n", "s", false},
    {"nil_is_no_text", "$-1\r\n", "s", false},
    {"status_is_a_status", "+OK\r\n", "S", true},
    {"error_is_no_status", "-ERR no\r\n", "S", false},
    {"text_may_be_nil", "$-1\r\n", "?s", true},
    {"text_that_may_be_nil_is_no_integer", ":1\r\n", "?s", false},
    {"anything_is_anything", "%1\r\n+a\r\n:1\r\n", ".", true},
    {"error_is_not_anything", "-ERR no\r\n", ".", false},
    {"list_may_be_empty", "*0\r\n", "*s", true},
    {"list_of_texts", "*2\r\n$1\r\na\r\n$1\r\nb\r\n", "*s", true},
    {"list_with_another_in_it", "*2\r\n$1\r\na\r\n:1\r\n", "*s", false},
    {"list_with_nil_in_it", "*2\r\n$1\r\na\r\n$-1\r\n", "*s", false},
    {"nil_is_no_list", "*-1\r\n", "*s", false},
    {"lease", "*3\r\n:1\r\n:2\r\n:3\r\n", "[iii]", true},
    {"lease_that_is_too_short", "*2\r\n:1\r\n:2\r\n", "[iii]", false},
    {"lease_that_is_too_long", "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", "[iii]", false},
    {"ack", "*3\r\n:1\r\n$2\r\ne1\r\n:0\r\n", "[isi]", true},
    {"ack_without_an_epoch", "*3\r\n:1\r\n$-1\r\n:0\r\n", "[isi]", false},
    {"log",
     "*5\r\n$1\r\ne\r\n:1\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nd\r\n$1\r\n1\r\n$0\r\n\r\n:"
     "0\r\n",
     "[si*[s*s]si]", true},
    {"log_with_an_entry_that_is_none",
     "*5\r\n$1\r\ne\r\n:1\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*-1\r\n$0\r\n\r\n:0\r\n", "[si*[s*s]si]",
     false},
    {"log_behind_an_empty_list", "*5\r\n$1\r\ne\r\n:1\r\n*0\r\n$0\r\n\r\n:0\r\n",
     "[si*[s*s]si]", true},
    {"push_is_no_list", ">1\r\n$1\r\na\r\n", "*s", false},
};

static void shape_is_told(void **state)
{
    const struct shape_row *row = *state;
    const redisReply *reply = parse(row->text);
    assert_int_equal(redis_reply_is(reply, row->shape), row->is_so);
    let_go(reply);
}

struct push_row {
    const char *name;
    const char *text;
    bool is_sound;
    enum redis_push_kind kind;
    const char *channel;
    const char *message;
};

static const struct push_row push_rows[] = {
    {"message_is_read", ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n", true,
     REDIS_PUSH_MESSAGE, "c", "hi"},
    {"confirmation_is_read", ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", true,
     REDIS_PUSH_SUBSCRIBED, "c", NULL},
    {"end_of_a_subscription_is_of_no_interest", ">3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n",
     true, REDIS_PUSH_OTHER, NULL, NULL},
    {"push_of_another_kind_is_of_no_interest", ">2\r\n$10\r\ninvalidate\r\n*0\r\n", true,
     REDIS_PUSH_OTHER, NULL, NULL},
    {"list_is_no_push", "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n", false, 0, NULL, NULL},
    {"message_without_a_channel", ">3\r\n$7\r\nmessage\r\n$-1\r\n$2\r\nhi\r\n", false, 0, NULL,
     NULL},
    {"message_without_a_text", ">2\r\n$7\r\nmessage\r\n$1\r\nc\r\n", false, 0, NULL, NULL},
    {"message_that_is_a_number", ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n:1\r\n", false, 0, NULL,
     NULL},
    {"push_of_nothing", ">0\r\n", false, 0, NULL, NULL},
    {"push_whose_kind_is_a_number", ">1\r\n:1\r\n", false, 0, NULL, NULL},
};

static void push_is_read(void **state)
{
    const struct push_row *row = *state;
    const redisReply *reply = parse(row->text);
    struct redis_push push;
    assert_int_equal(redis_push_read(reply, &push), row->is_sound);
    if (row->is_sound)
        assert_int_equal(push.kind, row->kind);
    if (row->channel)
        assert_string_equal(push.channel, row->channel);
    if (row->message)
        assert_memory_equal(push.message.bytes, row->message, push.message.length);
    let_go(reply);
}

static void name_ends_where_its_text_does(void **state)
{
    static const char text[] = ">3\r\n$7\r\nmessage\r\n$3\r\nc\0d\r\n$2\r\nhi\r\n";
    struct redis_push push;
    void *reply = NULL;
    (void)state;
    replies = redis_replies_create();
    reader = redisReaderCreate();
    redis_replies_use(replies, reader, (struct redis_awaited){.reply_count = NULL});
    redisReaderFeed(reader, text, sizeof(text) - 1);
    assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
    assert_false(redis_push_read(reply, &push));
    let_go(reply);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_ends_where_its_text_does),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, shape_rows, shape_is_told);
    UNIT_ADD_ROWS(&suite, push_rows, push_is_read);
    return unit_run(&suite, "redis_reply");
}
