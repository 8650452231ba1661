/*
 * Tests of http_head: requests taken apart.
 */
#include "http_head.h"

#include "mem.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* What is refused, and as what; 0: it is not. */
static const struct fault_row {
    const char *name;
    const char *text;
    int status;
} fault_rows[] = {
    {"short_request_is_taken", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
    {"line_feeds_alone_end_lines_too", "GET / HTTP/1.1\nHost: h\n\n", 0},
    {"old_version_needs_no_host", "GET / HTTP/1.0\r\n\r\n", 0},
    {"host_is_needed", "GET / HTTP/1.1\r\n\r\n", 400},
    {"two_hosts_are_one_too_many", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400},
    {"version_is_needed", "GET /\r\nHost: h\r\n\r\n", 400},
    {"another_protocol_is_not_taken", "GET / SIP/2.0\r\nHost: h\r\n\r\n", 400},
    {"another_version_is_not_spoken", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
    {"two_blanks_are_no_target", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"blank_in_the_target_is_refused", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"target_of_a_tunnel_is_refused", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"star_is_for_options", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"user_in_a_target_is_refused", "GET http://a@h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"address_in_an_argument_is_refused", "GET a?b=c://d/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"line_feed_in_a_path_is_refused", "GET /a%0Ab HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"return_in_a_query_is_refused", "GET /?a=%0db HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"zero_in_a_query_is_refused", "GET /?a=%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"escape_that_is_none_is_refused", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"escape_cut_off_is_refused", "GET /%4 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"blank_before_a_colon_is_refused", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
    {"folded_line_is_refused", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", 400},
    {"line_without_a_colon_is_refused", "GET / HTTP/1.1\r\nHost: h\r\nA\r\n\r\n", 400},
    {"return_in_a_value_is_refused", "GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n", 400},
    {"length_in_words_is_refused", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
     400},
    {"length_with_a_sign_is_refused",
     "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\n", 400},
    {"length_too_long_to_count_is_refused",
     "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
    {"two_lengths_that_differ_are_refused",
     "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
    {"two_lengths_that_agree_are_one",
     "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 0},
    {"length_beside_chunks_is_refused",
     "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
    {"chunks_in_the_old_version_are_refused",
     "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"another_coding_is_refused",
     "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"two_codings_are_refused",
     "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n",
     501},
};

static struct http_head head;
static char *bytes;

static struct http_fault parse(const char *text)
{
    size_t length = strlen(text);
    bytes = mem_strdup(text);
    assert_int_equal(http_head_find_end(bytes, length), length);
    return http_head_parse(&head, bytes, length);
}

static int forget(void **state)
{
    (void)state;
    free(bytes);
    bytes = NULL;
    return 0;
}

static void fault_is_found(void **state)
{
    const struct fault_row *row = *state;
    assert_int_equal(parse(row->text).status, row->status);
    forget(NULL);
}

/* How a target is understood. */
static const struct target_row {
    const char *name;
    const char *target;
    const char *path;
    const char *host;
    const char *argument; /* "a"; NULL: there is none */
} target_rows[] = {
    {"path_is_itself", "/health", "/health", "h", NULL},
    {"path_is_decoded", "/a%20b", "/a b", "h", NULL},
    {"plus_in_a_path_is_a_plus", "/a+b", "/a+b", "h", NULL},
    {"double_slashes_are_one", "//a///b", "/a/b", "h", NULL},
    {"dots_go_nowhere", "/./a/./b", "/a/b", "h", NULL},
    {"two_dots_go_up", "/a/../b", "/b", "h", NULL},
    {"nothing_is_above_the_root", "/../../a", "/a", "h", NULL},
    {"two_dots_at_the_end_go_up", "/a/b/..", "/a/", "h", NULL},
    {"argument_is_found", "/?a=1", "/", "h", "1"},
    {"argument_is_decoded", "/?b=2&a=x%26y+z", "/", "h", "x&y z"},
    {"first_of_two_arguments_counts", "/?a=1&a=2", "/", "h", "1"},
    {"longer_name_is_another", "/?aa=1", "/", "h", NULL},
    {"argument_without_a_value_is_none", "/?a", "/", "h", NULL},
    {"whole_address_names_the_host", "http://other:80/health?a=1", "/health", "other:80", "1"},
    {"whole_address_needs_no_path", "http://other", "/", "other", NULL},
    {"nor_does_it_with_a_query", "http://other?a=1", "/", "other", "1"},
};

static void target_is_understood(void **state)
{
    const struct target_row *row = *state;
    char *text = mem_printf("GET %s HTTP/1.1\r\nHost: h\r\n\r\n", row->target);
    assert_int_equal(parse(text).status, 0);
    assert_string_equal(http_head_path(&head), row->path);
    assert_string_equal(http_head_host(&head), row->host);
    char *argument = http_head_argument(&head, "a");
    if (row->argument)
        assert_string_equal(argument, row->argument);
    else
        assert_null(argument);
    free(argument);
    free(text);
    forget(NULL);
}

static void white_space_around_values_does_not_count(void **state)
{
    (void)state;
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost:h \r\nX-API-Key: \t k \t\r\n\r\n").status,
                     0);
    assert_string_equal(http_head_find(&head, "x-api-key"), "k");
    assert_string_equal(http_head_host(&head), "h");
}

static void lists_go_over_several_lines(void **state)
{
    (void)state;
    const char *text =
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: , a\r\nCONNECTION: close ,\r\n\r\n";
    assert_int_equal(parse(text).status, 0);
    assert_true(http_head_has_word(&head, "connection", "a"));
    assert_false(head.is_persistent);
    char *list = http_head_join(&head, "connection");
    assert_string_equal(list, ", a,close ,");
    free(list);
}

static void persistence_depends_on_the_version(void **state)
{
    (void)state;
    (void)parse("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(head.is_persistent);
    forget(NULL);
    (void)parse("GET / HTTP/1.0\r\n\r\n");
    assert_false(head.is_persistent);
    forget(NULL);
    (void)parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    assert_true(head.is_persistent);
}

static void star_is_the_path_of_options(void **state)
{
    (void)state;
    assert_int_equal(parse("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").status, 0);
    assert_string_equal(http_head_path(&head), "*");
}

static void head_ends_with_an_empty_line(void **state)
{
    (void)state;
    static const char text[] = "GET / HTTP/1.1\r\nA: b\r\n\r\nGET";
    size_t end = sizeof(text) - 4;
    for (size_t length = 0; length < end; length++)
        assert_int_equal(http_head_find_end(text, length), 0);
    assert_int_equal(http_head_find_end(text, end), end);
    assert_int_equal(http_head_find_end(text, sizeof(text) - 1), end);
}

static void fields_have_an_end(void **state)
{
    (void)state;
    char *text = mem_strdup("GET / HTTP/1.1\r\n");
    for (int i = 0; i <= HTTP_FIELDS_MAX; i++) {
        char *longer = mem_printf("%sA: b\r\n", text);
        free(text);
        text = longer;
    }
    char *whole = mem_printf("%s\r\n", text);
    assert_int_equal(parse(whole).status, 431);
    free(whole);
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(white_space_around_values_does_not_count, forget),
        cmocka_unit_test_teardown(lists_go_over_several_lines, forget),
        cmocka_unit_test_teardown(persistence_depends_on_the_version, forget),
        cmocka_unit_test_teardown(star_is_the_path_of_options, forget),
        cmocka_unit_test_teardown(head_ends_with_an_empty_line, forget),
        cmocka_unit_test_teardown(fields_have_an_end, forget),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, fault_rows, fault_is_found);
    UNIT_ADD_ROWS(&suite, target_rows, target_is_understood);
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "http_head");
}
