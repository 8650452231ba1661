/*
 * Tests of address: "HOST:PORT" in its parts.
 */
#include "address.h"

#include "unit.h"

static const struct good_row {
    const char *name;
    const char *text;
    const char *host;
    int port;
    bool is_ipv6;
    bool is_any;
    bool is_loopback;
} good_rows[] = {
    {"loopback_is_taken", "127.0.0.1:8000", "127.0.0.1", 8000, false, false, true},
    {"other_loopback_is_taken", "127.8.9.1:1", "127.8.9.1", 1, false, false, true},
    {"any_is_taken", "0.0.0.0:80", "0.0.0.0", 80, false, true, false},
    {"largest_port_is_taken", "10.1.2.3:65535", "10.1.2.3", 65535, false, false, false},
    {"ipv6_loopback_is_taken", "[::1]:8000", "::1", 8000, true, false, true},
    {"ipv6_any_is_taken", "[::]:8000", "::", 8000, true, true, false},
    {"ipv6_is_taken", "[2001:db8::17]:8000", "2001:db8::17", 8000, true, false, false},
    {"ipv6_any_in_full_is_taken", "[0:0:0:0:0:0:0:0]:80", "0:0:0:0:0:0:0:0", 80, true, true,
     false},
    {"ipv6_loopback_in_full_is_loopback", "[0:0:0:0:0:0:0:1]:80", "0:0:0:0:0:0:0:1", 80, true,
     false, true},
};

static void good_address_is_taken(void **state)
{
    const struct good_row *row = *state;
    struct address address;
    assert_true(address_parse(row->text, &address));
    assert_string_equal(address.host, row->host);
    assert_int_equal(address.port, row->port);
    assert_int_equal(address.is_ipv6, row->is_ipv6);
    assert_int_equal(address.is_any, row->is_any);
    assert_int_equal(address_is_loopback(&address), row->is_loopback);
}

static const struct bad_row {
    const char *name;
    const char *text;
} bad_rows[] = {
    {"nothing_is_refused", ""},
    {"missing_port_is_refused", "127.0.0.1"},
    {"empty_port_is_refused", "127.0.0.1:"},
    {"port_0_is_refused", "127.0.0.1:0"},
    {"port_65536_is_refused", "127.0.0.1:65536"},
    {"negative_port_is_refused", "127.0.0.1:-1"},
    {"word_as_port_is_refused", "127.0.0.1:http"},
    {"missing_host_is_refused", ":8000"},
    {"host_name_is_refused", "localhost:8000"},
    {"three_parts_are_refused", "127.0.1:8000"},
    {"part_over_255_is_refused", "127.0.0.256:8000"},
    {"blank_is_refused", " 127.0.0.1:8000"},
    {"ipv6_without_brackets_is_refused", "::1:8000"},
    {"ipv6_without_its_end_is_refused", "[::1:8000"},
    {"ipv6_without_port_is_refused", "[::1]"},
    {"empty_brackets_are_refused", "[]:8000"},
    {"bracket_alone_is_refused", "[:8000"},
    {"ipv4_in_brackets_is_refused", "[127.0.0.1]:8000"},
    {"text_after_the_bracket_is_refused", "[::1]x:8000"},
    {"host_too_long_is_refused",
     "111111111111111111111111111111111111111111111111111111111111111111111111111111:80"},
};

static void bad_address_is_refused(void **state)
{
    const struct bad_row *row = *state;
    struct address address = {.port = -77};
    assert_false(address_parse(row->text, &address));
    assert_int_equal(address.port, -77); /* untouched on failure */
}

int main(void)
{
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, good_rows, good_address_is_taken);
    UNIT_ADD_ROWS(&suite, bad_rows, bad_address_is_refused);
    return unit_run(&suite, "address");
}
