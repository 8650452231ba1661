/*
 * Tests of redis_url: where Redis is, and errors that do not give a password away.
 */
#include "redis_url.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* A struct redis_url of literals. */
struct expected_url {
    const char *host;
    const char *path;
    int port;
    int db;
    const char *user;
    const char *password;
    bool is_tls;
};

static const struct good_row {
    const char *name;
    const char *text;
    struct expected_url url;
} good_rows[] = {
    {"host_alone_has_the_default_port", "redis://10.0.0.1", {.host = "10.0.0.1", .port = 6379}},
    {"host_and_port_are_taken", "redis://redis:7000", {.host = "redis", .port = 7000}},
    {"largest_port_is_taken", "redis://h:65535", {.host = "h", .port = 65535}},
    {"database_is_taken", "redis://h:7000/3", {.host = "h", .port = 7000, .db = 3}},
    {"database_without_port_is_taken", "redis://h/3", {.host = "h", .port = 6379, .db = 3}},
    {"slash_at_the_end_is_taken", "redis://h:7000/", {.host = "h", .port = 7000}},
    {"tls_is_taken", "rediss://h:7000", {.host = "h", .port = 7000, .is_tls = true}},
    {"ipv6_is_taken", "redis://[::1]:7000/1", {.host = "::1", .port = 7000, .db = 1}},
    {"ipv6_without_port_is_taken",
     "redis://[2001:db8::7]",
     {.host = "2001:db8::7", .port = 6379}},
    {"user_and_password_are_taken",
     "redis://me:secret@h",
     {.host = "h", .port = 6379, .user = "me", .password = "secret"}},
    {"password_without_user_is_taken",
     "redis://:secret@h",
     {.host = "h", .port = 6379, .password = "secret"}},
    {"empty_password_is_taken",
     "redis://me:@h",
     {.host = "h", .port = 6379, .user = "me", .password = ""}},
    {"password_with_an_at_sign_is_taken",
     "redis://me:s@c@h:1",
     {.host = "h", .port = 1, .user = "me", .password = "s@c"}},
    {"password_with_a_colon_is_taken",
     "redis://me:s:c@h",
     {.host = "h", .port = 6379, .user = "me", .password = "s:c"}},
    {"password_with_a_slash_is_taken",
     "redis://me:s/c@h",
     {.host = "h", .port = 6379, .user = "me", .password = "s/c"}},
    {"percent_signs_are_decoded",
     "redis://m%65:s%40%2Fc%25@h",
     {.host = "h", .port = 6379, .user = "me", .password = "s@/c%"}},
    {"small_hex_digits_are_decoded",
     "redis://:%2f@h",
     {.host = "h", .port = 6379, .password = "/"}},
    {"user_and_password_before_ipv6_are_taken",
     "rediss://me:secret@[::1]:7000",
     {.host = "::1", .port = 7000, .user = "me", .password = "secret", .is_tls = true}},
    {"socket_is_taken", "unix:///run/redis.sock", {.path = "/run/redis.sock"}},
    {"database_of_a_socket_is_taken",
     "unix:///run/redis.sock?db=2",
     {.path = "/run/redis.sock", .db = 2}},
    {"password_of_a_socket_is_taken",
     "unix://:secret@/run/redis.sock",
     {.path = "/run/redis.sock", .password = "secret"}},
};

static void assert_same(const char *text, const char *expected)
{
    assert_int_equal(text == NULL, expected == NULL);
    if (expected)
        assert_string_equal(text, expected);
}

static void good_url_is_taken(void **state)
{
    const struct good_row *row = *state;
    struct redis_url url;
    char *error = NULL;
    if (!redis_url_parse(row->text, &url, &error))
        fail_msg("%s", error);
    assert_same(url.host, row->url.host);
    assert_same(url.path, row->url.path);
    assert_same(url.user, row->url.user);
    assert_same(url.password, row->url.password);
    assert_int_equal(url.port, row->url.port);
    assert_int_equal(url.db, row->url.db);
    assert_int_equal(url.is_tls, row->url.is_tls);
    redis_url_finish(&url);
}

static const struct bad_row {
    const char *name;
    const char *text;
    const char *said;
} bad_rows[] = {
    {"nothing_is_refused", "", "must begin with"},
    {"host_without_scheme_is_refused", "localhost:6379", "must begin with"},
    {"other_scheme_is_refused", "http://h", "must begin with"},
    {"missing_host_is_refused", "redis://", "host is missing"},
    {"port_alone_is_refused", "redis://:7000", "host is missing"},
    {"missing_host_after_a_password_is_refused", "redis://:secret@", "host is missing"},
    {"empty_brackets_are_refused", "redis://[]:7000", "host is missing"},
    {"empty_port_is_refused", "redis://h:", "port"},
    {"port_0_is_refused", "redis://h:0", "port"},
    {"port_65536_is_refused", "redis://h:65536", "port"},
    {"long_port_is_refused", "redis://h:0000000000006379", "port"},
    {"word_as_port_is_refused", "redis://h:redis", "port"},
    {"ipv6_without_brackets_is_refused", "redis://::1:7000", "host is missing"},
    {"ipv6_without_its_end_is_refused", "redis://[::1:7000", "port"},
    {"text_after_the_bracket_is_refused", "redis://[::1]x", "what follows the host"},
    {"word_as_database_is_refused", "redis://h/zero", "database"},
    {"negative_database_is_refused", "redis://h/-1", "database"},
    {"second_database_is_refused", "redis://h/1/2", "database"},
    {"password_with_half_a_percent_is_refused", "redis://me:secret%4@h", "password"},
    {"password_with_a_wrong_percent_is_refused", "redis://me:secret%zz@h", "password"},
    {"password_with_a_zero_octet_is_refused", "redis://me:secret%00@h", "password"},
    {"user_with_a_wrong_percent_is_refused", "redis://m%zz:secret@h", "user"},
    {"socket_without_a_path_is_refused", "unix://", "path of the socket"},
    {"socket_with_a_relative_path_is_refused", "unix://run/redis.sock", "path of the socket"},
    {"word_as_database_of_a_socket_is_refused", "unix:///run/redis.sock?db=x", "database"},
};

static void bad_url_is_refused(void **state)
{
    const struct bad_row *row = *state;
    struct redis_url url;
    char *error = NULL;
    assert_false(redis_url_parse(row->text, &url, &error));
    assert_non_null(strstr(error, "--redis"));
    assert_non_null(strstr(error, row->said));
    assert_null(strstr(error, "secret"));
    assert_null(strchr(error, '\n'));
    free(error);
}

static void finished_url_holds_nothing(void **state)
{
    (void)state;
    struct redis_url url;
    char *error = NULL;
    assert_true(redis_url_parse("redis://me:secret@h", &url, &error));
    redis_url_finish(&url);
    redis_url_finish(&url); /* and may be finished again */
    assert_null(url.password);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(finished_url_holds_nothing),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, good_rows, good_url_is_taken);
    UNIT_ADD_ROWS(&suite, bad_rows, bad_url_is_refused);
    return unit_run(&suite, "redis_url");
}
