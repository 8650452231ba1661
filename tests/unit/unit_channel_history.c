/*
 * Tests of what newcomers get: ready-made as long as nothing is published, encoded once, and
 * forgotten where nobody comes.
 */
#include "batch.h"
#include "channel.h"
#include "dialect_luchat.h"
#include "hub.h"
#include "world.h"

static struct batch *history_of(struct world *world)
{
    return channel_history(channel_find(world->hub, "lobby"),
                           hub_wire_format(world->hub, &dialect_luchat, &fake_transport));
}

static void history_is_the_same_for_all_who_come_before_the_next_message(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    struct batch *history = history_of(world);
    world_turn(world);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    EXPECT(&newcomer->got, "a");
    assert_ptr_equal(history_of(world), history);
}

static void history_holds_what_was_published_since(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    (void)history_of(world);
    world_publication(world, "e1", 2, "b");
    world_turn(world);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    EXPECT(&newcomer->got, "a", "b");
}

static void history_of_a_full_ring_begins_with_the_oldest(void **state)
{
    struct world *world = *state;
    world_set_history(world, 3);
    world_connect_live(world);
    for (uint64_t offset = 1; offset <= 5; offset++) {
        world_publication(world, "e1", offset, TEXTS("1", "2", "3", "4", "5")[offset - 1]);
        (void)history_of(world);
    }
    world_turn(world);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    world_turn(world);
    EXPECT(&newcomer->got, "3", "4", "5");
}

static void history_is_forgotten_where_nobody_comes(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    (void)history_of(world);
    world_wait(world, CHANNEL_HISTORY_IDLE_MS - CHAT_TICK_MS);
    assert_non_null(world->hub->histories);
    world_wait(world, CHAT_TICK_MS);
    assert_null(world->hub->histories);
}

static void history_is_kept_as_long_as_somebody_comes(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    for (int i = 0; i < 3; i++) {
        (void)history_of(world);
        world_wait(world, CHANNEL_HISTORY_IDLE_MS - CHAT_TICK_MS);
    }
    assert_non_null(world->hub->histories);
}

static void slow_newcomer_keeps_what_it_was_given(void **state)
{
    struct world *world = *state;
    world_connect_live(world);
    world_publication(world, "e1", 1, "a");
    world_turn(world);
    struct fake_conn *newcomer = world_connect(world, "lobby");
    newcomer->is_busy = true;
    world_turn(world);
    world_publication(world, "e1", 2, "b");
    (void)history_of(world);
    world_turn(world);
    newcomer->is_busy = false;
    chat_writable(newcomer->session);
    EXPECT(&newcomer->got, "a", "b");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(history_is_the_same_for_all_who_come_before_the_next_message),
        WORLD_TEST(history_holds_what_was_published_since),
        WORLD_TEST(history_of_a_full_ring_begins_with_the_oldest),
        WORLD_TEST(history_is_forgotten_where_nobody_comes),
        WORLD_TEST(history_is_kept_as_long_as_somebody_comes),
        WORLD_TEST(slow_newcomer_keeps_what_it_was_given),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "channel_history");
}
