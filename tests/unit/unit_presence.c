/*
 * Tests of presence: who is joined when, who is told, and that no list brings back a user
 * who has left.
 */
#include "dialect_centrifuge.h"
#include "metrics.h"
#include "world.h"

#include <string.h>

#define ALICE "{\"online\":{\"userid\":\"alice\"}}"
#define BOB   "{\"online\":{\"userid\":\"bob\"}}"

#define ALICE_IN_LIST "{\"users\":[{\"userid\":\"alice\"}]}"
#define BOB_IN_LIST   "{\"users\":[{\"userid\":\"bob\"}]}"
#define BOTH_IN_LIST  "{\"users\":[{\"userid\":\"alice\"},{\"userid\":\"bob\"}]}"

#define TRIED_AGAIN                                                                            \
    "{\"error\":{\"code\":503,\"message\":"                                                    \
    "\"not online yet: this is tried again until it succeeds\"}}"

static void confirm_join(struct world *world)
{
    fake_broker_answer_status(world->broker, FAKE_JOIN, BROKER_OK);
}

/* ------------------------------------------------------------------------------ joining */

static void identity_joins_the_channel(void **state)
{
    struct world *world = *state;
    world_say(world_connect_live(world), ALICE);
    EXPECT(world->calls, "join lobby alice");
}

static void join_waits_for_admission(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    journal_clear(world->calls);
    world_say(conn, ALICE);
    EXPECT_NOTHING(world->calls);
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    world_turn(world);
    EXPECT(world->calls, "history lobby 0 50 reverse", "join lobby alice");
}

static void last_word_before_admission_is_who_joins(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_say(conn, ALICE);
    world_say(conn, BOB);
    world_subscribed(world);
    journal_clear(world->calls);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    world_turn(world);
    EXPECT(world->calls, "join lobby bob");
}

static void confirmed_newcomer_gets_the_list_of_users(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    confirm_join(world);
    EXPECT(world->calls, "join lobby alice", "members lobby 1000");
    fake_broker_answer_members(world->broker, 1, TEXTS("alice"));
    EXPECT(&conn->got, ALICE_IN_LIST);
}

static void list_is_sent_to_the_newcomer_alone(void **state)
{
    struct world *world = *state;
    struct fake_conn *other = world_connect_live(world);
    world_connect_present(world, "alice", 1);
    world_turn(world);
    EXPECT_NOTHING(&other->got);
}

static void identity_said_again_on_its_way_joins_once(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    world_say(conn, ALICE);
    EXPECT(world->calls, "join lobby alice");
}

static void identity_said_again_gets_the_list_again(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_present(world, "alice", 1);
    world_say(conn, ALICE);
    EXPECT(world->calls, "members lobby 1000");
    fake_broker_answer_members(world->broker, 1, TEXTS("alice"));
    EXPECT(&conn->got, ALICE_IN_LIST);
}

static void another_identity_takes_the_place_of_the_first(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_present(world, "alice", 1);
    world_say(conn, BOB);
    EXPECT(world->calls, "leave lobby alice", "join lobby bob");
}

static void members_are_counted(void **state)
{
    struct world *world = *state;
    int64_t before = metrics.members;
    struct fake_conn *conn = world_connect_present(world, "alice", 1);
    assert_int_equal(metrics.members - before, 1);
    world_disconnect(world, conn);
    assert_int_equal(metrics.members, before);
}

/* ------------------------------------------------------------------- joins that go wrong */

static void refused_join_is_told(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    fake_broker_answer_status(world->broker, FAKE_JOIN, BROKER_UNAVAILABLE);
    EXPECT(&conn->got, TRIED_AGAIN);
}

static void join_not_confirmed_is_taken_back(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    fake_broker_answer_status(world->broker, FAKE_JOIN, BROKER_UNKNOWN);
    EXPECT(world->calls, "join lobby alice", "leave lobby alice");
    EXPECT(&conn->got, TRIED_AGAIN);
}

