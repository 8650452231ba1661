/*
 * Tests of http_peer: who is behind which proxies.
 */
#include "http_peer.h"

#include "network.h"

#include "unit.h"

static const struct row {
    const char *name;
    const char *forwarded;
    int64_t hops;
    const char *peer; /* who it is; the proxy is 10.0.0.1 */
} rows[] = {
    {"without_the_header_it_is_the_proxy", NULL, 1, "10.0.0.1"},
    {"empty_header_says_nothing", "", 1, "10.0.0.1"},
    {"one_address", "1.1.1.1", 1, "1.1.1.1"},
    {"last_of_several", "9.9.9.9, 1.1.1.1", 1, "1.1.1.1"},
    {"last_though_it_is_trusted", "9.9.9.9, 10.0.0.7", 1, "10.0.0.7"},
    {"two_hops_go_through_a_trusted_one", "1.1.1.1, 10.0.0.7", 2, "1.1.1.1"},
    {"two_hops_end_at_a_stranger", "9.9.9.9, 1.1.1.1", 2, "1.1.1.1"},
    {"two_hops_are_no_three", "9.9.9.9, 10.0.0.8, 10.0.0.7", 2, "10.0.0.8"},
    {"blanks_do_not_count", " \t1.1.1.1 \t", 1, "1.1.1.1"},
    {"empty_places_do_not_count", "9.9.9.9,1.1.1.1, ,,", 1, "1.1.1.1"},
    {"port_does_not_count", "1.1.1.1:51544", 1, "1.1.1.1"},
    {"ipv6", "2001:db8::7", 1, "2001:db8::7"},
    {"ipv6_in_brackets", "[2001:db8::7]", 1, "2001:db8::7"},
    {"ipv6_with_a_port", "[2001:db8::7]:443", 1, "2001:db8::7"},
    {"quotes_do_not_count", "\"[2001:db8::7]:443\"", 1, "2001:db8::7"},
    {"unknown_is_the_proxy", "9.9.9.9, unknown", 1, "10.0.0.1"},
    {"hidden_is_the_proxy", "_secret", 1, "10.0.0.1"},
    {"nonsense_is_the_proxy", "[", 1, "10.0.0.1"},
    {"one_quote_is_the_proxy", "\"", 1, "10.0.0.1"},
};

static void peer_is_found(void **state)
{
    const struct row *row = *state;
    const struct http_peer_rule rule = {"10.0.0.0/8", row->hops};
    struct peer found;
    struct peer expected;
    assert_true(peer_parse(row->peer, &expected));
    http_peer_parse("10.0.0.1", row->forwarded, &rule, &found);
    assert_memory_equal(&found, &expected, sizeof(found));
}

static void stranger_is_not_believed(void **state)
{
    const struct http_peer_rule rule = {"10.0.0.0/8", 3};
    struct peer found;
    struct peer expected;
    (void)state;
    assert_true(peer_parse("8.8.8.8", &expected));
    http_peer_parse("8.8.8.8", "1.1.1.1", &rule, &found);
    assert_memory_equal(&found, &expected, sizeof(found));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(stranger_is_not_believed)};
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, rows, peer_is_found);
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "http_peer");
}
