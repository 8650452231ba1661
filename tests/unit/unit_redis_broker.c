/*
 * Tests of the broker on Redis as a whole: what is asked of Redis, what becomes of its answers,
 * of none, and of those that cannot be. The links are fake_link's, time is fake_clock's.
 */
#include "broker.h"
#include "clock.h"
#include "fake_clock.h"
#include "fake_link.h"
#include "fake_loop.h"
#include "journal.h"
#include "mem.h"
#include "metrics.h"
#include "redis_broker.h"
#include "redis_script.h"
#include "replies.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TTL_MS = 8000, RENEW_MS = 2000, RULES_MAX = 16, LINE_BYTES = 400, STEP_MS = 100 };

/* What Redis answers to commands that begin so. */
struct rule {
    const char *begin;
    const char *reply;
};

struct site {
    struct rule rules[RULES_MAX];
    size_t rule_count;
    struct journal asked; /* but for the lease, probes and looks */
    struct journal told;
    struct broker_policy policy;
    struct redis_broker_options options;
    struct broker *broker;
    struct redis_link *commands;
    struct redis_link *subscriber;
    int64_t generation;
    redisReply last; /* the answer given last, for as long as it is needed */
    bool is_reaped;  /* the dead node's set is empty */
};

static const char *const script_names[SCRIPT_COUNT] = {
    [SCRIPT_PUBLISH] = "publish",
    [SCRIPT_HISTORY] = "history",
    [SCRIPT_HISTORY_REMOVE] = "history_remove",
    [SCRIPT_NEW_EPOCH] = "new_epoch",
    [SCRIPT_JOIN] = "join",
    [SCRIPT_LEAVE] = "leave",
    [SCRIPT_LEAVE_DUE] = "leave_due",
    [SCRIPT_MEMBERS] = "members",
    [SCRIPT_MEMBERS_CHECK] = "members_check",
    [SCRIPT_LEASE] = "lease",
    [SCRIPT_RELEASE] = "release",
    [SCRIPT_FILE_RESERVE] = "file_reserve",
    [SCRIPT_FILE_APPEND] = "file_append",
};

/* VERB KEY ..., or SCRIPT KEY ... */
static void print_command(const struct fake_command *command, char line[LINE_BYTES])
{
    int script = fake_link_script(command);
    size_t first = script >= 0 ? 3 : 1;
    size_t length = (size_t)snprintf(line, LINE_BYTES, "%s",
                                     script >= 0 ? script_names[script] : command->parts[0]);
    for (size_t i = first; i < command->part_count && length < LINE_BYTES; i++)
        length +=
            (size_t)snprintf(line + length, LINE_BYTES - length, " %s", command->parts[i]);
}

static bool is_usual(const char *line)
{
    return strncmp(line, "lease ", 6) == 0 || strncmp(line, "ZRANGE p:nodes", 14) == 0 ||
           strncmp(line, "ZADD p:nodes", 12) == 0 ||
           strcmp(line, "PUBLISH p:node:n1 probe") == 0;
}

/* NULL: Redis says 1. */
static const char *reply_to(struct site *site, const char *line)
{
    static char lease[64];
    site->is_reaped |= strncmp(line, "SREM p:node:n2:3:members c", 26) == 0;
    if (site->is_reaped && strncmp(line, "SRANDMEMBER", 11) == 0)
        return "[]";
    for (size_t i = site->rule_count; i > 0; i--) {
        if (strncmp(line, site->rules[i - 1].begin, strlen(site->rules[i - 1].begin)) == 0)
            return site->rules[i - 1].reply;
    }
    (void)snprintf(lease, sizeof(lease), "[1,%lld,%lld]", (long long)site->generation,
                   (long long)clock_now_ms());
    if (strncmp(line, "lease ", 6) == 0)
        return lease;
    return strncmp(line, "ZRANGE", 6) == 0 ? "[]" : NULL;
}

static void on_command(void *context, const struct fake_command *command, redisReply *reply)
{
    struct site *site = context;
    char line[LINE_BYTES];
    print_command(command, line);
    if (!is_usual(line))
        journal_add(&site->asked, "%s", line);
    const char *json = reply_to(site, line);
    if (!json)
        return;
    replies_finish(&site->last);
    replies_parse(json, &site->last);
    *reply = site->last;
}

/* The newest rule counts. */
static void answer_with(struct site *site, const char *begin, const char *reply)
{
    assert_true(site->rule_count < RULES_MAX);
    site->rules[site->rule_count++] = (struct rule){begin, reply};
}

static void pass(struct site *site, int64_t ms)
{
    for (; ms > 0; ms -= STEP_MS) {
        fake_loop_advance(STEP_MS);
        fake_link_answer_all(site->commands);
    }
}

/* ------------------------------------------------------------------------ what is told */