/* Nothing was done: there is nothing to take back, however often somebody tries. */
static void join_that_never_reached_the_store_is_not_taken_back(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    fake_broker_answer_status(world->broker, FAKE_JOIN, BROKER_UNAVAILABLE);
    EXPECT(world->calls, "join lobby alice");
    world_disconnect(world, conn);
}

static void identity_may_try_again_after_a_refused_join(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    fake_broker_answer_status(world->broker, FAKE_JOIN, BROKER_UNAVAILABLE);
    journal_clear(world->calls);
    world_say(conn, ALICE);
    EXPECT(world->calls, "join lobby alice");
}

static struct fake_conn *subscribe_to_lobby(struct world *world)
{
    struct fake_conn *conn =
        world_open(world, &dialect_centrifuge, &(struct chat_request){.channel = ""});
    world_say(conn, "{\"id\":1,\"connect\":{}}");
    world_say(conn, "{\"id\":2,\"subscribe\":{\"channel\":\"lobby\"}}");
    world_turn(world);
    return conn;
}

static void join_that_nobody_asks_for_again_is_tried_again(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    subscribe_to_lobby(world);
    journal_clear(world->calls);
    fake_broker_answer_status(world->broker, FAKE_JOIN, BROKER_UNAVAILABLE);
    world_wait(world, 2000);
    EXPECT(world->calls, "members lobby 1000", "join lobby ");
    fake_broker_answer_status(world->broker, FAKE_JOIN, BROKER_UNAVAILABLE);
    world_wait(world, 2000);
    EXPECT(world->calls, "join lobby ");
    confirm_join(world);
    world_wait(world, 5000);
    EXPECT_NOTHING(world->calls);
}

/* The answer to alice's join is none to bob's. */
static void list_waits_for_the_join_of_the_latest_identity(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    world_say(conn, BOB);
    journal_clear(world->calls);
    confirm_join(world);
    EXPECT_NOTHING(world->calls);
    confirm_join(world);
    EXPECT(world->calls, "members lobby 1000");
}

static void refused_join_of_a_second_identity_is_told(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    world_say(conn, BOB);
    confirm_join(world);
    fake_broker_answer_status(world->broker, FAKE_JOIN, BROKER_UNAVAILABLE);
    EXPECT(&conn->got, TRIED_AGAIN);
}

static void refused_join_of_a_first_identity_leaves_the_second_joined(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    world_say(conn, BOB);
    journal_clear(world->calls);
    fake_broker_answer_status(world->broker, FAKE_JOIN, BROKER_UNKNOWN);
    EXPECT_NOTHING(world->calls); /* alice has left already; bob has not failed */
}

/* ------------------------------------------------------------------------------ leaving */

static void present_user_leaves_when_the_connection_is_gone(void **state)
{
    struct world *world = *state;
    world_disconnect(world, world_connect_present(world, "alice", 1));
    EXPECT(world->calls, "leave lobby alice");
}

static void who_leaves_is_who_joined(void **state)
{
    struct world *world = *state;
    char joined[FAKE_CLIENT_BYTES];
    struct fake_conn *conn = world_connect_present(world, "alice", 1);
    strcpy(joined, fake_broker_last_client(world->broker));
    world_disconnect(world, conn);
    assert_string_equal(fake_broker_last_client(world->broker), joined);
}

static void connections_of_one_user_are_told_apart(void **state)
{
    struct world *world = *state;
    char first[FAKE_CLIENT_BYTES];
    world_connect_present(world, "alice", 1);
    strcpy(first, fake_broker_last_client(world->broker));
    world_connect_present(world, "alice", 1);
    assert_string_not_equal(fake_broker_last_client(world->broker), first);
}

static void present_user_leaves_once(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_present(world, "alice", 1);
    chat_refuse(conn->session, 1003, "text only");
    world_disconnect(world, conn);
    EXPECT(world->calls, "leave lobby alice");
}

static void who_never_said_a_name_does_not_leave(void **state)
{
    struct world *world = *state;
    world_disconnect(world, world_connect_live(world));
    EXPECT_NOTHING(world->calls);
}

