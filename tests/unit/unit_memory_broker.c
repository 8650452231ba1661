/*
 * Tests of memory_broker: the promises of broker.h, kept without a store.
 */
#include "memory_broker.h"

#include "broker.h"
#include "fake_clock.h"
#include "heap.h"
#include "journal.h"
#include "loop.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY = 3, TTL_MS = 60000, EPOCH_LENGTH = 8 };

/* A broker, and all that it says, as lines. */
struct site {
    struct broker_policy policy;
    struct loop *loop;
    struct broker *broker;
    struct journal said;
    char epoch[BROKER_EPOCH_BYTES]; /* the last one heard */
    uint64_t connection_count;      /* of the last answer about members */
    uint64_t user_count;
    bool is_duplicate; /* said of the last publish */
    bool is_conflict;
    bool asks_when_told; /* on_subscribed asks for the history */
};

static const char *status_text(enum broker_status status)
{
    return status == BROKER_OK ? "ok" : "failed";
}

static void on_published(void *context, uint64_t tag, const struct broker_reply *reply)
{
    struct site *site = context;
    journal_add(&site->said, "published %llu %s %s %llu", (unsigned long long)tag,
                status_text(reply->status), reply->channel, (unsigned long long)reply->offset);
    strcpy(site->epoch, reply->epoch);
    site->is_duplicate = reply->is_duplicate;
    site->is_conflict = reply->is_conflict;
}

static void on_history(void *context, uint64_t tag, const struct broker_reply *reply)
{
    struct site *site = context;
    (void)tag;
    journal_add(&site->said, "history %s %s %llu", status_text(reply->status), reply->channel,
                (unsigned long long)reply->offset);
    for (size_t i = 0; i < reply->publication_count; i++)
        journal_add(&site->said, "  %llu %.*s",
                    (unsigned long long)reply->publications[i]->offset,
                    (int)reply->publications[i]->length, reply->publications[i]->bytes);
    strcpy(site->epoch, reply->epoch);
}

static void on_joined(void *context, uint64_t tag, const struct broker_reply *reply)
{
    struct site *site = context;
    journal_add(&site->said, "joined %llu %s %s", (unsigned long long)tag,
                status_text(reply->status), reply->channel);
}

static void on_members(void *context, uint64_t tag, const struct broker_reply *reply)
{
    struct site *site = context;
    (void)tag;
    journal_add(&site->said, "members %s version %llu", reply->channel,
                (unsigned long long)reply->version);
    for (size_t i = 0; i < reply->member_count; i++)
        journal_add(&site->said, "  %s %s", reply->members[i].user, reply->members[i].info);
    site->connection_count = reply->connection_count;
    site->user_count = reply->user_count;
}

static void on_done(void *context, uint64_t tag, const struct broker_reply *reply)
{
    struct site *site = context;
    journal_add(&site->said, "done %llu %s", (unsigned long long)tag,
                status_text(reply->status));
}

static void on_control(void *context, const char *bytes, size_t length)
{
    struct site *site = context;
    journal_add(&site->said, "control %.*s", (int)length, bytes);
}

static void ask_range(struct site *site, struct broker_range range)
{
    broker_history(site->broker, "lobby", &range, (struct broker_waiter){on_history, site, 0});
}

static void ask_history(struct site *site, uint64_t since, size_t limit)
{
    ask_range(site, (struct broker_range){.since = since, .limit = limit, .begins_log = true});
}

static void ask_history_back(struct site *site, uint64_t before, size_t limit)
{
    ask_range(site, (struct broker_range){.since = before, .limit = limit, .is_reverse = true});
}

static void on_subscribed(void *context, const char *channel)
{
    struct site *site = context;
    journal_add(&site->said, "subscribed %s", channel);
    if (site->asks_when_told)
        ask_history(site, 0, 10);
}

static void on_publication(void *context, const char *channel, const char *epoch,
                           struct publication *publication)
{
    struct site *site = context;
    journal_add(&site->said, "publication %s %llu %.*s", channel,
                (unsigned long long)publication->offset, (int)publication->length,
                publication->bytes);
    strcpy(site->epoch, epoch);
}