static void on_subscribed(void *context, const char *channel)
{
    journal_add(&((struct site *)context)->told, "subscribed %s", channel);
}

static void on_publication(void *context, const char *channel, const char *epoch,
                           struct publication *publication)
{
    struct slice payload = publication_payload(publication);
    journal_add(&((struct site *)context)->told, "publication %s %s %llu %.*s", channel, epoch,
                (unsigned long long)publication->offset, (int)payload.length,
                (const char *)payload.bytes);
}

static void on_presence(void *context, const char *channel,
                        const struct broker_presence *change)
{
    static const char *const names[] = {
        [BROKER_JOIN] = "join", [BROKER_LEAVE] = "leave", [BROKER_SYNC] = "sync"};
    journal_add(&((struct site *)context)->told, "%s %s %s %llu", names[change->kind], channel,
                change->user, (unsigned long long)change->version);
}

static void on_history_removed(void *context, const char *channel)
{
    struct site *site = context;
    journal_add(&site->told, "removed %s", channel);
}

static void on_members_lost(void *context)
{
    journal_add(&((struct site *)context)->told, "members lost");
}

static void on_control(void *context, const char *bytes, size_t length)
{
    journal_add(&((struct site *)context)->told, "control %.*s", (int)length, bytes);
}

static void on_name_taken(void *context)
{
    journal_add(&((struct site *)context)->told, "name taken");
}

static const char *status_of(enum broker_status status)
{
    static const char *const names[] = {[BROKER_OK] = "ok",
                                        [BROKER_UNAVAILABLE] = "unavailable",
                                        [BROKER_UNKNOWN] = "unknown",
                                        [BROKER_REFUSED] = "refused"};
    return names[status];
}

static void on_reply(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct site *site = owner;
    (void)tag;
    journal_add(&site->told, "%s%s%s offset %llu epoch %s", status_of(reply->status),
                reply->is_duplicate ? " duplicate" : "", reply->is_conflict ? " conflict" : "",
                (unsigned long long)reply->offset, reply->epoch ? reply->epoch : "");
    for (size_t i = 0; i < reply->publication_count; i++) {
        struct slice payload = publication_payload(reply->publications[i]);
        journal_add(&site->told, "%llu %.*s",
                    (unsigned long long)reply->publications[i]->offset, (int)payload.length,
                    (const char *)payload.bytes);
    }
}

static void on_listed(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct site *site = owner;
    (void)tag;
    journal_add(&site->told, "%s version %llu connections %llu users %llu total %zu",
                status_of(reply->status), (unsigned long long)reply->version,
                (unsigned long long)reply->connection_count,
                (unsigned long long)reply->user_count, reply->channel_total);
    for (size_t i = 0; i < reply->member_count; i++)
        journal_add(&site->told, "%s %s %s", reply->members[i].client, reply->members[i].user,
                    reply->members[i].info);
    for (size_t i = 0; i < reply->channel_count; i++)
        journal_add(&site->told, "%s %llu", reply->channels[i].name,
                    (unsigned long long)reply->channels[i].connection_count);
    for (size_t i = 0; i < reply->node_count; i++)
        journal_add(&site->told, "%s %s %llu", reply->nodes[i].name, reply->nodes[i].version,
                    (unsigned long long)reply->nodes[i].connection_count);
}

static void on_file(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct site *site = owner;
    (void)tag;
    journal_add(&site->told, "%s%s%s %.*s", status_of(reply->status),
                reply->is_taken ? " taken" : "", reply->is_share_full ? " share full" : "",
                (int)reply->piece.length,
                reply->piece.length ? (const char *)reply->piece.bytes : "");
}

/* ------------------------------------------------------------------------------- set-up */

static const struct broker_policy *find_policy(void *context, const char *channel)
{
    (void)channel;
    return context;
}

static int set_up(void **state)
{
    struct site *site = calloc(1, sizeof(*site));
    site->generation = 7;
    site->policy = (struct broker_policy){.history_size = 10, .history_ttl_ms = 1000};
    site->options = (struct redis_broker_options){.prefix = "p",
                                                  .node = "n1",
                                                  .address = "",
                                                  .timeout_ms = 1000,
                                                  .lease_ttl_ms = TTL_MS,
                                                  .lease_renew_ms = RENEW_MS,
                                                  .policies = {find_policy, &site->policy}};
    fake_link_serve(on_command, site);
    site->broker = redis_broker_create(NULL, &site->options);
    site->commands = fake_link_made(/* is_subscriber= */ false);
    site->subscriber = fake_link_made(/* is_subscriber= */ true);
    broker_set_events(site->broker,
                      &(struct broker_events){.context = site,
                                              .on_subscribed = on_subscribed,
                                              .on_publication = on_publication,
                                              .on_presence = on_presence,
                                              .on_history_removed = on_history_removed,
                                              .on_members_lost = on_members_lost,
                                              .on_control = on_control,
                                              .on_name_taken = on_name_taken});
    fake_link_come_up(site->commands);
    fake_link_come_up(site->subscriber);
    fake_link_subscribed(site->subscriber, "p:control");
    fake_link_answer_all(site->commands);
    journal_clear(&site->told);
    journal_clear(&site->asked);
    *state = site;
    return 0;
}

