/*
 * Unit tests of redis_subscriptions, over two links whose other end is this file: what is asked
 * for and announced when, and how much of it at once.
 */
#include "redis_store.h"
#include "redis_subscriptions.h"

#include "fake_link.h"
#include "journal.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANY = 2000, AT_ONCE = 512 };

struct site {
    struct redis_link *commands;
    struct redis_link *subscriber;
    struct redis_store *store;
    struct redis_subscriptions *subscriptions;
    struct journal said;
    size_t announced;
    bool reads_logs; /* each announcement asks a command */
};

static void on_command(void *context, const struct fake_command *command, redisReply *reply)
{
    (void)context;
    (void)command;
    (void)reply;
}

static void on_subscribed(void *context, const char *channel)
{
    struct site *site = context;
    site->announced++;
    if (site->reads_logs)
        redis_store_command_text(site->store, "i", NULL, NULL, "DEL", channel, NULL);
    else
        journal_add(&site->said, "%s", channel);
}

static int set_up(void **state)
{
    struct site *site = calloc(1, sizeof(*site));
    site->commands = fake_link_create(on_command, site);
    site->subscriber = fake_link_create(on_command, site);
    site->store = redis_store_create(&(struct redis_store_options){
        .prefix = "p", .commands = site->commands, .subscriber = site->subscriber});
    site->subscriptions = redis_subscriptions_create(&(struct redis_subscriptions_options){
        .store = site->store, .context = site, .on_subscribed = on_subscribed});
    *state = site;
    return 0;
}

static int tear_down(void **state)
{
    struct site *site = *state;
    redis_subscriptions_destroy(site->subscriptions);
    redis_store_destroy(site->store);
    redis_link_destroy(site->commands);
    redis_link_destroy(site->subscriber);
    journal_clear(&site->said);
    free(site);
    return 0;
}

static void confirm(struct site *site, const char *pubsub)
{
    fake_link_confirm(site->subscriber);
    redis_subscriptions_on_confirmed(site->subscriptions, pubsub);
}

static void channel_is_announced_when_it_is_confirmed(void **state)
{
    struct site *site = *state;
    redis_subscriptions_add(site->subscriptions, "a");
    EXPECT_NOTHING(&site->said);
    confirm(site, "p:{a}");
    EXPECT(&site->said, "a");
}

static void name_in_redis_leads_to_the_channel(void **state)
{
    struct site *site = *state;
    redis_subscriptions_add(site->subscriptions, "a");
    assert_string_equal(redis_subscriptions_channel(site->subscriptions, "p:{a}"), "a");
    redis_subscriptions_remove(site->subscriptions, "a");
    assert_null(redis_subscriptions_channel(site->subscriptions, "p:{a}"));
}

static void channel_waits_for_the_commands(void **state)
{
    struct site *site = *state;
    fake_link_set_up(site->commands, false);
    redis_subscriptions_add(site->subscriptions, "a");
    confirm(site, "p:{a}");
    EXPECT_NOTHING(&site->said);
    fake_link_set_up(site->commands, true);
    redis_subscriptions_on_commands_up(site->subscriptions);
    redis_subscriptions_turn(site->subscriptions);
    EXPECT(&site->said, "a");
}

static void channels_are_announced_again_when_commands_were_away(void **state)
{
    struct site *site = *state;
    redis_subscriptions_add(site->subscriptions, "a");
    redis_subscriptions_add(site->subscriptions, "b");
    confirm(site, "p:{a}");
    confirm(site, "p:{b}");
    journal_clear(&site->said);
    redis_subscriptions_on_commands_up(site->subscriptions);
    redis_subscriptions_turn(site->subscriptions);
    EXPECT(&site->said, "a", "b");
}

static void channel_that_is_added_while_the_link_is_down_is_asked_for_later(void **state)
{
    struct site *site = *state;
    fake_link_set_up(site->subscriber, false);
    redis_subscriptions_add(site->subscriptions, "a");
    assert_int_equal(redis_link_subscribing(site->subscriber), 0);
    fake_link_set_up(site->subscriber, true);
    redis_subscriptions_on_subscriber_up(site->subscriptions);
    assert_int_equal(redis_link_subscribing(site->subscriber), 1);
}

static void channel_that_was_not_asked_for_needs_no_end(void **state)
{
    struct site *site = *state;
    fake_link_set_up(site->subscriber, false);
    redis_subscriptions_add(site->subscriptions, "a");
    redis_subscriptions_remove(site->subscriptions, "a");
    fake_link_set_up(site->subscriber, true);
    redis_subscriptions_on_subscriber_up(site->subscriptions);
    assert_int_equal(redis_link_subscribing(site->subscriber), 0);
}

/* It was left, and entered again while Redis was away: the old answer is none to the new. */
static void answer_to_what_is_over_confirms_nothing(void **state)
{
    struct site *site = *state;
    redis_subscriptions_add(site->subscriptions, "a");
    redis_subscriptions_on_subscriber_down(site->subscriptions);
    fake_link_set_up(site->subscriber, false);
    redis_subscriptions_on_confirmed(site->subscriptions, "p:{a}");
    EXPECT_NOTHING(&site->said);
}

static void add_many(struct site *site)
{
    char name[32];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), "%d", i);
        redis_subscriptions_add(site->subscriptions, name);
    }
}

static void confirm_from(struct site *site, int first, int end)
{
    char name[32];
    for (int i = first; i < end; i++) {
        (void)snprintf(name, sizeof(name), "p:{%d}", i);
        confirm(site, name);
    }
}

static void many_are_asked_for_as_they_are_answered(void **state)
{
    struct site *site = *state;
    add_many(site);
    assert_int_equal(redis_link_subscribing(site->subscriber), AT_ONCE);
    confirm_from(site, 0, 100);
    assert_int_equal(redis_link_subscribing(site->subscriber), AT_ONCE);
    confirm_from(site, 100, MANY);
    assert_int_equal(redis_link_subscribing(site->subscriber), 0);
    assert_int_equal(site->announced, MANY);
}

static void logs_of_many_are_read_as_they_are_answered(void **state)
{
    struct site *site = *state;
    site->reads_logs = true;
    add_many(site);
    confirm_from(site, 0, MANY);
    assert_int_equal(site->announced, AT_ONCE);
    redis_subscriptions_turn(site->subscriptions);
    assert_int_equal(site->announced, AT_ONCE + 1); /* one in a turn, whatever else waits */
    for (int i = 0; i < MANY / AT_ONCE; i++) {
        fake_link_answer_all(site->commands);
        redis_subscriptions_turn(site->subscriptions);
    }
    assert_int_equal(site->announced, MANY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(channel_is_announced_when_it_is_confirmed),
        TEST(name_in_redis_leads_to_the_channel),
        TEST(channel_waits_for_the_commands),
        TEST(channels_are_announced_again_when_commands_were_away),
        TEST(channel_that_is_added_while_the_link_is_down_is_asked_for_later),
        TEST(channel_that_was_not_asked_for_needs_no_end),
        TEST(answer_to_what_is_over_confirms_nothing),
        TEST(many_are_asked_for_as_they_are_answered),
        TEST(logs_of_many_are_read_as_they_are_answered),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "redis_subscriptions");
}