static void on_presence(void *context, const char *channel,
                        const struct broker_presence *change)
{
    struct site *site = context;
    journal_add(&site->said, "%s %s %s %s version %llu",
                change->kind == BROKER_JOIN ? "join" : "leave", channel, change->user,
                change->info, (unsigned long long)change->version);
}

static void on_history_removed(void *context, const char *channel)
{
    struct site *site = context;
    journal_add(&site->said, "removed %s", channel);
}

static const struct broker_policy *find_policy(void *context, const char *channel)
{
    (void)channel;
    return context;
}

static void create_broker(struct site *site, size_t history_size)
{
    broker_destroy(site->broker);
    site->policy =
        (struct broker_policy){.history_size = history_size, .history_ttl_ms = TTL_MS};
    site->broker =
        memory_broker_create(site->loop, (struct broker_policies){find_policy, &site->policy});
    broker_set_events(site->broker,
                      &(struct broker_events){.context = site,
                                              .on_subscribed = on_subscribed,
                                              .on_publication = on_publication,
                                              .on_presence = on_presence,
                                              .on_history_removed = on_history_removed,
                                              .on_control = on_control});
}

static int set_up(void **state)
{
    struct site *site = calloc(1, sizeof(*site));
    site->loop = loop_create();
    create_broker(site, HISTORY);
    *state = site;
    return 0;
}

static int tear_down(void **state)
{
    struct site *site = *state;
    broker_destroy(site->broker);
    loop_destroy(site->loop);
    journal_clear(&site->said);
    free(site);
    return 0;
}

static void turn(struct site *site)
{
    broker_turn(site->broker);
}

static void subscribe(struct site *site)
{
    broker_subscribe(site->broker, "lobby");
    turn(site);
    journal_clear(&site->said);
}

static void publish_to(struct site *site, const char *channel, struct slice payload,
                       struct broker_waiter waiter)
{
    broker_publish(site->broker, channel, &(struct broker_message){.payload = payload}, waiter);
}

static void publish_unheard(struct site *site, const char *text)
{
    publish_to(site, "lobby", slice_of(text), (struct broker_waiter){.on_reply = NULL});
}

static void join(struct site *site, const char *client, const char *user, bool is_put_back)
{
    const struct broker_member member = {client, user, "{}", 0};
    broker_join(site->broker, "lobby", &member, is_put_back,
                (struct broker_waiter){.on_reply = NULL});
}

static void leave(struct site *site, const char *client, const char *user)
{
    const struct broker_member member = {client, user, "{}", 0};
    broker_leave(site->broker, "lobby", &member);
}

static void ask_members(struct site *site, size_t limit)
{
    broker_members(site->broker, "lobby", limit, (struct broker_waiter){on_members, site, 0});
}

/* ------------------------------------------------------------------------------ answers */

static void nothing_is_answered_from_inside_the_call(void **state)
{
    struct site *site = *state;
    const struct broker_member member = {"c1", "alice", "{}", 0};
    broker_subscribe(site->broker, "lobby");
    publish_to(site, "lobby", (struct slice){"a", 1},
               (struct broker_waiter){on_published, site, 1});
    ask_history(site, 0, 10);
    broker_join(site->broker, "lobby", &member, false,
                (struct broker_waiter){on_joined, site, 2});
    ask_members(site, 10);
    EXPECT_NOTHING(&site->said);
}

static void all_is_answered_in_order_at_the_next_turn(void **state)
{
    struct site *site = *state;
    const struct broker_member member = {"c1", "alice", "{}", 0};
    broker_subscribe(site->broker, "lobby");
    publish_to(site, "lobby", (struct slice){"a", 1},
               (struct broker_waiter){on_published, site, 1});
    broker_join(site->broker, "lobby", &member, false,
                (struct broker_waiter){on_joined, site, 2});
    ask_members(site, 10);
    turn(site);
    EXPECT(&site->said, "subscribed lobby", "publication lobby 1 a", "published 1 ok lobby 1",
           "joined 2 ok lobby", "join lobby alice {} version 1", "members lobby version 1",
           "  alice {}");
}

