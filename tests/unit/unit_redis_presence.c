/*
 * Unit tests of presence in Redis, over a link whose other end is this file: what a node keeps
 * of those who have left, and for how long.
 */
#include "redis_presence.h"

#include "clock.h"
#include "fake_clock.h"
#include "fake_link.h"
#include "fake_loop.h"
#include "heap.h"
#include "node_lease.h"
#include "redis_script.h"
#include "redis_store.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GRACE_MS = 5000,
    STEP_MS = 100,
    DUE_SLICE = 200, /* that leave_due.lua is asked for */
    GRACES_MAX = 4096,
    DAY_MS = 24 * 3600 * 1000,
    HEAP_NOISE = 4096, /* bytes: a table one size larger */
};

/* A channel as Redis would keep it, as far as graces go. */
struct store {
    int64_t graces[GRACES_MAX]; /* when each ends, the earliest first; a ring */
    size_t first;
    size_t count;
    size_t leaves; /* calls of leave.lua */
    size_t joins;
    size_t refused; /* calls of leave.lua */
    bool is_wrong;  /* its keys are of another type */
};

struct site {
    struct store store;
    struct redis_link *link;
    struct broker_policy policy;
    struct node_lease_options lease_options;
    struct node_lease *lease;
    struct redis_store *redis;
    struct redis_presence *presence;
    redisReply lease_parts[3];
    redisReply *lease_reply[3];
    int64_t generation;
};

static void take_leave(struct store *store)
{
    assert_true(store->count < GRACES_MAX);
    store->graces[(store->first + store->count++) % GRACES_MAX] = clock_now_ms() + GRACE_MS;
    store->leaves++;
}

/* As leave_due.lua does it. */
static int64_t end_graces(struct store *store)
{
    for (size_t told = 0; told < DUE_SLICE && store->count > 0; told++) {
        if (store->graces[store->first] > clock_now_ms())
            break;
        store->first = (store->first + 1) % GRACES_MAX;
        store->count--;
    }
    if (store->count == 0)
        return -1;
    int64_t left_ms = store->graces[store->first] - clock_now_ms();
    return left_ms > 0 ? left_ms : 0;
}

static void answer_lease(struct site *site, redisReply *reply)
{
    const int64_t numbers[] = {1, site->generation, clock_now_ms()};
    for (size_t i = 0; i < 3; i++) {
        site->lease_parts[i] =
            (redisReply){.type = REDIS_REPLY_INTEGER, .integer = (long long)numbers[i]};
        site->lease_reply[i] = &site->lease_parts[i];
    }
    *reply =
        (redisReply){.type = REDIS_REPLY_ARRAY, .elements = 3, .element = site->lease_reply};
}

static void on_command(void *context, const struct fake_command *command, redisReply *reply)
{
    struct site *site = context;
    switch (fake_link_script(command)) {
    case SCRIPT_LEASE:
        answer_lease(site, reply);
        break;
    case SCRIPT_JOIN:
        site->store.joins++;
        break;
    case SCRIPT_LEAVE:
        if (site->store.is_wrong) {
            site->store.refused++;
            *reply =
                (redisReply){.type = REDIS_REPLY_ERROR, .str = (char *)"WRONGTYPE of a key"};
            break;
        }
        take_leave(&site->store);
        reply->integer = (long long)site->store.count;
        break;
    case SCRIPT_LEAVE_DUE:
        reply->integer = end_graces(&site->store);
        break;
    default:
        if (strcmp(command->parts[0], "ZRANGE") == 0)
            *reply = (redisReply){.type = REDIS_REPLY_ARRAY};
    }
}

static const struct broker_policy *find_policy(void *context, const char *channel)
{
    (void)channel;
    return context;
}

static void on_lease_event(void *context)
{
    (void)context;
}

static void on_lease_ended(void *context, const char *name, int64_t end_ms)
{
    (void)context;
    (void)name;
    (void)end_ms;
}