static int tear_down(void **state)
{
    struct site *site = *state;
    broker_destroy(site->broker);
    replies_finish(&site->last);
    journal_clear(&site->told);
    journal_clear(&site->asked);
    free(site);
    return 0;
}

static struct broker_waiter waiter_of(struct site *site)
{
    return (struct broker_waiter){on_reply, site, 0};
}

static void publish(struct site *site, const char *text, const char *key)
{
    struct broker_message message = {.payload = slice_of(text), .key = key, .digest = "d"};
    broker_publish(site->broker, "lobby", &message, waiter_of(site));
}

static void listen_to(struct site *site, const char *channel, const char *pubsub)
{
    broker_subscribe(site->broker, channel);
    broker_turn(site->broker);
    fake_link_subscribed(site->subscriber, pubsub);
    broker_turn(site->broker);
    journal_clear(&site->told);
}

/* -------------------------------------------------------------------------- publications */

static void publish_is_answered_with_its_place(void **state)
{
    struct site *site = *state;
    answer_with(site, "publish", "[5,\"e1\",0]");
    publish(site, "1", NULL);
    EXPECT_NOTHING(&site->told); /* never from inside the call */
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "ok offset 5 epoch e1");
}

static void publish_without_a_log_or_a_key_is_a_plain_one(void **state)
{
    struct site *site = *state;
    site->policy.history_size = 0;
    publish(site, "1", NULL);
    fake_link_answer_all(site->commands);
    EXPECT(&site->asked, "PUBLISH p:{lobby} p 0 - 0\n1");
    EXPECT(&site->told, "ok offset 0 epoch ");
}

static void key_that_was_used_is_said(void **state)
{
    struct site *site = *state;
    answer_with(site, "publish", "[5,\"e1\",1]");
    publish(site, "1", "k");
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "ok duplicate offset 5 epoch e1");
    answer_with(site, "publish", "[5,\"e1\",2]");
    publish(site, "2", "k");
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "ok conflict offset 5 epoch e1");
}

static void publish_that_gets_no_answer_is_unknown(void **state)
{
    struct site *site = *state;
    publish(site, "1", NULL);
    fake_link_lose_all(site->commands);
    EXPECT(&site->told, "unknown offset 0 epoch ");
}

static void publish_while_redis_is_away_was_not_done(void **state)
{
    struct site *site = *state;
    fake_link_go_down(site->commands);
    publish(site, "1", NULL);
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "unavailable offset 0 epoch ");
    EXPECT_NOTHING(&site->asked);
}

static void publish_that_redis_refuses_is_refused(void **state)
{
    struct site *site = *state;
    answer_with(site, "publish", "{\"error\":\"OOM\"}");
    publish(site, "1", NULL);
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "refused offset 0 epoch ");
}

static void ack_that_cannot_be_is_no_ack(void **state)
{
    struct site *site = *state;
    answer_with(site, "publish", "[-1,\"e1\",0]");
    publish(site, "1", NULL);
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "unknown offset 0 epoch ");
}

static void ack_of_another_shape_ends_the_link(void **state)
{
    struct site *site = *state;
    answer_with(site, "publish", "[1]");
    publish(site, "1", NULL);
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "unknown offset 0 epoch ");
    assert_string_equal(fake_link_why_restarted(site->commands), "publish.lua");
}

static void script_that_redis_has_forgotten_is_sent_whole(void **state)
{
    struct site *site = *state;
    answer_with(site, "publish", "{\"error\":\"NOSCRIPT No matching script\"}");
    answer_with(site, "EVAL ", "[6,\"e1\",0]");
    publish(site, "1", NULL);
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "ok offset 6 epoch e1");
}

static void more_than_may_wait_is_put_off(void **state)
{
    struct site *site = *state;
    fake_link_set_room(site->commands, false);
    publish(site, "1", NULL);
    broker_history(site->broker, "lobby", &(struct broker_range){.limit = 10}, waiter_of(site));
    EXPECT_NOTHING(&site->told);
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "unavailable offset 0 epoch ", "refused offset 0 epoch ");
    EXPECT_NOTHING(&site->asked);
}

static void publication_of_a_channel_is_passed_on(void **state)
{
    struct site *site = *state;
    listen_to(site, "lobby", "p:{lobby}");
    fake_link_hear(site->subscriber, "p:{lobby}", "p 3 e1 0\n{\"a\":1}");
    fake_link_hear(site->subscriber, "p:{other}", "p 3 e1 0\n1");
    EXPECT(&site->told, "publication lobby e1 3 {\"a\":1}");
}