static void each_request_is_answered_once(void **state)
{
    struct site *site = *state;
    ask_history(site, 0, 10);
    turn(site);
    turn(site);
    EXPECT(&site->said, "history ok lobby 0");
}

static void what_a_callback_asks_is_answered_a_turn_later(void **state)
{
    struct site *site = *state;
    site->asks_when_told = true;
    broker_subscribe(site->broker, "lobby");
    turn(site);
    EXPECT(&site->said, "subscribed lobby");
    turn(site);
    EXPECT(&site->said, "history ok lobby 0");
}

static void nobody_need_wait_for_an_answer(void **state)
{
    struct site *site = *state;
    publish_unheard(site, "a");
    join(site, "c1", "alice", /* is_put_back= */ false);
    turn(site);
    EXPECT_NOTHING(&site->said);
}

static void broker_is_idle_when_all_is_answered(void **state)
{
    struct site *site = *state;
    assert_true(broker_is_idle(site->broker));
    publish_unheard(site, "a");
    assert_false(broker_is_idle(site->broker));
    turn(site);
    assert_true(broker_is_idle(site->broker));
}

static void broker_is_always_ready(void **state)
{
    struct site *site = *state;
    const char *reason = NULL;
    assert_true(broker_is_ready(site->broker, &reason));
}

/* The sanitizer would object to what is not given back. */
static void broker_may_end_before_its_answers(void **state)
{
    struct site *site = *state;
    publish_unheard(site, "a");
    join(site, "c1", "alice", /* is_put_back= */ false);
    ask_history(site, 0, 10);
    ask_members(site, 10);
    EXPECT_NOTHING(&site->said);
}

/* -------------------------------------------------------------------------- publications */

static void publications_come_in_the_order_they_went(void **state)
{
    struct site *site = *state;
    subscribe(site);
    publish_unheard(site, "a");
    publish_unheard(site, "b");
    turn(site);
    publish_unheard(site, "c");
    turn(site);
    EXPECT(&site->said, "publication lobby 1 a", "publication lobby 2 b",
           "publication lobby 3 c");
}

static void publication_comes_to_subscribed_channels_only(void **state)
{
    struct site *site = *state;
    subscribe(site);
    publish_to(site, "elsewhere", (struct slice){"a", 1},
               (struct broker_waiter){.on_reply = NULL});
    turn(site);
    EXPECT_NOTHING(&site->said);
}

static void publication_does_not_come_after_the_channel_is_unsubscribed(void **state)
{
    struct site *site = *state;
    subscribe(site);
    publish_unheard(site, "a");
    broker_unsubscribe(site->broker, "lobby");
    turn(site);
    EXPECT_NOTHING(&site->said);
}

static void offsets_of_channels_are_counted_apart(void **state)
{
    struct site *site = *state;
    publish_unheard(site, "a");
    publish_to(site, "elsewhere", (struct slice){"b", 1},
               (struct broker_waiter){on_published, site, 1});
    turn(site);
    EXPECT(&site->said, "published 1 ok elsewhere 1");
}

static void offsets_go_on_after_an_unsubscription(void **state)
{
    struct site *site = *state;
    subscribe(site);
    publish_unheard(site, "a");
    broker_unsubscribe(site->broker, "lobby");
    turn(site);
    subscribe(site);
    publish_unheard(site, "b");
    turn(site);
    EXPECT(&site->said, "publication lobby 2 b");
}

static void publication_is_whatever_bytes_it_is(void **state)
{
    struct site *site = *state;
    subscribe(site);
    publish_to(site, "lobby", (struct slice){"a\0b", 3},
               (struct broker_waiter){.on_reply = NULL});
    publish_to(site, "lobby", (struct slice){"", 0}, (struct broker_waiter){.on_reply = NULL});
    turn(site);
    EXPECT(&site->said, "publication lobby 1 a", "publication lobby 2 ");
}

static void epoch_is_the_same_wherever_it_is_said(void **state)
{
    struct site *site = *state;
    char live[BROKER_EPOCH_BYTES];
    subscribe(site);
    publish_unheard(site, "a");
    turn(site);
    strcpy(live, site->epoch);
    ask_history(site, 0, 10);
    turn(site);
    assert_int_equal(strlen(live), EPOCH_LENGTH);
    assert_string_equal(site->epoch, live);
}