static void who_was_not_admitted_does_not_leave(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_say(conn, ALICE);
    journal_clear(world->calls);
    world_disconnect(world, conn);
    EXPECT_NOTHING(world->calls);
}

static void join_that_was_not_confirmed_is_left_too(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    world_disconnect(world, conn);
    EXPECT(world->calls, "join lobby alice", "leave lobby alice");
}

static void answer_to_the_join_of_a_connection_that_is_gone_is_ignored(void **state)
{
    struct world *world = *state;
    world_connect_live(world); /* keeps the channel open */
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    world_disconnect(world, conn);
    journal_clear(world->calls);
    confirm_join(world);
    EXPECT_NOTHING(world->calls);
}

/* ------------------------------------------------------------------------------ changes */

static void arrival_is_told_to_everybody(void **state)
{
    struct world *world = *state;
    struct fake_conn *first = world_connect_live(world);
    struct fake_conn *second = world_connect_live(world);
    world_presence(world, /* is_join= */ true, 1, "alice");
    world_turn(world);
    EXPECT(&first->got, ALICE);
    EXPECT(&second->got, ALICE);
}

static void departure_is_told(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_presence(world, /* is_join= */ false, 2, "alice");
    world_turn(world);
    EXPECT(&conn->got, "{\"offline\":{\"userid\":\"alice\"}}");
}

static void changes_and_publications_keep_their_order(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_presence(world, /* is_join= */ true, 1, "alice");
    world_publication(world, "e1", 2, "b");
    world_turn(world);
    EXPECT(&conn->got, "a", ALICE, "b");
}

static void arrivals_are_not_told_of_changes(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect(world, "lobby");
    world_presence(world, /* is_join= */ true, 1, "alice");
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    world_turn(world);
    EXPECT_NOTHING(&conn->got);
}

/* ----------------------------------------------------------------------------- the list */

static void list_older_than_the_last_change_is_read_again(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, BOB);
    confirm_join(world);
    world_presence(world, /* is_join= */ false, 5, "alice");
    world_turn(world);
    journal_clear(world->calls);
    journal_clear(&conn->got);
    fake_broker_answer_members(world->broker, 4, TEXTS("alice", "bob"));
    EXPECT_NOTHING(&conn->got);
    EXPECT(world->calls, "members lobby 1000");
    fake_broker_answer_members(world->broker, 5, TEXTS("bob"));
    EXPECT(&conn->got, BOB_IN_LIST);
}

static void list_as_new_as_the_last_change_is_sent(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, BOB);
    confirm_join(world);
    world_presence(world, /* is_join= */ true, 5, "alice");
    world_turn(world);
    journal_clear(&conn->got);
    fake_broker_answer_members(world->broker, 5, TEXTS("alice", "bob"));
    EXPECT(&conn->got, BOTH_IN_LIST);
}

/* A store that began anew counts from the start: its list is old only by our reckoning. */
static void list_that_stays_old_is_sent_after_two_more_reads(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, BOB);
    confirm_join(world);
    world_presence(world, /* is_join= */ true, 9, "alice");
    world_turn(world);
    journal_clear(&conn->got);
    fake_broker_answer_members(world->broker, 1, TEXTS("bob"));
    fake_broker_answer_members(world->broker, 1, TEXTS("bob"));
    EXPECT_NOTHING(&conn->got);
    fake_broker_answer_members(world->broker, 1, TEXTS("bob"));
    EXPECT(&conn->got, BOB_IN_LIST);
}

static void who_asks_while_a_list_is_read_gets_the_next_one(void **state)
{
    struct world *world = *state;
    struct fake_conn *first = world_connect_live(world);
    struct fake_conn *second = world_connect_live(world);
    world_say(first, ALICE);
    confirm_join(world);
    world_say(second, BOB);
    confirm_join(world);
    EXPECT(world->calls, "join lobby alice", "members lobby 1000", "join lobby bob");
    fake_broker_answer_members(world->broker, 1, TEXTS("alice"));
    EXPECT(&first->got, ALICE_IN_LIST);
    EXPECT_NOTHING(&second->got);
    fake_broker_answer_members(world->broker, 2, TEXTS("alice", "bob"));
    EXPECT(&second->got, BOTH_IN_LIST);
    EXPECT_NOTHING(&first->got);
}