static void message_that_no_node_sends_is_passed_over(void **state)
{
    struct site *site = *state;
    listen_to(site, "lobby", "p:{lobby}");
    fake_link_hear(site->subscriber, "p:{lobby}", "something");
    fake_link_hear(site->subscriber, "p:{lobby}", "p 3 e1 0\nno json");
    EXPECT_NOTHING(&site->told);
}

static void presence_of_a_channel_is_passed_on(void **state)
{
    struct site *site = *state;
    listen_to(site, "lobby", "p:{lobby}");
    fake_link_hear(site->subscriber, "p:{lobby}", "j 4 1\nann\nc1\n{}");
    fake_link_hear(site->subscriber, "p:{lobby}", "l 5 0\nann\nc1\n{}");
    EXPECT(&site->told, "join lobby ann 4", "leave lobby ann 5");
}

/* ------------------------------------------------------------------------------- history */

static void history_is_read(struct site *site, const struct broker_range *range)
{
    broker_history(site->broker, "lobby", range, waiter_of(site));
    fake_link_answer_all(site->commands);
}

static void history_is_listed_as_it_is_kept(void **state)
{
    struct site *site = *state;
    answer_with(site, "history",
                "[\"e1\",7,[[\"6-0\",[\"d\",\"1\"]],[\"7-0\",[\"d\",\"2\",\"i\",\"{}\"]]],\"e0 "
                "5 \",3]");
    history_is_read(site, &(struct broker_range){.limit = 10});
    EXPECT(&site->told, "ok offset 7 epoch e1", "6 1", "7 2");
}

static void entry_that_is_no_publication_is_left_out(void **state)
{
    struct site *site = *state;
    answer_with(site, "history",
                "[\"e1\",7,[[\"5-0\",[\"d\"]],[\"6-0\",[\"d\",\"no "
                "json\"]],[\"7-0\",[\"d\",\"2\"]]],\"\",0]");
    history_is_read(site, &(struct broker_range){.limit = 10});
    EXPECT(&site->told, "ok offset 7 epoch e1", "7 2");
}

static void log_that_cannot_be_is_refused(void **state)
{
    struct site *site = *state;
    answer_with(site, "history", "[\"no epoch!\",7,[],\"\",0]");
    history_is_read(site, &(struct broker_range){.limit = 10});
    EXPECT(&site->told, "refused offset 0 epoch ");
    answer_with(site, "history", "[\"e1\",-7,[],\"\",0]");
    history_is_read(site, &(struct broker_range){.limit = 10});
    EXPECT(&site->told, "refused offset 0 epoch ");
}

static void history_that_redis_refuses_is_refused(void **state)
{
    struct site *site = *state;
    answer_with(site, "history", "{\"error\":\"WRONGTYPE\"}");
    history_is_read(site, &(struct broker_range){.limit = 10, .begins_log = true});
    EXPECT(&site->told, "refused offset 0 epoch ");
}

static bool was_asked(const struct site *site, const char *begin)
{
    for (size_t i = 0; i < site->asked.count; i++) {
        if (strncmp(site->asked.lines[i], begin, strlen(begin)) == 0)
            return true;
    }
    return false;
}

static void removal_is_handed_on(void **state)
{
    struct site *site = *state;
    listen_to(site, "lobby", "p:{lobby}");
    fake_link_hear(site->subscriber, "p:{lobby}", "r 3\n");
    EXPECT(&site->told, "removed lobby");
}

/* A day without a message: the next one is to be the next of the same log. */
static void meta_lives_as_long_as_the_node_listens(void **state)
{
    enum { HOURS = 7, HOUR_MS = 3600 * 1000, MINUTE_MS = 60000 };
    struct site *site = *state;
    listen_to(site, "lobby", "p:{lobby}");
    for (int ms = 0; ms < HOURS * HOUR_MS; ms += MINUTE_MS) {
        fake_loop_advance(MINUTE_MS);
        fake_link_answer_all(site->commands);
    }
    assert_true(was_asked(site, "PEXPIRE p:{lobby}:meta 86400000"));
}

static void log_is_removed_and_renamed(void **state)
{
    struct site *site = *state;
    broker_history_remove(site->broker, "lobby", waiter_of(site));
    broker_new_epoch(site->broker, "lobby", &(struct broker_position){7, "e1"},
                     /* is_certain= */ true);
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "ok offset 0 epoch ");
    assert_int_equal(site->asked.count, 2);
    assert_string_equal(site->asked.lines[0],
                        "history_remove p:{lobby}:log p:{lobby}:meta p:{lobby}");
    assert_memory_equal(site->asked.lines[1], "new_epoch p:{lobby}:meta e1 7 ", 30);
}