static void publish_message(struct site *site, const struct broker_message *message)
{
    broker_publish(site->broker, "lobby", message,
                   (struct broker_waiter){on_published, site, 0});
}

static void message_with_a_key_is_published_once(void **state)
{
    struct site *site = *state;
    const struct broker_message message = {.payload = slice_of("a"), .key = "k", .digest = "d"};
    subscribe(site);
    publish_message(site, &message);
    turn(site);
    assert_false(site->is_duplicate);
    EXPECT(&site->said, "publication lobby 1 a", "published 0 ok lobby 1");
    publish_message(site, &message);
    turn(site);
    assert_true(site->is_duplicate);
    EXPECT(&site->said, "published 0 ok lobby 1");
}

static void key_that_was_used_for_something_else_is_a_conflict(void **state)
{
    struct site *site = *state;
    struct broker_message message = {.payload = slice_of("a"), .key = "k", .digest = "d"};
    subscribe(site);
    publish_message(site, &message);
    turn(site);
    assert_false(site->is_conflict);
    journal_clear(&site->said);
    message.payload = slice_of("b");
    message.digest = "e";
    publish_message(site, &message);
    turn(site);
    assert_true(site->is_conflict);
    assert_false(site->is_duplicate);
    EXPECT(&site->said, "published 0 ok lobby 1");
}

static void key_is_forgotten_when_its_time_is_over(void **state)
{
    struct site *site = *state;
    const struct broker_message message = {.payload = slice_of("a"), .key = "k", .digest = "d"};
    publish_message(site, &message);
    turn(site);
    fake_clock_advance(BROKER_KEY_TTL_MS + 1);
    turn(site);
    journal_clear(&site->said);
    subscribe(site);
    publish_message(site, &message);
    turn(site);
    assert_false(site->is_duplicate);
}

static void unlogged_message_has_no_place_in_the_log(void **state)
{
    struct site *site = *state;
    subscribe(site);
    publish_message(site,
                    &(struct broker_message){.payload = slice_of("a"), .is_unlogged = true});
    publish_message(site, &(struct broker_message){.payload = slice_of("b")});
    ask_history(site, 0, 10);
    turn(site);
    EXPECT(&site->said, "publication lobby 0 a", "published 0 ok lobby 0",
           "publication lobby 1 b", "published 0 ok lobby 1", "history ok lobby 1", "  1 b");
}

static void control_comes_back_to_its_own_node(void **state)
{
    struct site *site = *state;
    broker_control(site->broker, "{}", 2, (struct broker_waiter){on_done, site, 7});
    EXPECT_NOTHING(&site->said);
    turn(site);
    EXPECT(&site->said, "control {}", "done 7 ok");
}

static void without_history_publications_have_no_offset(void **state)
{
    struct site *site = *state;
    create_broker(site, 0);
    subscribe(site);
    publish_to(site, "lobby", (struct slice){"a", 1},
               (struct broker_waiter){on_published, site, 1});
    ask_history(site, 0, 10);
    turn(site);
    EXPECT(&site->said, "publication lobby 0 a", "published 1 ok lobby 0",
           "history ok lobby 0");
}

/* ------------------------------------------------------------------------------- history */

static void publish_abc(struct site *site)
{
    publish_unheard(site, "a");
    publish_unheard(site, "b");
    publish_unheard(site, "c");
}

static void history_is_oldest_first(void **state)
{
    struct site *site = *state;
    publish_abc(site);
    ask_history(site, 0, 10);
    turn(site);
    EXPECT(&site->said, "history ok lobby 3", "  1 a", "  2 b", "  3 c");
}

static void history_is_as_it_was_when_asked(void **state)
{
    struct site *site = *state;
    publish_unheard(site, "a");
    ask_history(site, 0, 10);
    publish_unheard(site, "b");
    turn(site);
    EXPECT(&site->said, "history ok lobby 1", "  1 a");
}

static void history_begins_after_an_offset(void **state)
{
    struct site *site = *state;
    publish_abc(site);
    ask_history(site, 1, 10);
    turn(site);
    EXPECT(&site->said, "history ok lobby 3", "  2 b", "  3 c");
}