static void list_is_read_once_for_all_who_wait(void **state)
{
    struct world *world = *state;
    struct fake_conn *conns[3];
    for (size_t i = 0; i < 3; i++) {
        conns[i] = world_connect_live(world);
        world_say(conns[i], ALICE);
    }
    for (size_t i = 0; i < 3; i++)
        confirm_join(world);
    fake_broker_answer_members(world->broker, 1, TEXTS("alice")); /* the first one's */
    journal_clear(world->calls);
    fake_broker_answer_members(world->broker, 1, TEXTS("alice"));
    EXPECT(&conns[1]->got, ALICE_IN_LIST);
    EXPECT(&conns[2]->got, ALICE_IN_LIST);
    EXPECT_NOTHING(world->calls);
}

static void list_is_sent_once_however_often_it_is_asked_for(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    confirm_join(world);
    for (int i = 0; i < 5; i++)
        world_say(conn, ALICE); /* while it is being read */
    fake_broker_answer_members(world->broker, 1, TEXTS("alice"));
    fake_broker_answer_members(world->broker, 1, TEXTS("alice"));
    EXPECT(&conn->got, ALICE_IN_LIST, ALICE_IN_LIST);
    assert_int_equal(fake_broker_waiting(world->broker, FAKE_MEMBERS), 0);
}

static void list_that_is_refused_is_read_again_later(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    confirm_join(world);
    fake_broker_answer_status(world->broker, FAKE_MEMBERS, BROKER_REFUSED);
    for (int i = 0; i < 5; i++)
        world_say(conn, ALICE);
    assert_int_equal(fake_broker_waiting(world->broker, FAKE_MEMBERS), 0);
    world_wait(world, 1500);
    assert_int_equal(fake_broker_waiting(world->broker, FAKE_MEMBERS), 1);
    fake_broker_answer_members(world->broker, 1, TEXTS("alice"));
    EXPECT(&conn->got, ALICE_IN_LIST);
    world_say(conn, ALICE);
    fake_broker_answer_members(world->broker, 1, TEXTS("alice"));
    EXPECT(&conn->got, ALICE_IN_LIST);
}

static void list_is_not_sent_to_who_is_gone(void **state)
{
    struct world *world = *state;
    struct fake_conn *stays = world_connect_live(world);
    struct fake_conn *goes = world_connect_live(world);
    world_say(goes, ALICE);
    confirm_join(world);
    world_disconnect(world, goes);
    fake_broker_answer_members(world->broker, 1, TEXTS("alice"));
    EXPECT_NOTHING(&stays->got);
}

static void list_that_could_not_be_read_is_read_when_subscribed_again(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    confirm_join(world);
    fake_broker_answer_status(world->broker, FAKE_MEMBERS, BROKER_UNAVAILABLE);
    journal_clear(world->calls);
    world_subscribed(world);
    fake_broker_answer_log(world->broker, "e1", 0, NO_TEXTS);
    EXPECT(world->calls, "history lobby 0 50", "members lobby 1000");
    fake_broker_answer_members(world->broker, 1, TEXTS("alice"));
    EXPECT(&conn->got, ALICE_IN_LIST);
}

static void list_of_a_channel_that_is_gone_is_ignored(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_live(world);
    world_say(conn, ALICE);
    confirm_join(world);
    world_disconnect(world, conn);
    world_turn(world);
    fake_broker_answer_members(world->broker, 1, TEXTS("alice"));
    EXPECT(world->calls, "join lobby alice", "members lobby 1000", "leave lobby alice",
           "unsubscribe lobby");
}

/* -------------------------------------------------------------------------- members lost */

static void lose_members(struct world *world)
{
    const struct broker_events *events = fake_broker_events(world->broker);
    events->on_members_lost(events->context);
}

