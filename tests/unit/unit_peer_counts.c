/*
 * Unit tests of peer_counts, and of the numbers that stand for addresses.
 */
#include "network.h"
#include "peer_counts.h"

#include "unit.h"

static uint64_t customer_of(const char *text)
{
    struct peer peer;
    assert_true(peer_parse(text, &peer));
    return peer_customer(&peer);
}

static void addresses_of_ipv4_are_told_apart(void **state)
{
    (void)state;
    assert_true(customer_of("192.0.2.1") != customer_of("192.0.2.2"));
    assert_true(customer_of("192.0.2.1") == customer_of("::ffff:192.0.2.1"));
}

static void addresses_of_ipv6_are_told_apart_by_their_first_half(void **state)
{
    (void)state;
    assert_true(customer_of("2001:db8::1") == customer_of("2001:db8::ffff:1"));
    assert_true(customer_of("2001:db8::1") != customer_of("2001:db8:0:1::1"));
    assert_true(customer_of("::") != 0);
}

static void who_has_none_is_not_remembered(void **state)
{
    (void)state;
    struct peer_counts *counts = peer_counts_create();
    assert_int_equal(peer_counts_add(counts, 7), 1);
    assert_int_equal(peer_counts_add(counts, 7), 2);
    peer_counts_remove(counts, 7);
    assert_int_equal(peer_counts_get(counts, 7), 1);
    peer_counts_remove(counts, 7);
    assert_int_equal(peer_counts_get(counts, 7), 0);
    assert_int_equal(peer_counts_size(counts), 0);
    peer_counts_destroy(counts);
}

/* Against a plain array: whoever comes and goes in whatever order is counted right. */
static void counts_are_right_while_the_table_grows_and_shrinks(void **state)
{
    enum { CUSTOMERS = 3000, STEPS = 200000 };
    static uint32_t expected[CUSTOMERS];
    struct peer_counts *counts = peer_counts_create();
    uint32_t random = 12345;
    (void)state;
    for (int step = 0; step < STEPS; step++) {
        random = random * 1664525 + 1013904223;
        uint32_t who = (random >> 8) % CUSTOMERS;
        /* more come than go in the first half, and the other way round in the second */
        bool is_coming = (random >> 28) < (step < STEPS / 2 ? 10 : 6);
        if (is_coming)
            assert_int_equal(peer_counts_add(counts, who + 1), ++expected[who]);
        else if (expected[who] > 0 && expected[who]--)
            peer_counts_remove(counts, who + 1);
        assert_int_equal(peer_counts_get(counts, who + 1), expected[who]);
    }
    for (uint32_t who = 0; who < CUSTOMERS; who++) {
        assert_int_equal(peer_counts_get(counts, who + 1), expected[who]);
        while (expected[who] > 0 && expected[who]--)
            peer_counts_remove(counts, who + 1);
    }
    assert_int_equal(peer_counts_size(counts), 0);
    peer_counts_destroy(counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_ipv4_are_told_apart),
        cmocka_unit_test(addresses_of_ipv6_are_told_apart_by_their_first_half),
        cmocka_unit_test(who_has_none_is_not_remembered),
        cmocka_unit_test(counts_are_right_while_the_table_grows_and_shrinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