static void history_after_the_newest_is_empty(void **state)
{
    struct site *site = *state;
    publish_abc(site);
    ask_history(site, 3, 10);
    turn(site);
    EXPECT(&site->said, "history ok lobby 3");
}

static void limited_history_is_the_oldest(void **state)
{
    struct site *site = *state;
    publish_abc(site);
    ask_history(site, 0, 2);
    turn(site);
    EXPECT(&site->said, "history ok lobby 3", "  1 a", "  2 b");
}

static void limited_history_in_reverse_is_the_newest(void **state)
{
    struct site *site = *state;
    publish_abc(site);
    ask_history_back(site, 0, 2);
    turn(site);
    EXPECT(&site->said, "history ok lobby 3", "  3 c", "  2 b");
}

static void history_in_reverse_begins_before_an_offset(void **state)
{
    struct site *site = *state;
    publish_abc(site);
    ask_history_back(site, 3, 10);
    turn(site);
    EXPECT(&site->said, "history ok lobby 3", "  2 b", "  1 a");
}

static void history_of_limit_0_is_where_the_log_stands(void **state)
{
    struct site *site = *state;
    publish_abc(site);
    ask_history(site, 0, 0);
    turn(site);
    EXPECT(&site->said, "history ok lobby 3");
}

static void removed_history_is_gone_and_offsets_go_on(void **state)
{
    struct site *site = *state;
    publish_abc(site);
    broker_history_remove(site->broker, "lobby", (struct broker_waiter){on_done, site, 1});
    publish_unheard(site, "d");
    ask_history(site, 0, 10);
    turn(site);
    EXPECT(&site->said, "done 1 ok", "history ok lobby 4", "  4 d");
}

/* A log in memory loses nothing. */
static void nobody_has_seen_more_than_there_is(void **state)
{
    struct site *site = *state;
    struct broker_position seen = {.offset = 99};
    ask_history(site, 0, 0);
    turn(site);
    strcpy(seen.epoch, site->epoch);
    broker_new_epoch(site->broker, "lobby", &seen, /* is_certain= */ false);
    ask_history(site, 0, 0);
    turn(site);
    assert_string_equal(site->epoch, seen.epoch);
}

static void limited_history_after_an_offset_is_the_oldest(void **state)
{
    struct site *site = *state;
    publish_abc(site);
    ask_history(site, 1, 1);
    turn(site);
    EXPECT(&site->said, "history ok lobby 3", "  2 b");
}

static void log_keeps_the_newest(void **state)
{
    struct site *site = *state;
    publish_abc(site);
    publish_unheard(site, "d");
    ask_history(site, 0, 10);
    turn(site);
    EXPECT(&site->said, "history ok lobby 4", "  2 b", "  3 c", "  4 d");
}

static void log_is_kept_without_subscribers(void **state)
{
    struct site *site = *state;
    subscribe(site);
    publish_unheard(site, "a");
    turn(site);
    broker_unsubscribe(site->broker, "lobby");
    fake_clock_advance(TTL_MS - 1);
    turn(site);
    journal_clear(&site->said);
    ask_history(site, 0, 10);
    turn(site);
    EXPECT(&site->said, "history ok lobby 1", "  1 a");
}

static void log_is_dropped_when_its_time_is_over(void **state)
{
    struct site *site = *state;
    subscribe(site);
    publish_unheard(site, "a");
    turn(site);
    journal_clear(&site->said);
    fake_clock_advance(TTL_MS + 1);
    ask_history(site, 0, 10);
    turn(site);
    EXPECT(&site->said, "history ok lobby 1");
}

/* ------------------------------------------------------------------------------ presence */

static void first_connection_of_a_user_is_told(void **state)
{
    struct site *site = *state;
    subscribe(site);
    join(site, "c1", "alice", /* is_put_back= */ false);
    join(site, "c2", "alice", /* is_put_back= */ false);
    turn(site);
    EXPECT(&site->said, "join lobby alice {} version 1");
}

