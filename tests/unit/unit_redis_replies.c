/*
 * Unit tests of the place for Redis's replies: what hiredis reads into it is what it would
 * have read by itself.
 */
#include "redis_replies.h"

#include "unit.h"

#include <hiredis/hiredis.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    struct redis_replies *replies;
    redisReader *reader;
    redisReply *reply; /* NULL: none is held */
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->replies = redis_replies_create();
    fixture->reader = redisReaderCreate();
    redis_replies_use(fixture->replies, fixture->reader,
                      (struct redis_awaited){.reply_count = NULL});
    *state = fixture;
    return 0;
}

static void let_go(struct fixture *fixture)
{
    if (fixture->reply)
        fixture->reader->fn->freeObject(fixture->reply);
    fixture->reply = NULL;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    let_go(fixture);
    redisReaderFree(fixture->reader);
    redis_replies_destroy(fixture->replies);
    free(fixture);
    return 0;
}

static const redisReply *get(struct fixture *fixture)
{
    void *reply = NULL;
    let_go(fixture);
    assert_int_equal(redisReaderGetReply(fixture->reader, &reply), REDIS_OK);
    fixture->reply = reply;
    return reply;
}

static const redisReply *read_text(struct fixture *fixture, const char *text)
{
    assert_int_equal(redisReaderFeed(fixture->reader, text, strlen(text)), REDIS_OK);
    return get(fixture);
}

static void assert_text(const redisReply *reply, const char *text)
{
    assert_int_equal(reply->type, REDIS_REPLY_STRING);
    assert_int_equal(reply->len, strlen(text));
    assert_string_equal(reply->str, text);
}

static void message_of_a_channel_is_an_array_of_texts(void **state)
{
    const redisReply *reply =
        read_text(*state, "*3\r\n$7\r\nmessage\r\n$5\r\nlobby\r\n$2\r\nhi\r\n");
    assert_int_equal(reply->type, REDIS_REPLY_ARRAY);
    assert_int_equal(reply->elements, 3);
    assert_text(reply->element[0], "message");
    assert_text(reply->element[1], "lobby");
    assert_text(reply->element[2], "hi");
}

static void numbers_errors_and_nothing_are_told_apart(void **state)
{
    assert_int_equal(read_text(*state, ":42\r\n")->integer, 42);
    assert_int_equal(read_text(*state, "$-1\r\n")->type, REDIS_REPLY_NIL);
    const redisReply *error = read_text(*state, "-ERR no\r\n");
    assert_int_equal(error->type, REDIS_REPLY_ERROR);
    assert_string_equal(error->str, "ERR no");
    assert_int_equal(read_text(*state, "+OK\r\n")->type, REDIS_REPLY_STATUS);
    assert_int_equal(read_text(*state, "*0\r\n")->elements, 0);
}

static void kinds_of_the_newer_protocol_are_read_too(void **state)
{
    const redisReply *reply = read_text(*state, "=7\r\ntxt:abc\r\n");
    assert_int_equal(reply->type, REDIS_REPLY_VERB);
    assert_string_equal(reply->vtype, "txt");
    assert_string_equal(reply->str, "abc");
    assert_int_equal(read_text(*state, "#t\r\n")->integer, 1);
    assert_string_equal(read_text(*state, ",1.5\r\n")->str, "1.5");
}

static void arrays_in_arrays_are_read(void **state)
{
    const redisReply *reply = read_text(*state, "*2\r\n*2\r\n:1\r\n:2\r\n*1\r\n$1\r\na\r\n");
    assert_int_equal(reply->element[0]->element[1]->integer, 2);
    assert_text(reply->element[1]->element[0], "a");
}

static void texts_may_hold_any_octet(void **state)
{
    struct fixture *fixture = *state;
    redisReaderFeed(fixture->reader, "$3\r\na\0b\r\n", 9);
    const redisReply *reply = get(fixture);
    assert_int_equal(reply->len, 3);
    assert_memory_equal(reply->str, "a\0b", 4);
}

static void reply_that_comes_in_pieces_is_read(void **state)
{
    struct fixture *fixture = *state;
    assert_null(read_text(fixture, "*2\r\n$5\r\nhel"));
    assert_null(read_text(fixture, "lo\r\n"));
    const redisReply *reply = read_text(fixture, ":7\r\n");
    assert_text(reply->element[0], "hello");
    assert_int_equal(reply->element[1]->integer, 7);
}

static void big_replies_and_small_ones_follow_each_other(void **state)
{
    enum { BIG = 100000 };
    char head[32];
    char *text = calloc(1, BIG + 1);
    memset(text, 'x', BIG);
    for (int i = 0; i < 3; i++) {
        struct fixture *fixture = *state;
        (void)snprintf(head, sizeof(head), "*2\r\n$%d\r\n", BIG);
        redisReaderFeed(fixture->reader, head, strlen(head));
        redisReaderFeed(fixture->reader, text, BIG);
        const redisReply *reply = read_text(fixture, "\r\n$1\r\na\r\n");
        assert_text(reply->element[0], text);
        assert_text(reply->element[1], "a");
        assert_text(read_text(fixture, "$5\r\nsmall\r\n"), "small");
    }
    free(text);
}