/* ------------------------------------------------------------------------------ presence */

static void members_of_dead_nodes_are_left_out(void **state)
{
    struct site *site = *state;
    answer_with(site, "ZRANGE p:nodes", "[\"n2:3\",\"999999999999999\",\"n3:1\",\"1\"]");
    answer_with(site, "members",
                "[9,3,2,"
                "[\"c1\",\"{\\\"generation\\\":3,\\\"node\\\":\\\"n2\\\",\\\"since\\\":1,"
                "\\\"user\\\":\\\"ann\\\",\\\"info\\\":{}}\","
                "\"c2\",\"{\\\"generation\\\":1,\\\"node\\\":\\\"n3\\\",\\\"since\\\":1,"
                "\\\"user\\\":\\\"bob\\\",\\\"info\\\":{}}\","
                "\"c3\",\"no json\"],"
                "[\"eve\",\"c4 "
                "{\\\"generation\\\":1,\\\"node\\\":\\\"n3\\\",\\\"since\\\":1,\\\"user\\\":"
                "\\\"eve\\\",\\\"info\\\":{}}\","
                "\"tom\",\"c5\"]]");
    broker_members(site->broker, "lobby", 10, (struct broker_waiter){on_listed, site, 0});
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "ok version 9 connections 3 users 2 total 0", "c1 ann {}", "c4 eve {}");
}

static void members_without_an_answer_are_not_known(void **state)
{
    struct site *site = *state;
    broker_members(site->broker, "lobby", 0, (struct broker_waiter){on_listed, site, 0});
    fake_link_lose_all(site->commands);
    EXPECT(&site->told, "unknown version 0 connections 0 users 0 total 0");
}

static void join_is_said_and_leave_after_it(void **state)
{
    struct site *site = *state;
    const struct broker_member member = {"c1", "ann", "{}", clock_now_ms()};
    broker_join(site->broker, "lobby", &member, false, waiter_of(site));
    broker_leave(site->broker, "lobby", &member);
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "ok offset 0 epoch ");
    assert_int_equal(site->asked.count, 4);
    assert_string_equal(site->asked.lines[0], "SADD p:node:n1:7:members c1 lobby");
    assert_memory_equal(site->asked.lines[1], "join ", 5);
    assert_memory_equal(site->asked.lines[2], "leave ", 6);
    assert_string_equal(site->asked.lines[3], "SREM p:node:n1:7:members c1 lobby");
}

static void join_that_comes_too_late_for_the_lease_is_none(void **state)
{
    struct site *site = *state;
    const struct broker_member member = {"c1", "ann", "{}", clock_now_ms()};
    answer_with(site, "join", "-2");
    broker_join(site->broker, "lobby", &member, true, waiter_of(site));
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "unavailable offset 0 epoch ");
    assert_string_equal(site->asked.lines[2], "SREM p:node:n1:7:members c1 lobby");
}

/* -------------------------------------------------------------------------- the cluster */

static void channels_are_listed_with_their_members(void **state)
{
    struct site *site = *state;
    answer_with(site, "PUBSUB CHANNELS p:{*}", "[\"p:{a1}\",\"p:{b}\",\"p:{a2}\",\"p\"]");
    answer_with(site, "HLEN p:{a1}:members", "3");
    broker_channels(site->broker, "a*", 1, (struct broker_waiter){on_listed, site, 0});
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "ok version 0 connections 0 users 0 total 2", "a1 3");
}

static void no_channel_at_all_is_an_answer(void **state)
{
    struct site *site = *state;
    answer_with(site, "PUBSUB", "[\"p:{b}\"]");
    broker_channels(site->broker, "a*", 1, (struct broker_waiter){on_listed, site, 0});
    fake_link_answer_all(site->commands);
    answer_with(site, "PUBSUB", "[]");
    broker_channels(site->broker, "*", 1, (struct broker_waiter){on_listed, site, 0});
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "ok version 0 connections 0 users 0 total 0",
           "ok version 0 connections 0 users 0 total 0");
}

static void nodes_are_those_with_a_lease(void **state)
{
    struct site *site = *state;
    answer_with(site, "ZREVRANGE p:nodes", "[\"n2:3\",\"n2:2\",\"n3:1\"]");
    answer_with(
        site, "HGETALL p:node:n2",
        "[\"version\",\"1.2\",\"connections\",\"5\",\"users\",\"4\",\"subscriptions\",\"6\","
        "\"channels\",\"2\",\"started\",\"9\",\"other\",\"x\"]");
    answer_with(site, "HGETALL p:node:n3", "[]");
    broker_nodes(site->broker, (struct broker_waiter){on_listed, site, 0});
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "ok version 0 connections 0 users 0 total 0", "n2 1.2 5");
}

