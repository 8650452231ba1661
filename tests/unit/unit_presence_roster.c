/*
 * Tests of presence_roster: what is told when a list is compared with what was known.
 */
#include "presence_roster.h"

#include "journal.h"
#include "unit.h"

#include <string.h>

static struct journal told;

static int clear(void **state)
{
    (void)state;
    journal_clear(&told);
    return 0;
}

static void on_change(void *context, const struct broker_presence *change)
{
    (void)context;
    journal_add(&told, "%s %s %s %s", change->kind == BROKER_JOIN ? "join" : "leave",
                change->user, change->client, change->info);
}

static struct broker_member member(const char *client, const char *user)
{
    return (struct broker_member){.client = client, .user = user, .info = "{}"};
}

static void replace(struct presence_roster *roster, const struct broker_member *members,
                    size_t count)
{
    presence_roster_replace(roster,
                            &(struct broker_reply){.members = members, .member_count = count},
                            on_change, NULL);
}

static bool note(struct presence_roster *roster, enum broker_presence_kind kind,
                 const char *client, const char *user)
{
    return presence_roster_note(
        roster,
        &(struct broker_presence){.kind = kind, .client = client, .user = user, .info = "{}"});
}

static void difference_is_told_leaves_first(void **state)
{
    (void)state;
    struct presence_roster *roster = presence_roster_create(false);
    replace(roster, (struct broker_member[]){member("c1", "ann"), member("c2", "ben")}, 2);
    journal_clear(&told);
    replace(roster, (struct broker_member[]){member("c3", "cee"), member("c1", "ann")}, 2);
    EXPECT(&told, "leave ben c2 {}", "join cee c3 {}");
    presence_roster_destroy(roster);
}

static void second_connection_of_a_user_is_no_difference(void **state)
{
    (void)state;
    struct presence_roster *roster = presence_roster_create(false);
    replace(roster, (struct broker_member[]){member("c1", "ann")}, 1);
    journal_clear(&told);
    replace(roster, (struct broker_member[]){member("c2", "ann"), member("c3", "ann")}, 2);
    EXPECT_NOTHING(&told);
    presence_roster_destroy(roster);
}

static void connections_are_told_where_each_counts(void **state)
{
    (void)state;
    struct presence_roster *roster = presence_roster_create(true);
    replace(roster, (struct broker_member[]){member("c1", "ann")}, 1);
    journal_clear(&told);
    replace(roster, (struct broker_member[]){member("c2", "ann")}, 1);
    EXPECT(&told, "leave ann c1 {}", "join ann c2 {}");
    presence_roster_destroy(roster);
}

static void nameless_are_told_apart_by_their_connections(void **state)
{
    (void)state;
    struct presence_roster *roster = presence_roster_create(false);
    replace(roster, (struct broker_member[]){member("c1", ""), member("c2", "")}, 2);
    journal_clear(&told);
    replace(roster, (struct broker_member[]){member("c2", "")}, 1);
    EXPECT(&told, "leave  c1 {}");
    presence_roster_destroy(roster);
}

static void what_is_known_is_not_news(void **state)
{
    (void)state;
    struct presence_roster *roster = presence_roster_create(false);
    assert_true(note(roster, BROKER_JOIN, "c1", "ann"));
    assert_false(note(roster, BROKER_JOIN, "c2", "ann"));
    assert_true(note(roster, BROKER_LEAVE, "c2", "ann"));
    assert_false(note(roster, BROKER_LEAVE, "c2", "ann"));
    replace(roster, NULL, 0);
    EXPECT_NOTHING(&told);
    presence_roster_destroy(roster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(difference_is_told_leaves_first, clear),
        cmocka_unit_test_setup(second_connection_of_a_user_is_no_difference, clear),
        cmocka_unit_test_setup(connections_are_told_where_each_counts, clear),
        cmocka_unit_test_setup(nameless_are_told_apart_by_their_connections, clear),
        cmocka_unit_test_setup(what_is_known_is_not_news, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