static void many_small_parts_are_read(void **state)
{
    enum { MANY = 5000 };
    struct fixture *fixture = *state;
    redisReaderFeed(fixture->reader, "*5000\r\n", 7);
    for (int i = 0; i < MANY; i++)
        redisReaderFeed(fixture->reader, "$3\r\nabc\r\n", 9);
    const redisReply *reply = get(fixture);
    assert_int_equal(reply->elements, MANY);
    for (int i = 0; i < MANY; i++)
        assert_text(reply->element[i], "abc");
}

static void reader_that_ends_in_mid_reply_leaves_the_place_to_the_next(void **state)
{
    struct fixture *fixture = *state;
    assert_null(read_text(fixture, "*2\r\n$5\r\nhello\r\n"));
    redisReaderFree(fixture->reader);
    fixture->reader = redisReaderCreate();
    redis_replies_use(fixture->replies, fixture->reader,
                      (struct redis_awaited){.reply_count = NULL});
    assert_text(read_text(fixture, "$4\r\nnext\r\n"), "next");
}

/* ---------------------------------------------------------------- what is turned away */

static size_t awaited_count;

static void await(struct fixture *fixture, size_t count, bool has_pushes)
{
    awaited_count = count;
    redis_replies_use(fixture->replies, fixture->reader,
                      (struct redis_awaited){&awaited_count, has_pushes});
}

static bool is_refused(struct fixture *fixture, const char *text)
{
    void *reply = NULL;
    redisReaderFeed(fixture->reader, text, strlen(text));
    int result = redisReaderGetReply(fixture->reader, &reply);
    fixture->reply = reply;
    return result == REDIS_ERR;
}

static void reply_that_is_awaited_is_read(void **state)
{
    struct fixture *fixture = *state;
    await(fixture, 1, false);
    assert_false(is_refused(fixture, "+OK\r\n"));
    assert_null(redis_replies_why_refused(fixture->replies));
}

static void reply_that_nothing_was_asked_for_is_refused(void **state)
{
    struct fixture *fixture = *state;
    await(fixture, 0, false);
    assert_true(is_refused(fixture, "+OK\r\n"));
    assert_string_equal(redis_replies_why_refused(fixture->replies),
                        "a reply that nothing was asked for");
}

static void error_may_come_unasked(void **state)
{
    struct fixture *fixture = *state;
    await(fixture, 0, false);
    assert_false(is_refused(fixture, "-ERR max number of clients reached\r\n"));
}

static void push_is_refused_where_none_is_awaited(void **state)
{
    struct fixture *fixture = *state;
    await(fixture, 1, false);
    assert_true(is_refused(fixture, ">1\r\n$7\r\nmessage\r\n"));
}

static void push_needs_no_question(void **state)
{
    struct fixture *fixture = *state;
    await(fixture, 0, true);
    assert_false(is_refused(fixture, ">1\r\n$7\r\nmessage\r\n"));
    assert_text(fixture->reply->element[0], "+message");
}

static void reply_that_is_too_long_is_refused_before_it_is_there(void **state)
{
    struct fixture *fixture = *state;
    await(fixture, 1, false);
    assert_true(is_refused(fixture, "*4000000000\r\n"));
    assert_string_equal(redis_replies_why_refused(fixture->replies),
                        "a reply that is too long");
}

static void lists_that_are_too_long_together_are_refused(void **state)
{
    struct fixture *fixture = *state;
    await(fixture, 1, false);
    assert_true(is_refused(fixture, "*2\r\n*30000000\r\n*30000000\r\n"
                                    "*30000000\r\n"));
}

int main(void)
{
#define REPLIES_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        REPLIES_TEST(message_of_a_channel_is_an_array_of_texts),
        REPLIES_TEST(numbers_errors_and_nothing_are_told_apart),
        REPLIES_TEST(kinds_of_the_newer_protocol_are_read_too),
        REPLIES_TEST(arrays_in_arrays_are_read),
        REPLIES_TEST(texts_may_hold_any_octet),
        REPLIES_TEST(reply_that_comes_in_pieces_is_read),
        REPLIES_TEST(big_replies_and_small_ones_follow_each_other),
        REPLIES_TEST(many_small_parts_are_read),
        REPLIES_TEST(reader_that_ends_in_mid_reply_leaves_the_place_to_the_next),
        REPLIES_TEST(reply_that_is_awaited_is_read),
        REPLIES_TEST(reply_that_nothing_was_asked_for_is_refused),
        REPLIES_TEST(error_may_come_unasked),
        REPLIES_TEST(push_is_refused_where_none_is_awaited),
        REPLIES_TEST(push_needs_no_question),
        REPLIES_TEST(reply_that_is_too_long_is_refused_before_it_is_there),
        REPLIES_TEST(lists_that_are_too_long_together_are_refused),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "redis_replies");
}
