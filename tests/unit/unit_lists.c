/*
 * Tests of what is written as lists separated by commas: words, media types, networks.
 */
#include "media_type.h"
#include "network.h"
#include "text_list.h"

#include "unit.h"

#include <string.h>

/* Does the list have the item? */
struct list_row {
    const char *name;
    const char *list;
    const char *item;
    bool has;
};

static const struct list_row words[] = {
    {"a_word_alone_is_found", "a", "a", true},
    {"a_word_among_others_is_found", "a,b,c", "b", true},
    {"blanks_around_words_do_not_count", " a ,\tb ,c ", "b", true},
    {"empty_places_do_not_count", ",,a,,", "a", true},
    {"case_does_not_count", "Upgrade", "upgrade", true},
    {"a_part_of_a_word_is_not_found", "abc", "ab", false},
    {"a_longer_word_is_not_found", "ab", "abc", false},
    {"nothing_is_in_an_empty_list", "", "a", false},
    {"nothing_is_found_by_nothing", "a,,b", "", false},
};

static void words_are_found(void **state)
{
    const struct list_row *row = *state;
    assert_int_equal(text_list_has(row->list, row->item), row->has);
}

static const struct list_row types[] = {
    {"a_type_is_found", "image/png,text/plain", "text/plain", true},
    {"case_of_types_does_not_count", "image/png", "IMAGE/PNG", true},
    {"a_star_takes_all_of_a_kind", "image/*", "image/webp", true},
    {"a_star_takes_no_other_kind", "image/*", "imagery/x", false},
    {"a_star_alone_takes_all", "*", "application/zip", true},
    {"another_type_is_not_found", "image/png", "image/jpeg", false},
    {"the_start_of_a_type_is_not_found", "image/png", "image/p", false},
    {"a_longer_type_is_not_found", "image/p", "image/png", false},
    {"no_type_is_in_an_empty_list", "", "image/png", false},
};

static void types_are_found(void **state)
{
    const struct list_row *row = *state;
    assert_int_equal(media_types_have(row->list, row->item), row->has);
}

static const struct list_row networks[] = {
    {"an_address_is_found", "10.0.0.1, 10.0.0.2", "10.0.0.2", true},
    {"another_address_is_not", "10.0.0.1", "10.0.0.2", false},
    {"a_network_has_its_addresses", "10.0.0.0/8", "10.200.3.4", true},
    {"a_network_has_no_others", "10.0.0.0/8", "11.0.0.1", false},
    {"bits_count_within_a_byte", "172.16.0.0/12", "172.31.255.255", true},
    {"bits_end_within_a_byte", "172.16.0.0/12", "172.32.0.0", false},
    {"zero_bits_are_all_of_ipv4", "0.0.0.0/0", "8.8.8.8", true},
    {"all_of_ipv4_is_not_ipv6", "0.0.0.0/0", "2001:db8::1", false},
    {"ipv6_is_found", "::1", "::1", true},
    {"an_ipv6_network_has_its_addresses", "2001:db8::/32", "2001:db8:ffff::1", true},
    {"an_ipv6_network_has_no_others", "2001:db8::/32", "2001:db9::1", false},
    {"an_ipv4_address_in_ipv6_is_the_same", "127.0.0.1", "::ffff:127.0.0.1", true},
    {"no_address_is_in_an_empty_list", "", "127.0.0.1", false},
};

static void networks_are_found(void **state)
{
    const struct list_row *row = *state;
    struct peer peer;
    assert_true(peer_parse(row->item, &peer));
    assert_int_equal(networks_have(row->list, &peer), row->has);
}

struct valid_row {
    const char *name;
    const char *text;
    bool is_valid;
};

static const struct valid_row type_rows[] = {
    {"image_png_is_a_type", "image/png", true},
    {"a_type_may_have_plus_and_dots", "application/vnd.a.b+json", true},
    {"a_type_needs_a_slash", "image", false},
    {"a_type_needs_a_kind", "/png", false},
    {"a_type_needs_a_name", "image/", false},
    {"a_type_has_no_star", "image/*", false},
    {"a_type_has_no_parameters", "text/plain;x", false},
    {"a_type_has_no_second_slash", "a/b/c", false},
    {"a_type_has_no_line_ends", "a/b\r\nc", false},
    {"a_type_has_no_octets_over_127", "a/\xc3\xbc", false},
    {"a_type_is_not_empty", "", false},
};

static void types_are_valid(void **state)
{
    const struct valid_row *row = *state;
    assert_int_equal(media_type_is_valid(row->text), row->is_valid);
}

static const struct valid_row type_lists[] = {
    {"types_kinds_and_a_star_may_be_listed", "a/b, c/*, *", true},
    {"no_type_may_be_listed", "", true},
    {"a_word_may_not_be_listed", "a/b,png", false},
    {"a_star_in_the_middle_may_not_be_listed", "a/*b", false},
};

static void type_lists_are_valid(void **state)
{
    const struct valid_row *row = *state;
    assert_int_equal(media_types_are_valid(row->text), row->is_valid);
}

static const struct valid_row network_lists[] = {
    {"addresses_and_networks_may_be_listed", "127.0.0.1,10.0.0.0/8,::1,fd00::/8", true},
    {"no_network_may_be_listed", "", true},
    {"a_name_may_not_be_listed", "localhost", false},
    {"more_bits_than_there_are_may_not", "10.0.0.0/33", false},
    {"more_bits_than_ipv6_has_may_not", "::1/129", false},
    {"bits_that_are_no_number_may_not", "10.0.0.0/x", false},
    {"a_slash_without_bits_may_not", "10.0.0.0/", false},
    {"a_port_may_not", "127.0.0.1:80", false},
    {"a_text_that_is_far_too_long_may_not",
     "1111111111111111111111111111111111111111111111111111111111111111111111", false},
};

static void network_lists_are_valid(void **state)
{
    const struct valid_row *row = *state;
    assert_int_equal(networks_are_valid(row->text), row->is_valid);
}

int main(void)
{
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, words, words_are_found);
    UNIT_ADD_ROWS(&suite, types, types_are_found);
    UNIT_ADD_ROWS(&suite, networks, networks_are_found);
    UNIT_ADD_ROWS(&suite, type_rows, types_are_valid);
    UNIT_ADD_ROWS(&suite, type_lists, type_lists_are_valid);
    UNIT_ADD_ROWS(&suite, network_lists, network_lists_are_valid);
    return unit_run(&suite, "lists");
}