static void order_reaches_this_node_too(void **state)
{
    struct site *site = *state;
    broker_control(site->broker, "{}", 2, waiter_of(site));
    fake_link_answer_all(site->commands);
    fake_link_hear(site->subscriber, "p:control", "{}");
    EXPECT(&site->asked, "PUBLISH p:control {}");
    EXPECT(&site->told, "ok offset 0 epoch ", "control {}");
}

/* --------------------------------------------------------------------------------- files */

static const struct broker_file file = {.id = "f1",
                                        .bytes = 10,
                                        .ttl_ms = 1000,
                                        .bytes_of_all = 99,
                                        .owner = "a:1",
                                        .bytes_of_one = 50};

static struct broker_waiter file_waiter(struct site *site)
{
    return (struct broker_waiter){on_file, site, 0};
}

static void file_is_kept_piece_by_piece(void **state)
{
    struct site *site = *state;
    broker_file_reserve(site->broker, &file, false, file_waiter(site));
    broker_file_append(site->broker, &file, 0, slice_of("01234"), file_waiter(site));
    broker_file_append(site->broker, &file, 5, slice_of("56789"), file_waiter(site));
    answer_with(site, "GETRANGE p:file:f1 5 9", "\"56789\"");
    broker_file_read(site->broker, "f1", 5, 5, file_waiter(site));
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "ok taken ", "ok taken ", "ok taken ", "ok 56789");
}

static void file_without_room_is_not_taken(void **state)
{
    struct site *site = *state;
    answer_with(site, "file_reserve", "2");
    broker_file_reserve(site->broker, &file, true, file_waiter(site));
    answer_with(site, "file_append", "{\"error\":\"OOM\"}");
    broker_file_append(site->broker, &file, 0, slice_of("x"), file_waiter(site));
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "ok share full ", "refused ");
}

static void file_that_is_removed_gives_its_room_back(void **state)
{
    struct site *site = *state;
    broker_file_remove(site->broker, &file);
    fake_link_answer_all(site->commands);
    assert_string_equal(site->asked.lines[0], "DEL p:file:f1");
    assert_memory_equal(site->asked.lines[1], "file_reserve p:files f1 65536 ", 30);
}

/* ----------------------------------------------------------------- links and the lease */

static void node_is_ready_when_all_of_it_works(void **state)
{
    struct site *site = *state;
    const char *reason = NULL;
    assert_true(broker_is_ready(site->broker, &reason));
    fake_link_go_down(site->subscriber);
    assert_false(broker_is_ready(site->broker, &reason));
    assert_string_equal(reason, "no connection to Redis for subscriptions");
    fake_link_go_down(site->commands);
    assert_false(broker_is_ready(site->broker, &reason));
    assert_string_equal(reason, "no connection to Redis for commands");
}

static void lease_that_is_not_renewed_is_not_held(void **state)
{
    struct site *site = *state;
    const char *reason = NULL;
    for (int i = 0; i < TTL_MS / STEP_MS + 1; i++) {
        fake_loop_advance(STEP_MS);
        fake_link_lose_all(site->commands);
    }
    fake_link_hear(site->subscriber, "p:node:n1", "1");
    assert_false(broker_is_ready(site->broker, &reason));
    assert_string_equal(reason, "the node's lease is not held");
}

static void members_are_put_back_under_a_new_lease(void **state)
{
    struct site *site = *state;
    answer_with(site, "lease", "[2,8,1000]");
    pass(site, RENEW_MS);
    EXPECT(&site->told, "members lost");
}

static void members_are_put_back_when_the_link_was_away(void **state)
{
    struct site *site = *state;
    fake_link_go_down(site->commands);
    fake_link_come_up(site->commands);
    fake_link_answer_all(site->commands);
    EXPECT(&site->told, "members lost");
}

static void name_that_another_process_goes_on_renewing_is_taken(void **state)
{
    struct site *site = *state;
    answer_with(site, "lease", "[0,0,1000]");
    pass(site, 2 * TTL_MS + 2 * RENEW_MS);
    assert_true(site->told.count > 0);
    assert_string_equal(site->told.lines[0], "name taken");
}

static void lease_that_cannot_be_ends_the_link(void **state)
{
    struct site *site = *state;
    answer_with(site, "lease", "[1,-3,1000]");
    pass(site, RENEW_MS);
    assert_non_null(fake_link_why_restarted(site->commands));
}

static void subscriber_that_does_not_hear_its_probes_is_made_anew(void **state)
{
    struct site *site = *state;
    const char *reason = NULL;
    pass(site, RENEW_MS); /* two probes */
    assert_null(fake_link_why_restarted(site->subscriber));
    assert_false(broker_is_ready(site->broker, &reason));
    pass(site, RENEW_MS);
    assert_non_null(fake_link_why_restarted(site->subscriber));
}