static void last_connection_of_a_user_is_told(void **state)
{
    struct site *site = *state;
    subscribe(site);
    join(site, "c1", "alice", /* is_put_back= */ false);
    join(site, "c2", "alice", /* is_put_back= */ false);
    turn(site);
    journal_clear(&site->said);
    leave(site, "c1", "alice");
    turn(site);
    EXPECT_NOTHING(&site->said);
    leave(site, "c2", "alice");
    turn(site);
    EXPECT(&site->said, "leave lobby alice {} version 2");
}

static void member_that_is_put_back_and_is_there_is_not_told(void **state)
{
    struct site *site = *state;
    subscribe(site);
    join(site, "c1", "alice", /* is_put_back= */ false);
    turn(site);
    journal_clear(&site->said);
    join(site, "c1", "alice", /* is_put_back= */ true);
    ask_members(site, 10);
    turn(site);
    EXPECT(&site->said, "members lobby version 1", "  alice {}");
}

/* --------------------------------------------------------------------------- the grace */

enum { GRACE_MS = 5000 };

static void join_and_leave_with_grace(struct site *site, const char *user)
{
    site->policy.presence_grace_ms = GRACE_MS;
    subscribe(site);
    join(site, "c1", user, /* is_put_back= */ false);
    leave(site, "c1", user);
    turn(site);
    journal_clear(&site->said);
}

static void leave_is_told_when_the_grace_is_over(void **state)
{
    struct site *site = *state;
    join_and_leave_with_grace(site, "alice");
    fake_clock_advance(GRACE_MS - 1);
    turn(site);
    EXPECT_NOTHING(&site->said);
    fake_clock_advance(1);
    turn(site);
    turn(site);
    EXPECT(&site->said, "leave lobby alice {} version 2");
}

static void who_is_back_within_the_grace_has_not_been_away(void **state)
{
    struct site *site = *state;
    join_and_leave_with_grace(site, "alice");
    fake_clock_advance(GRACE_MS - 1);
    join(site, "c2", "alice", /* is_put_back= */ false);
    fake_clock_advance(GRACE_MS);
    turn(site);
    turn(site);
    EXPECT_NOTHING(&site->said);
}

static void who_is_in_the_grace_is_listed_and_counted(void **state)
{
    struct site *site = *state;
    join_and_leave_with_grace(site, "alice");
    ask_members(site, 10);
    turn(site);
    EXPECT(&site->said, "members lobby version 1", "  alice {}");
    assert_int_equal(site->user_count, 1);
    assert_int_equal(site->connection_count, 0);
}

static void nameless_users_have_no_grace(void **state)
{
    struct site *site = *state;
    site->policy.presence_grace_ms = GRACE_MS;
    subscribe(site);
    join(site, "c1", "", /* is_put_back= */ false);
    leave(site, "c1", "");
    turn(site);
    EXPECT(&site->said, "join lobby  {} version 1", "leave lobby  {} version 2");
}

static void each_connection_is_told_where_the_policy_says_so(void **state)
{
    struct site *site = *state;
    site->policy.presence_grace_ms = GRACE_MS;
    site->policy.is_each_connection_told = true;
    subscribe(site);
    join(site, "c1", "alice", /* is_put_back= */ false);
    join(site, "c2", "alice", /* is_put_back= */ false);
    leave(site, "c1", "alice");
    leave(site, "c2", "alice");
    turn(site);
    EXPECT(&site->said, "join lobby alice {} version 1", "join lobby alice {} version 2",
           "leave lobby alice {} version 3", "leave lobby alice {} version 4");
}

static void connection_that_joins_twice_counts_once(void **state)
{
    struct site *site = *state;
    subscribe(site);
    join(site, "c1", "alice", /* is_put_back= */ false);
    join(site, "c1", "alice", /* is_put_back= */ false);
    leave(site, "c1", "alice");
    turn(site);
    EXPECT(&site->said, "join lobby alice {} version 1", "leave lobby alice {} version 2");
}

static void connection_that_leaves_twice_counts_once(void **state)
{
    struct site *site = *state;
    subscribe(site);
    join(site, "c1", "alice", /* is_put_back= */ false);
    join(site, "c2", "alice", /* is_put_back= */ false);
    leave(site, "c1", "alice");
    leave(site, "c1", "alice");
    turn(site);
    EXPECT(&site->said, "join lobby alice {} version 1");
}

