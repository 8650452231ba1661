/*
 * Tests of how often clients are believed that a log has gone back.
 */
#include "claims.h"

#include "unit.h"

enum { MINUTE_MS = 60000 };

static void first_claim_is_believed_at_once(void **state)
{
    struct claims *claims = claims_create();
    (void)state;
    assert_true(claims_take(claims, "lobby", 5));
    claims_destroy(claims);
}

static void next_ones_are_believed_later_and_later(void **state)
{
    struct claims *claims = claims_create();
    int64_t now_ms = 1000;
    (void)state;
    for (int64_t wait_ms = MINUTE_MS; wait_ms < CLAIMS_WAIT_MAX_MS; wait_ms *= 2) {
        assert_true(claims_take(claims, "lobby", now_ms));
        assert_false(claims_take(claims, "lobby", now_ms + wait_ms - 1));
        now_ms += wait_ms;
    }
    assert_true(claims_take(claims, "lobby", now_ms));
    assert_true(claims_take(claims, "lobby", now_ms + CLAIMS_WAIT_MAX_MS));
    claims_destroy(claims);
}

static void day_of_strangers_makes_few_new_epochs(void **state)
{
    struct claims *claims = claims_create();
    int count = 0;
    (void)state;
    for (int64_t now_ms = 0; now_ms < CLAIMS_WAIT_MAX_MS; now_ms += 1000)
        count += claims_take(claims, "lobby", now_ms);
    assert_in_range(count, 1, 12);
    claims_destroy(claims);
}

static void claims_of_long_ago_do_not_count(void **state)
{
    struct claims *claims = claims_create();
    (void)state;
    assert_true(claims_take(claims, "lobby", 0));
    assert_true(claims_take(claims, "lobby", MINUTE_MS));
    int64_t later_ms = 3 * MINUTE_MS + CLAIMS_WAIT_MAX_MS;
    assert_true(claims_take(claims, "lobby", later_ms));
    assert_true(claims_take(claims, "lobby", later_ms + MINUTE_MS));
    claims_destroy(claims);
}

static void other_channels_have_claims_of_their_own(void **state)
{
    struct claims *claims = claims_create();
    int count = 0;
    char name[2] = "a";
    (void)state;
    for (; name[0] <= 'z'; name[0]++)
        count += claims_take(claims, name, 1000);
    assert_in_range(count, 20, 26); /* two may share a place */
    claims_destroy(claims);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_claim_is_believed_at_once),
        cmocka_unit_test(next_ones_are_believed_later_and_later),
        cmocka_unit_test(day_of_strangers_makes_few_new_epochs),
        cmocka_unit_test(claims_of_long_ago_do_not_count),
        cmocka_unit_test(other_channels_have_claims_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
