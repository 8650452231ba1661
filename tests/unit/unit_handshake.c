/*
 * Tests of ws_handshake: which pages may connect.
 */
#include "ws_handshake.h"

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
    assert_int_equal(ws_handshake_is_origin_allowed(row->allowed, row->origin, row->host),
                     row->is_allowed);
}

int main(void)
{
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, origin_rows, origin_is_judged);
    return unit_run(&suite, "handshake");
}