static void who_never_joined_does_not_leave(void **state)
{
    struct site *site = *state;
    subscribe(site);
    leave(site, "c1", "alice");
    turn(site);
    EXPECT_NOTHING(&site->said);
}

static void members_are_connections(void **state)
{
    struct site *site = *state;
    join(site, "c1", "alice", /* is_put_back= */ false);
    join(site, "c2", "bob", /* is_put_back= */ false);
    join(site, "c3", "alice", /* is_put_back= */ false);
    ask_members(site, 10);
    turn(site);
    EXPECT(&site->said, "members lobby version 2", "  alice {}", "  bob {}", "  alice {}");
}

static void members_are_counted_as_users_and_connections(void **state)
{
    struct site *site = *state;
    join(site, "c1", "alice", /* is_put_back= */ false);
    join(site, "c2", "bob", /* is_put_back= */ false);
    join(site, "c3", "alice", /* is_put_back= */ false);
    ask_members(site, 0);
    turn(site);
    EXPECT(&site->said, "members lobby version 2");
    assert_int_equal(site->connection_count, 3);
    assert_int_equal(site->user_count, 2);
}

static void members_are_limited(void **state)
{
    struct site *site = *state;
    join(site, "c1", "alice", /* is_put_back= */ false);
    join(site, "c2", "bob", /* is_put_back= */ false);
    ask_members(site, 1);
    turn(site);
    EXPECT(&site->said, "members lobby version 2", "  alice {}");
}

static void members_of_channels_are_kept_apart(void **state)
{
    struct site *site = *state;
    const struct broker_member member = {"c1", "alice", "{}", 0};
    broker_join(site->broker, "elsewhere", &member, false,
                (struct broker_waiter){.on_reply = NULL});
    ask_members(site, 10);
    turn(site);
    EXPECT(&site->said, "members lobby version 0");
}

static void members_of_a_channel_nobody_subscribed_are_kept(void **state)
{
    struct site *site = *state;
    join(site, "c1", "alice", /* is_put_back= */ false);
    turn(site);
    fake_clock_advance(10 * TTL_MS);
    turn(site);
    ask_members(site, 10);
    turn(site);
    EXPECT(&site->said, "members lobby version 1", "  alice {}");
}

/* -------------------------------------------------------------------------------- names */

static void channel_that_nobody_needs_is_forgotten(void **state)
{
    struct site *site = *state;
    char first[BROKER_EPOCH_BYTES];
    ask_history(site, 0, 10);
    turn(site);
    strcpy(first, site->epoch);
    fake_clock_advance(10 * TTL_MS);
    turn(site);
    ask_history(site, 0, 10);
    turn(site);
    assert_string_not_equal(site->epoch, first);
}

/* Asked for by a callback, answered a turn later: in between the channel may be forgotten,
 * which the sanitizer would notice. */
static void forgotten_channel_is_answered_for(void **state)
{
    struct site *site = *state;
    turn(site);
    fake_clock_advance(10 * TTL_MS);
    site->asks_when_told = true;
    broker_subscribe(site->broker, "elsewhere");
    turn(site);
    turn(site);
    EXPECT(&site->said, "subscribed elsewhere", "history ok lobby 0");
}

/* Names are chosen by strangers: those that were only asked about go, however long messages
 * would be kept. */
static void names_without_messages_leave_no_memory_behind(void **state)
{
    enum { NAMES = 2000, ROUNDS = 10, HEAP_NOISE = 65536 /* tables that have grown */ };
    struct site *site = *state;
    size_t first_round = 0;
    char name[32];
    site->policy.history_ttl_ms = INT64_C(365) * 24 * 3600 * 1000;
    for (int i = 0; i < NAMES * ROUNDS; i++) {
        (void)snprintf(name, sizeof(name), "name-%d", i);
        broker_subscribe(site->broker, name);
        broker_unsubscribe(site->broker, name);
        fake_clock_advance(30);
        turn(site);
        journal_clear(&site->said);
        if (i == NAMES)
            first_round = heap_bytes();
    }
    assert_in_range(heap_bytes(), 0, first_round + HEAP_NOISE);
}