/* What Redis has not taken cannot be heard. */
static void probes_that_redis_did_not_take_do_not_count(void **state)
{
    struct site *site = *state;
    for (int i = 0; i < 10; i++) {
        fake_loop_advance(RENEW_MS / 2);
        fake_link_lose_all(site->commands);
    }
    assert_null(fake_link_why_restarted(site->subscriber));
}

static void lease_that_redis_refuses_to_renew_makes_the_node_not_ready(void **state)
{
    struct site *site = *state;
    const char *reason = NULL;
    answer_with(site, "lease", "{\"error\":\"OOM command not allowed\"}");
    pass(site, RENEW_MS);
    fake_link_hear(site->subscriber, "p:node:n1", "2");
    assert_false(broker_is_ready(site->broker, &reason));
    assert_string_equal(reason, "Redis refuses to renew the node's lease");
}

static void lease_that_is_given_up_leaves_nothing(void **state)
{
    struct site *site = *state;
    answer_with(site, "SCARD p:node:n1:7:members", "0");
    broker_give_up_lease(site->broker);
    fake_link_answer_all(site->commands);
    assert_memory_equal(site->asked.lines[0], "release p:node:n1 ", 18);
    assert_string_equal(site->asked.lines[2], "ZREM p:nodes n1:7");
    assert_true(broker_is_idle(site->broker));
}

/* -------------------------------------------------------------------------- the reaper */

static void let_die(struct site *site, const char *lease_reply)
{
    answer_with(site, "ZRANGE p:nodes", lease_reply);
    answer_with(site, "HGET p:node:n2 generation", "null");
    answer_with(site, "SET p:node:n2:3:reaper n1 NX PX 2000", "{\"status\":\"OK\"}");
}

/* Nobody could renew while this node could not: they are given the time to come back. */
static void leases_that_ended_while_redis_was_away_are_not_reaped_at_once(void **state)
{
    struct site *site = *state;
    for (int i = 0; i < TTL_MS / STEP_MS + 1; i++) {
        fake_loop_advance(STEP_MS);
        fake_link_lose_all(site->commands);
    }
    answer_with(site, "ZRANGE p:nodes", "[\"n2:3\",\"8000\"]");
    answer_with(site, "lease", "[1,7,11000]");
    pass(site, RENEW_MS);
    journal_clear(&site->asked);
    pass(site, TTL_MS / 2);
    assert_false(was_asked(site, "SET p:node:n2:3:reaper n1 NX PX 2000"));
}

static size_t count_asked(const struct site *site, const char *begin)
{
    size_t count = 0;
    for (size_t i = 0; i < site->asked.count; i++)
        count += strncmp(site->asked.lines[i], begin, strlen(begin)) == 0;
    return count;
}

static const char dead_node[] = "[\"n2:3\",\"1\"]";

static void members_of_a_dead_node_leave(void **state)
{
    struct site *site = *state;
    let_die(site, dead_node);
    answer_with(site, "SRANDMEMBER", "[\"c1 lobby\",\"c2 other\",\"c3 lobby\",\"odd\"]");
    pass(site, RENEW_MS + STEP_MS);
    assert_int_equal(count_asked(site, "leave "), 2); /* one for each channel */
    assert_true(was_asked(site, "SREM p:node:n2:3:members odd"));
    assert_true(was_asked(site, "SREM p:node:n2:3:members c"));
}

static void lease_without_members_is_taken_off_the_list(void **state)
{
    struct site *site = *state;
    int64_t reaped = metrics.leases_reaped_total;
    let_die(site, dead_node);
    answer_with(site, "SRANDMEMBER", "[]");
    pass(site, RENEW_MS + STEP_MS);
    assert_true(was_asked(site, "ZREM p:nodes n2:3"));
    assert_true(was_asked(site, "DEL p:node:n2:3:reaper"));
    assert_int_equal(metrics.leases_reaped_total, reaped + 1);
}

static void lease_that_was_renewed_meanwhile_is_left_alone(void **state)
{
    struct site *site = *state;
    let_die(site, dead_node);
    answer_with(site, "HGET p:node:n2 generation", "\"3\"");
    pass(site, RENEW_MS + STEP_MS);
    assert_false(was_asked(site, "SET "));
    assert_false(was_asked(site, "leave "));
}

static void lease_that_another_node_reaps_is_left_to_it(void **state)
{
    struct site *site = *state;
    let_die(site, dead_node);
    answer_with(site, "SET ", "null");
    pass(site, RENEW_MS + STEP_MS);
    assert_true(was_asked(site, "SET "));
    assert_false(was_asked(site, "SRANDMEMBER"));
}