static void members_that_were_lost_join_again_quietly(void **state)
{
    struct world *world = *state;
    world_connect_present(world, "alice", 1);
    world_connect_present(world, "bob", 2);
    lose_members(world);
    EXPECT(world->calls, "rejoin lobby alice", "rejoin lobby bob");
}

static void who_is_not_present_does_not_rejoin(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    lose_members(world);
    EXPECT_NOTHING(world->calls);
}

static void answer_to_a_rejoin_changes_nothing(void **state)
{
    struct world *world = *state;
    struct fake_conn *conn = world_connect_present(world, "alice", 1);
    lose_members(world);
    journal_clear(world->calls);
    confirm_join(world);
    EXPECT_NOTHING(world->calls);
    EXPECT_NOTHING(&conn->got);
}

static void name_that_is_taken_is_passed_on(void **state)
{
    struct world *world = *state;
    const struct broker_events *events = fake_broker_events(world->broker);
    events->on_name_taken(events->context);
    assert_int_equal(world->name_taken_count, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(identity_joins_the_channel),
        WORLD_TEST(join_waits_for_admission),
        WORLD_TEST(last_word_before_admission_is_who_joins),
        WORLD_TEST(confirmed_newcomer_gets_the_list_of_users),
        WORLD_TEST(list_is_sent_to_the_newcomer_alone),
        WORLD_TEST(identity_said_again_on_its_way_joins_once),
        WORLD_TEST(identity_said_again_gets_the_list_again),
        WORLD_TEST(another_identity_takes_the_place_of_the_first),
        WORLD_TEST(members_are_counted),
        WORLD_TEST(refused_join_is_told),
        WORLD_TEST(join_not_confirmed_is_taken_back),
        WORLD_TEST(join_that_never_reached_the_store_is_not_taken_back),
        WORLD_TEST(identity_may_try_again_after_a_refused_join),
        WORLD_TEST(join_that_nobody_asks_for_again_is_tried_again),
        WORLD_TEST(list_waits_for_the_join_of_the_latest_identity),
        WORLD_TEST(refused_join_of_a_second_identity_is_told),
        WORLD_TEST(refused_join_of_a_first_identity_leaves_the_second_joined),
        WORLD_TEST(present_user_leaves_when_the_connection_is_gone),
        WORLD_TEST(who_leaves_is_who_joined),
        WORLD_TEST(connections_of_one_user_are_told_apart),
        WORLD_TEST(present_user_leaves_once),
        WORLD_TEST(who_never_said_a_name_does_not_leave),
        WORLD_TEST(who_was_not_admitted_does_not_leave),
        WORLD_TEST(join_that_was_not_confirmed_is_left_too),
        WORLD_TEST(answer_to_the_join_of_a_connection_that_is_gone_is_ignored),
        WORLD_TEST(arrival_is_told_to_everybody),
        WORLD_TEST(departure_is_told),
        WORLD_TEST(changes_and_publications_keep_their_order),
        WORLD_TEST(arrivals_are_not_told_of_changes),
        WORLD_TEST(list_older_than_the_last_change_is_read_again),
        WORLD_TEST(list_as_new_as_the_last_change_is_sent),
        WORLD_TEST(list_that_stays_old_is_sent_after_two_more_reads),
        WORLD_TEST(who_asks_while_a_list_is_read_gets_the_next_one),
        WORLD_TEST(list_is_read_once_for_all_who_wait),
        WORLD_TEST(list_is_sent_once_however_often_it_is_asked_for),
        WORLD_TEST(list_that_is_refused_is_read_again_later),
        WORLD_TEST(list_is_not_sent_to_who_is_gone),
        WORLD_TEST(list_that_could_not_be_read_is_read_when_subscribed_again),
        WORLD_TEST(list_of_a_channel_that_is_gone_is_ignored),
        WORLD_TEST(members_that_were_lost_join_again_quietly),
        WORLD_TEST(who_is_not_present_does_not_rejoin),
        WORLD_TEST(answer_to_a_rejoin_changes_nothing),
        WORLD_TEST(name_that_is_taken_is_passed_on),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "presence");
}