static int set_up(void **state)
{
    struct site *site = calloc(1, sizeof(*site));
    site->generation = 7;
    site->policy =
        (struct broker_policy){.history_ttl_ms = 1000, .presence_grace_ms = GRACE_MS};
    site->link = fake_link_create(on_command, site);
    site->redis = redis_store_create(&(struct redis_store_options){
        .prefix = "parley", .policies = {find_policy, &site->policy}, .commands = site->link});
    site->lease_options = (struct node_lease_options){.node = "node-1",
                                                      .address = "",
                                                      .ttl_ms = 8000,
                                                      .renew_ms = 2000,
                                                      .on_taken = on_lease_event,
                                                      .on_confirmed = on_lease_event,
                                                      .on_ended = on_lease_ended};
    site->lease = node_lease_create(NULL, site->redis, &site->lease_options);
    site->presence = redis_presence_create(NULL, site->redis, site->lease);
    node_lease_renew_after_silence(site->lease);
    fake_link_answer_all(site->link);
    *state = site;
    return 0;
}

static int tear_down(void **state)
{
    struct site *site = *state;
    redis_link_destroy(site->link);
    redis_presence_destroy(site->presence);
    node_lease_destroy(site->lease);
    redis_store_destroy(site->redis);
    free(site);
    return 0;
}

static void pass(struct site *site, int64_t ms)
{
    for (; ms > 0; ms -= STEP_MS) {
        fake_loop_advance(STEP_MS);
        fake_link_answer_all(site->link);
    }
}

static void come(struct site *site, const char *user)
{
    const struct broker_member member = {user, user, "{\"userid\":\"somebody\"}",
                                         clock_now_ms()};
    redis_presence_join(site->presence, "lobby", &member, false,
                        (struct broker_waiter){.on_reply = NULL});
}

static void go(struct site *site, const char *user)
{
    const struct broker_member member = {user, user, "{\"userid\":\"somebody\"}",
                                         clock_now_ms()};
    redis_presence_leave(site->presence, "lobby", &member);
}

/* Users come and go, each_ms apart; each stays for three of them. */
static void be_busy(struct site *site, int count, int64_t each_ms)
{
    enum { STAY = 3 };
    char user[32];
    for (int i = 0; i < count; i++) {
        (void)snprintf(user, sizeof(user), "user-%06d", i);
        come(site, user);
        (void)snprintf(user, sizeof(user), "user-%06d", i - STAY);
        if (i >= STAY)
            go(site, user);
        pass(site, each_ms);
    }
}

static void say_again_at_a_new_lease(struct site *site)
{
    site->generation++;
    pass(site, 2000); /* until the next renewal */
    redis_presence_move(site->presence);
    fake_link_answer_all(site->link);
}

/* The day of a lobby: somebody is always in the grace. */
static void day_of_a_busy_lobby_leaves_no_memory_behind(void **state)
{
    enum { USERS = 100000 };
    struct site *site = *state;
    be_busy(site, USERS / 100, DAY_MS / USERS / STEP_MS * STEP_MS);
    size_t early = heap_bytes();
    be_busy(site, USERS, DAY_MS / USERS / STEP_MS * STEP_MS);
    assert_true(site->store.count > 0);
    assert_in_range(heap_bytes(), 0, early + HEAP_NOISE);
}

static void lobby_that_was_busy_and_is_quiet_leaves_nothing_behind(void **state)
{
    struct site *site = *state;
    size_t before = heap_bytes();
    be_busy(site, 2000, STEP_MS);
    pass(site, 2 * GRACE_MS);
    assert_int_equal(site->store.count, 0);
    assert_in_range(heap_bytes(), 0, before + HEAP_NOISE);
}

static void more_leaves_than_one_call_tells_are_told_without_a_pause(void **state)
{
    enum { USERS = 2000 };
    struct site *site = *state;
    char user[32];
    for (int i = 0; i < USERS; i++) {
        (void)snprintf(user, sizeof(user), "user-%d", i);
        come(site, user);
        go(site, user);
    }
    fake_link_answer_all(site->link);
    assert_int_equal(site->store.count, USERS);
    pass(site, GRACE_MS + 2 * STEP_MS);
    assert_int_equal(site->store.count, 0);
}