static void channel_that_refuses_for_ever_is_given_up(void **state)
{
    struct site *site = *state;
    let_die(site, dead_node);
    answer_with(site, "SRANDMEMBER", "[\"c1 lobby\"]");
    answer_with(site, "leave ", "{\"error\":\"WRONGTYPE of a key\"}");
    pass(site, RENEW_MS + 4000);
    assert_true(count_asked(site, "leave ") >= 6);
    assert_true(was_asked(site, "SREM p:node:n2:3:members c1 lobby"));
}

static void leave_without_an_answer_is_said_again(void **state)
{
    struct site *site = *state;
    let_die(site, dead_node);
    answer_with(site, "SRANDMEMBER", "[\"c1 lobby\"]");
    answer_with(site, "leave ", "{\"error\":\"BUSY\"}");
    pass(site, RENEW_MS + 2000);
    assert_true(count_asked(site, "leave ") >= 3);
    assert_false(was_asked(site, "SREM p:node:n2:3:members c1 lobby"));
}

static void grace_of_a_dead_node_is_taken_over(void **state)
{
    struct site *site = *state;
    site->policy.presence_grace_ms = 5000;
    let_die(site, dead_node);
    answer_with(site, "SRANDMEMBER", "[\"c1 lobby\"]");
    answer_with(site, "leave ", "1");
    answer_with(site, "leave_due", "-1");
    pass(site, RENEW_MS + 4 * STEP_MS);
    assert_true(was_asked(site, "SADD p:node:n1:7:members - lobby"));
    assert_true(was_asked(site, "leave_due "));
}

#define SITE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(publish_is_answered_with_its_place),
        SITE_TEST(publish_without_a_log_or_a_key_is_a_plain_one),
        SITE_TEST(key_that_was_used_is_said),
        SITE_TEST(publish_that_gets_no_answer_is_unknown),
        SITE_TEST(publish_while_redis_is_away_was_not_done),
        SITE_TEST(publish_that_redis_refuses_is_refused),
        SITE_TEST(ack_that_cannot_be_is_no_ack),
        SITE_TEST(ack_of_another_shape_ends_the_link),
        SITE_TEST(script_that_redis_has_forgotten_is_sent_whole),
        SITE_TEST(more_than_may_wait_is_put_off),
        SITE_TEST(publication_of_a_channel_is_passed_on),
        SITE_TEST(message_that_no_node_sends_is_passed_over),
        SITE_TEST(presence_of_a_channel_is_passed_on),
        SITE_TEST(history_is_listed_as_it_is_kept),
        SITE_TEST(entry_that_is_no_publication_is_left_out),
        SITE_TEST(log_that_cannot_be_is_refused),
        SITE_TEST(history_that_redis_refuses_is_refused),
        SITE_TEST(removal_is_handed_on),
        SITE_TEST(meta_lives_as_long_as_the_node_listens),
        SITE_TEST(log_is_removed_and_renamed),
        SITE_TEST(members_of_dead_nodes_are_left_out),
        SITE_TEST(members_without_an_answer_are_not_known),
        SITE_TEST(join_is_said_and_leave_after_it),
        SITE_TEST(join_that_comes_too_late_for_the_lease_is_none),
        SITE_TEST(channels_are_listed_with_their_members),
        SITE_TEST(no_channel_at_all_is_an_answer),
        SITE_TEST(nodes_are_those_with_a_lease),
        SITE_TEST(order_reaches_this_node_too),
        SITE_TEST(file_is_kept_piece_by_piece),
        SITE_TEST(file_without_room_is_not_taken),
        SITE_TEST(file_that_is_removed_gives_its_room_back),
        SITE_TEST(node_is_ready_when_all_of_it_works),
        SITE_TEST(lease_that_is_not_renewed_is_not_held),
        SITE_TEST(members_are_put_back_under_a_new_lease),
        SITE_TEST(members_are_put_back_when_the_link_was_away),
        SITE_TEST(name_that_another_process_goes_on_renewing_is_taken),
        SITE_TEST(lease_that_cannot_be_ends_the_link),
        SITE_TEST(subscriber_that_does_not_hear_its_probes_is_made_anew),
        SITE_TEST(probes_that_redis_did_not_take_do_not_count),
        SITE_TEST(lease_that_redis_refuses_to_renew_makes_the_node_not_ready),
        SITE_TEST(leases_that_ended_while_redis_was_away_are_not_reaped_at_once),
        SITE_TEST(lease_that_is_given_up_leaves_nothing),
        SITE_TEST(members_of_a_dead_node_leave),
        SITE_TEST(lease_without_members_is_taken_off_the_list),
        SITE_TEST(lease_that_was_renewed_meanwhile_is_left_alone),
        SITE_TEST(lease_that_another_node_reaps_is_left_to_it),
        SITE_TEST(channel_that_refuses_for_ever_is_given_up),
        SITE_TEST(leave_without_an_answer_is_said_again),
        SITE_TEST(grace_of_a_dead_node_is_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
