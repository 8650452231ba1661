/*
 * Tests of http_origin: which pages may connect, and by which names of ours.
 */
#include "http_origin.h"

#include "unit.h"

static const struct origin_row {
    const char *name;
    const char *allowed;
    const char *origin;
    const char *host;
    bool is_allowed;
} origin_rows[] = {
    {"own_host_is_welcome", "", "http://chat.example", "chat.example", true},
    {"own_host_and_port_are_welcome", "", "http://h:8000", "h:8000", true},
    {"own_host_over_tls_is_welcome", "", "https://chat.example", "chat.example", true},
    {"own_host_in_capitals_is_welcome", "", "http://Chat.Example", "chat.example", true},
    {"other_host_is_not", "", "http://evil.example", "chat.example", false},
    {"other_port_is_not", "", "http://h:8001", "h:8000", false},
    {"host_that_begins_the_same_is_not", "", "http://chat.example.evil", "chat.example", false},
    {"host_that_ends_the_same_is_not", "", "http://evilchat.example", "chat.example", false},
    {"part_of_the_host_is_not", "", "http://chat", "chat.example", false},
    {"origin_null_is_not", "", "null", "chat.example", false},
    {"origin_null_is_not_the_host_null_either", "", "null", "null", false},
    {"origin_without_scheme_is_not", "", "chat.example", "chat.example", false},
    {"empty_origin_is_not", "", "", "chat.example", false},
    {"star_welcomes_all", "*", "http://evil.example", "chat.example", true},
    {"star_welcomes_null", "*", "null", "chat.example", true},
    {"star_in_a_list_welcomes_all", "http://a, *", "http://b", "chat.example", true},
    {"star_within_a_word_is_no_star", "http://*.example", "http://b.example", "h", false},
    {"listed_origin_is_welcome", "http://a,http://b", "http://b", "chat.example", true},
    {"first_of_the_list_is_welcome", "http://a,http://b", "http://a", "chat.example", true},
    {"listed_origin_in_capitals_is_welcome", "http://a", "HTTP://A", "chat.example", true},
    {"blanks_in_the_list_do_not_count", " http://a ,\thttp://b ", "http://b", "h", true},
    {"own_host_is_welcome_beside_a_list", "http://a", "http://h", "h", true},
    {"unlisted_origin_is_not", "http://a,http://b", "http://c", "chat.example", false},
    {"listed_host_over_tls_is_another_origin", "http://a", "https://a", "h", false},
    {"beginning_of_a_listed_origin_is_not", "http://abc", "http://ab", "h", false},
    {"more_than_a_listed_origin_is_not", "http://ab", "http://abc", "h", false},
    {"empty_places_in_the_list_welcome_nobody", ",,", "", "h", false},
};

static void origin_is_judged(void **state)
{
    const struct origin_row *row = *state;
    assert_int_equal(
        http_origin_is_allowed(row->allowed, row->origin, row->host, HTTP_SCHEME_UNKNOWN),
        row->is_allowed);
}

static void scheme_counts_where_it_is_known(void **state)
{
    (void)state;
    assert_true(http_origin_is_allowed("", "https://h", "h", HTTP_SCHEME_TLS));
    assert_false(http_origin_is_allowed("", "http://h", "h", HTTP_SCHEME_TLS));
    assert_true(http_origin_is_allowed("", "http://h", "h", HTTP_SCHEME_PLAIN));
    assert_false(http_origin_is_allowed("", "https://h", "h", HTTP_SCHEME_PLAIN));
    assert_true(http_origin_is_allowed("http://h", "http://h", "h", HTTP_SCHEME_TLS));
}

static const struct host_row {
    const char *name;
    const char *hosts;
    const char *origins;
    const char *host;
    bool is_from_here;
    bool is_allowed;
} host_rows[] = {
    {"from_here_a_foreign_name_is_not_ours", "", "", "evil.example:8000", true, false},
    {"from_elsewhere_any_name_is", "", "", "chat.example:8000", false, true},
    {"localhost_is_ours", "", "", "localhost:8000", true, true},
    {"names_below_localhost_are_ours", "", "", "chat.LOCALHOST", true, true},
    {"name_that_ends_like_localhost_is_not", "", "", "a.notlocalhost", true, false},
    {"loopback_addresses_are_ours", "", "", "127.8.9.1:80", true, true},
    {"loopback_of_ipv6_is_ours", "", "", "[::1]:8000", true, true},
    {"an_address_cannot_be_pointed_elsewhere", "", "", "192.168.1.5:8000", true, true},
    {"nor_can_a_name_without_a_dot", "", "", "gateway:8000", true, true},
    {"a_dot_at_the_end_does_not_help", "", "", "evil.example.", true, false},
    {"host_of_an_allowed_origin_is_ours", "", "https://chat.example", "chat.example", true,
     true},
    {"its_port_does_not_count", "", "https://chat.example:99", "chat.example:8000", true, true},
    {"no_host_is_no_page", "", "", "", true, true},
    {"listed_host_is_ours", "a.example, b.example", "", "B.example:1", false, true},
    {"unlisted_host_is_not_from_anywhere", "a.example", "", "b.example", false, false},
    {"unlisted_address_is_not_with_a_list", "a.example", "", "192.168.1.5", false, false},
    {"this_machine_is_ours_with_a_list", "a.example", "", "localhost", true, true},
    {"star_is_all", "*", "", "evil.example", true, true},
    {"what_is_no_host_is_not", "", "", ":", true, false},
};

static void host_is_judged(void **state)
{
    const struct host_row *row = *state;
    assert_int_equal(
        http_origin_is_host_allowed(row->hosts, row->origins, row->host, row->is_from_here),
        row->is_allowed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(scheme_counts_where_it_is_known),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, origin_rows, origin_is_judged);
    UNIT_ADD_ROWS(&suite, host_rows, host_is_judged);
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "http_origin");
}