static void new_lease_says_again_only_those_who_are_in_their_grace(void **state)
{
    struct site *site = *state;
    be_busy(site, 1000, STEP_MS);
    size_t in_grace = site->store.count;
    size_t leaves = site->store.leaves;
    assert_in_range(in_grace, GRACE_MS / STEP_MS - 2, GRACE_MS / STEP_MS + 2);
    say_again_at_a_new_lease(site);
    assert_in_range(site->store.leaves - leaves, 1, in_grace + 2);
}

static void leave_without_an_answer_is_kept_until_it_is_said(void **state)
{
    struct site *site = *state;
    come(site, "ann");
    fake_link_answer_all(site->link);
    go(site, "ann");
    fake_link_lose_all(site->link);
    assert_int_equal(site->store.leaves, 0);
    redis_presence_retry(site->presence);
    fake_link_answer_all(site->link);
    assert_int_equal(site->store.leaves, 1);
}

static void leave_without_room_is_said_when_there_is_some(void **state)
{
    struct site *site = *state;
    come(site, "ann");
    fake_link_answer_all(site->link);
    size_t before = fake_link_command_count(site->link);
    fake_link_set_room(site->link, false);
    go(site, "ann");
    redis_presence_turn(site->presence);
    assert_int_equal(fake_link_command_count(site->link), before);
    fake_link_set_room(site->link, true);
    redis_presence_turn(site->presence);
    fake_link_answer_all(site->link);
    assert_int_equal(site->store.leaves, 1);
}

static void join_does_not_overtake_a_leave_that_waits_for_room(void **state)
{
    struct site *site = *state;
    come(site, "ann");
    fake_link_answer_all(site->link);
    fake_link_set_room(site->link, false);
    go(site, "ann");
    fake_link_set_room(site->link, true);
    come(site, "ann");
    fake_link_answer_all(site->link);
    assert_int_equal(site->store.joins, 1);
}

static void pass_in_turns(struct site *site, int64_t ms)
{
    for (; ms > 0; ms -= STEP_MS) {
        redis_presence_turn(site->presence);
        pass(site, STEP_MS);
    }
}

static void have_a_leave_refused(struct site *site)
{
    come(site, "ann");
    fake_link_answer_all(site->link);
    site->store.is_wrong = true;
    go(site, "ann");
    fake_link_answer_all(site->link);
    assert_int_equal(site->store.refused, 1);
}

static void leave_that_is_refused_is_said_again(void **state)
{
    struct site *site = *state;
    have_a_leave_refused(site);
    site->store.is_wrong = false;
    pass_in_turns(site, 1500);
    assert_int_equal(site->store.leaves, 1);
}

static void leave_that_is_refused_holds_up_nobody(void **state)
{
    struct site *site = *state;
    have_a_leave_refused(site);
    come(site, "bob");
    fake_link_answer_all(site->link);
    assert_int_equal(site->store.joins, 2);
}

static void who_is_back_before_its_leave_was_taken_has_not_left(void **state)
{
    struct site *site = *state;
    have_a_leave_refused(site);
    site->store.is_wrong = false;
    come(site, "ann");
    pass_in_turns(site, 3000);
    assert_int_equal(site->store.leaves, 0);
}

static void leave_that_is_refused_for_ever_is_given_up(void **state)
{
    struct site *site = *state;
    size_t before = heap_bytes();
    have_a_leave_refused(site);
    pass_in_turns(site, 100 * 1000);
    assert_in_range(site->store.refused, 50, 70);
    assert_in_range(heap_bytes(), 0, before + HEAP_NOISE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(day_of_a_busy_lobby_leaves_no_memory_behind),
        TEST(lobby_that_was_busy_and_is_quiet_leaves_nothing_behind),
        TEST(more_leaves_than_one_call_tells_are_told_without_a_pause),
        TEST(new_lease_says_again_only_those_who_are_in_their_grace),
        TEST(leave_without_an_answer_is_kept_until_it_is_said),
        TEST(leave_that_is_refused_is_said_again),
        TEST(leave_that_is_refused_holds_up_nobody),
        TEST(who_is_back_before_its_leave_was_taken_has_not_left),
        TEST(leave_that_is_refused_for_ever_is_given_up),
        TEST(leave_without_room_is_said_when_there_is_some),
        TEST(join_does_not_overtake_a_leave_that_waits_for_room),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "redis_presence");
}