static void channel_that_is_asked_for_again_soon_is_the_same(void **state)
{
    struct site *site = *state;
    char first[BROKER_EPOCH_BYTES];
    ask_history(site, 0, 10);
    turn(site);
    strcpy(first, site->epoch);
    fake_clock_advance(TTL_MS / 10);
    turn(site);
    ask_history(site, 0, 10);
    turn(site);
    assert_string_equal(site->epoch, first);
}

static void key_is_forgotten_to_the_moment(void **state)
{
    struct site *site = *state;
    const struct broker_message message = {.payload = slice_of("a"), .key = "k", .digest = "d"};
    publish_message(site, &message);
    turn(site);
    fake_clock_advance(BROKER_KEY_TTL_MS);
    publish_message(site, &message);
    turn(site);
    assert_false(site->is_duplicate);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(nothing_is_answered_from_inside_the_call),
        TEST(all_is_answered_in_order_at_the_next_turn),
        TEST(each_request_is_answered_once),
        TEST(what_a_callback_asks_is_answered_a_turn_later),
        TEST(nobody_need_wait_for_an_answer),
        TEST(broker_is_idle_when_all_is_answered),
        TEST(broker_is_always_ready),
        TEST(broker_may_end_before_its_answers),
        TEST(publications_come_in_the_order_they_went),
        TEST(publication_comes_to_subscribed_channels_only),
        TEST(publication_does_not_come_after_the_channel_is_unsubscribed),
        TEST(offsets_of_channels_are_counted_apart),
        TEST(offsets_go_on_after_an_unsubscription),
        TEST(publication_is_whatever_bytes_it_is),
        TEST(epoch_is_the_same_wherever_it_is_said),
        TEST(message_with_a_key_is_published_once),
        TEST(key_that_was_used_for_something_else_is_a_conflict),
        TEST(key_is_forgotten_when_its_time_is_over),
        TEST(unlogged_message_has_no_place_in_the_log),
        TEST(control_comes_back_to_its_own_node),
        TEST(without_history_publications_have_no_offset),
        TEST(history_is_oldest_first),
        TEST(history_is_as_it_was_when_asked),
        TEST(history_begins_after_an_offset),
        TEST(history_after_the_newest_is_empty),
        TEST(limited_history_is_the_oldest),
        TEST(limited_history_in_reverse_is_the_newest),
        TEST(history_in_reverse_begins_before_an_offset),
        TEST(history_of_limit_0_is_where_the_log_stands),
        TEST(removed_history_is_gone_and_offsets_go_on),
        TEST(nobody_has_seen_more_than_there_is),
        TEST(limited_history_after_an_offset_is_the_oldest),
        TEST(log_keeps_the_newest),
        TEST(log_is_kept_without_subscribers),
        TEST(log_is_dropped_when_its_time_is_over),
        TEST(first_connection_of_a_user_is_told),
        TEST(last_connection_of_a_user_is_told),
        TEST(member_that_is_put_back_and_is_there_is_not_told),
        TEST(leave_is_told_when_the_grace_is_over),
        TEST(who_is_back_within_the_grace_has_not_been_away),
        TEST(who_is_in_the_grace_is_listed_and_counted),
        TEST(nameless_users_have_no_grace),
        TEST(each_connection_is_told_where_the_policy_says_so),
        TEST(connection_that_joins_twice_counts_once),
        TEST(connection_that_leaves_twice_counts_once),
        TEST(who_never_joined_does_not_leave),
        TEST(members_are_connections),
        TEST(members_are_counted_as_users_and_connections),
        TEST(members_are_limited),
        TEST(members_of_channels_are_kept_apart),
        TEST(members_of_a_channel_nobody_subscribed_are_kept),
        TEST(channel_that_nobody_needs_is_forgotten),
        TEST(forgotten_channel_is_answered_for),
        TEST(names_without_messages_leave_no_memory_behind),
        TEST(channel_that_is_asked_for_again_soon_is_the_same),
        TEST(key_is_forgotten_to_the_moment),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "memory_broker");
}
