/*
 * Tests of config: who beats whom, what is refused and in which words, and what is printed.
 */
#include "config.h"

#include "config_file.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 8, PATH_BYTES = 64 };

/* ---------------------------------------------------------------------------- the file */

static char file_path[PATH_BYTES];

static void write_file(const char *content, size_t length)
{
    (void)snprintf(file_path, sizeof(file_path), "/tmp/parley-unit-XXXXXX");
    int descriptor = mkstemp(file_path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, content, length), length);
    close(descriptor);
}

static void remove_file(void)
{
    if (file_path[0])
        (void)unlink(file_path);
    file_path[0] = '\0';
}

static int tear_down(void **state)
{
    (void)state;
    remove_file();
    return 0;
}

/* ------------------------------------------------------------------------------ loading */

struct source {
    const char *const *flags;       /* NULL at the end */
    const char *const *environment; /* NULL at the end */
    const char *file;               /* content; NULL: none */
};

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool load(const struct source *source, struct config *config, char **ret_error)
{
    static const char *const nothing[] = {NULL};
    const char *arguments[ARGUMENTS_MAX] = {"parleyd"};
    int count = 1;
    if (source->file) {
        write_file(source->file, strlen(source->file));
        arguments[count++] = "--config";
        arguments[count++] = file_path;
    }
    for (const char *const *flag = source->flags; flag && *flag; flag++)
        arguments[count++] = *flag;
    const char *const *environment = source->environment ? source->environment : nothing;
    return config_load(config, count, (char **)arguments, (char **)environment, ret_error);
}

static void load_well(const struct source *source, struct config *config)
{
    char *error = NULL;
    if (!load(source, config, &error)) {
        print_error("%s\n", error);
        free(error);
        config_finish(config);
        fail();
    }
}

static int64_t idle_timeout_of(const struct source *source)
{
    struct config config;
    load_well(source, &config);
    int64_t ms = config.idle_timeout_ms;
    config_finish(&config);
    return ms;
}

/* --------------------------------------------------------------------------- precedence */

static void without_a_word_the_default_holds(void **state)
{
    (void)state;
    assert_int_equal(idle_timeout_of(&(struct source){.file = NULL}), 60000);
}

static void file_beats_default(void **state)
{
    (void)state;
    assert_int_equal(idle_timeout_of(&(struct source){.file = "{\"idle_timeout_ms\": 111}"}),
                     111);
}

static void environment_beats_file(void **state)
{
    (void)state;
    const struct source source = {.environment = WORDS("PARLEY_IDLE_TIMEOUT_MS=222"),
                                  .file = "{\"idle_timeout_ms\": 111}"};
    assert_int_equal(idle_timeout_of(&source), 222);
}

static void flag_beats_environment(void **state)
{
    (void)state;
    const struct source source = {.flags = WORDS("--idle-timeout-ms", "333"),
                                  .environment = WORDS("PARLEY_IDLE_TIMEOUT_MS=222")};
    assert_int_equal(idle_timeout_of(&source), 333);
}

static void flag_beats_file(void **state)
{
    (void)state;
    const struct source source = {.flags = WORDS("--idle-timeout-ms", "333"),
                                  .file = "{\"idle_timeout_ms\": 111}"};
    assert_int_equal(idle_timeout_of(&source), 333);
}

static void last_flag_beats_the_first(void **state)
{
    (void)state;
    const struct source source = {.flags =
                                      WORDS("--idle-timeout-ms=333", "--idle-timeout-ms=444")};
    assert_int_equal(idle_timeout_of(&source), 444);
}

static void file_may_be_named_in_the_environment(void **state)
{
    (void)state;
    char variable[PATH_BYTES + 16];
    write_file("{\"idle_timeout_ms\": 111}", 24);
    (void)snprintf(variable, sizeof(variable), "PARLEY_CONFIG=%s", file_path);
    assert_int_equal(idle_timeout_of(&(struct source){.environment = WORDS(variable)}), 111);
}

static void option_not_given_keeps_its_default_beside_others(void **state)
{
    (void)state;
    struct config config;
    load_well(&(struct source){.flags = WORDS("--history-size", "7")}, &config);
    assert_int_equal(config.history_size, 7);
    assert_string_equal(config.listen, "127.0.0.1:8000");
    config_finish(&config);
}

/* ---------------------------------------------------------------------------- how to say */

static void value_may_follow_an_equals_sign(void **state)
{
    (void)state;
    assert_int_equal(idle_timeout_of(&(struct source){.flags = WORDS("--idle-timeout-ms=333")}),
                     333);
}

static void value_may_be_empty(void **state)
{
    (void)state;
    struct config config;
    load_well(&(struct source){.flags = WORDS("--redis="),
                               .environment = WORDS("PARLEY_REDIS=redis://elsewhere")},
              &config);
    assert_string_equal(config.redis, "");
    config_finish(&config);
}

static void value_may_hold_an_equals_sign(void **state)
{
    (void)state;
    struct config config;
    load_well(&(struct source){.flags = WORDS("--redis=unix:///run/redis?db=1")}, &config);
    assert_string_equal(config.redis, "unix:///run/redis?db=1");
    config_finish(&config);
}

static void switch_needs_no_value(void **state)
{
    (void)state;
    struct config config;
    load_well(&(struct source){.flags = WORDS("--check-config", "--history-size", "7")},
              &config);
    assert_true(config.check_config);
    assert_int_equal(config.history_size, 7);
    config_finish(&config);
}

static void h_is_help(void **state)
{
    (void)state;
    struct config config;
    load_well(&(struct source){.flags = WORDS("-h")}, &config);
    assert_true(config.help);
    config_finish(&config);
}

static void list_in_a_file_is_joined(void **state)
{
    (void)state;
    struct config config;
    load_well(&(struct source){.file = "{\"allowed_origins\": [\"http://a\", \"http://b\"]}"},
              &config);
    assert_string_equal(config.allowed_origins, "http://a,http://b");
    config_finish(&config);
}

static void empty_list_in_a_file_is_nothing(void **state)
{
    (void)state;
    struct config config;
    load_well(&(struct source){.file = "{\"allowed_origins\": []}"}, &config);
    assert_string_equal(config.allowed_origins, "");
    config_finish(&config);
}

static void number_in_a_file_may_be_a_string(void **state)
{
    (void)state;
    assert_int_equal(
        idle_timeout_of(&(struct source){.file = "{\"idle_timeout_ms\": \"111\"}"}), 111);
}

static void foreign_variables_are_passed_over(void **state)
{
    (void)state;
    const struct source source = {.environment = WORDS("PATH=/bin", "parley_redis=x",
                                                       "PARLEYIDLE_TIMEOUT_MS=5", "PARLEYD=x",
                                                       "NOTHING", "XPARLEY_COLOUR=x")};
    assert_int_equal(idle_timeout_of(&source), 60000);
}

static void variables_of_our_other_programs_are_passed_over(void **state)
{
    (void)state;
    const struct source source = {
        .environment = WORDS("PARLEY_BIND=0.0.0.0", "PARLEY_PORT=8080", "PARLEY_NOFILE=20000",
                             "PARLEY_LB_MAXCONN=5", "PARLEY_BENCH=x", "PARLEY_BUILT=yes")};
    assert_int_equal(idle_timeout_of(&source), 60000);
}

static void variables_that_kubernetes_sets_for_services_are_passed_over(void **state)
{
    (void)state;
    const struct source source = {
        .environment = WORDS(
            "PARLEY_SERVICE_HOST=10.0.0.1", "PARLEY_SERVICE_PORT=80",
            "PARLEY_SERVICE_PORT_HTTP=80", "PARLEY_PORT=tcp://10.0.0.1:80",
            "PARLEY_PORT_80_TCP=tcp://10.0.0.1:80", "PARLEY_PORT_80_TCP_PROTO=tcp",
            "PARLEY_PORT_80_TCP_PORT=80", "PARLEY_PORT_80_TCP_ADDR=10.0.0.1",
            "PARLEY_INTERNAL_SERVICE_HOST=10.0.0.1", "PARLEY_INTERNAL_PORT=udp://10.0.0.1:80",
            "PARLEY_INTERNAL_PORT_80_UDP_ADDR=10.0.0.1")};
    assert_int_equal(idle_timeout_of(&source), 60000);
}

static void help_is_given_whatever_the_environment_says(void **state)
{
    (void)state;
    struct config config;
    load_well(
        &(struct source){.flags = WORDS("--help"), .environment = WORDS("PARLEY_COLOUR=red")},
        &config);
    assert_true(config.help);
    config_finish(&config);
}

static void toggle_may_be_set_anywhere(void **state)
{
    (void)state;
    const struct source sources[] = {
        {.flags = (const char *const[]){"--strict", NULL}},
        {.environment = (const char *const[]){"PARLEY_STRICT=on", NULL}},
        {.file = "{\"strict\": true}"}};
    for (size_t i = 0; i < UNIT_COUNT(sources); i++) {
        struct config config;
        load_well(&sources[i], &config);
        remove_file();
        assert_true(config.strict);
        config_finish(&config);
    }
}

/* ------------------------------------------------------------------------------ secrets */

static char *token_secret_from(const char *content, size_t length, char **ret_error)
{
    struct config config;
    char flag[PATH_BYTES + 32];
    char *secret = NULL;
    write_file(content, length);
    (void)snprintf(flag, sizeof(flag), "--token-secret-file=%s", file_path);
    if (load(&(struct source){.flags = WORDS(flag)}, &config, ret_error))
        secret = strdup(config.token_secret);
    config_finish(&config);
    remove_file();
    return secret;
}

static const struct secret_row {
    const char *name;
    const char *content;
    const char *secret;
} secret_rows[] = {
    {"secret_is_what_the_file_holds", "abc", "abc"},
    {"line_end_of_a_secret_is_none_of_it", "abc\n", "abc"},
    {"line_end_of_windows_is_none_of_a_secret", "abc\r\n", "abc"},
    {"one_line_end_only_is_taken_off", "abc\n\n", "abc\n"},
    {"blanks_are_part_of_a_secret", " a b ", " a b "},
};

static void secret_is_read_from_a_file(void **state)
{
    const struct secret_row *row = *state;
    char *error = NULL;
    char *secret = token_secret_from(row->content, strlen(row->content), &error);
    assert_null(error);
    assert_string_equal(secret, row->secret);
    free(secret);
}

static void expect_no_secret(const char *content, size_t length, const char *said)
{
    char *error = NULL;
    char *secret = token_secret_from(content, length, &error);
    bool is_said = error && strstr(error, said) && strstr(error, "--token-secret-file: /tmp/");
    if (!is_said)
        print_error("%s\n", error ? error : secret);
    free(error);
    free(secret);
    assert_true(is_said);
}

static void file_that_holds_no_secret_is_refused(void **state)
{
    (void)state;
    static char much[20000];
    memset(much, 'a', sizeof(much));
    expect_no_secret("", 0, "is empty");
    expect_no_secret("\n", 1, "is empty");
    expect_no_secret("a\0b", 3, "octet 0");
    expect_no_secret(much, sizeof(much), "too long");
}

static void secrets_are_overwritten_where_they_were_given(void **state)
{
    (void)state;
    char flag[] = "--token-secret=top secret";
    char name[] = "--api-key";
    char key[] = "my key";
    char url[] = "--redis=redis://me:my word@host:6379/1";
    char other[] = "--node=n-1";
    char variable[] = "PARLEY_TOKEN_SECRET=top secret";
    char variable_url[] = "PARLEY_REDIS=rediss://word@host";
    char foreign[] = "SECRET=of another";
    char program[] = "parleyd";
    char *arguments[] = {program, flag, name, key, url, other, NULL};
    char *environment[] = {variable, variable_url, foreign, NULL};
    config_hide_secrets(6, arguments, environment);
    assert_string_equal(flag, "--token-secret=**********");
    assert_string_equal(key, "******");
    assert_string_equal(url, "--redis=redis://me:*******@host:6379/1");
    assert_string_equal(other, "--node=n-1");
    assert_string_equal(variable, "PARLEY_TOKEN_SECRET=**********");
    assert_string_equal(variable_url, "PARLEY_REDIS=rediss://****@host");
    assert_string_equal(foreign, "SECRET=of another");
}

static void secret_of_a_file_is_printed_as_the_file(void **state)
{
    (void)state;
    struct config config;
    char flag[PATH_BYTES + 32];
    write_file("abc", 3);
    (void)snprintf(flag, sizeof(flag), "--token-secret-file=%s", file_path);
    load_well(&(struct source){.flags = WORDS(flag)}, &config);
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    config_print(&config, out);
    (void)fclose(out);
    config_finish(&config);
    bool is_right = strstr(text, "\"token_secret\": \"\"") && strstr(text, file_path);
    free(text);
    assert_true(is_right);
}

/* ------------------------------------------------------------------------------ warnings */

static const struct warning_row {
    const char *name;
    const char *flags[3];
    const char *said; /* NULL: nothing is */
} warning_rows[] = {
    {"defaults_are_not_warned_of", {NULL}, NULL},
    {"secret_of_31_octets_is_weak",
     {"--token-secret=0123456789012345678901234567890"},
     "--token-secret is weak"},
    {"secret_of_32_octets_is_not", {"--token-secret=01234567890123456789012345678901"}, NULL},
    {"key_of_15_octets_is_weak", {"--api-key=012345678901234"}, "--api-key is weak"},
    {"key_of_16_octets_is_not", {"--api-key=0123456789012345"}, NULL},
    {"anonymous_without_a_key_says_nothing",
     {"--anonymous=on"},
     "--anonymous on has no effect"},
    {"public_address_without_a_key_is_open_to_all",
     {"--listen=0.0.0.0:8000"},
     "under any name"},
    {"public_address_with_a_key_is_not",
     {"--listen=0.0.0.0:8000", "--token-secret=01234567890123456789012345678901"},
     NULL},
};

static void take_warning(void *context, const char *text)
{
    char **first = context;
    if (!*first)
        *first = strdup(text);
}

static void unwise_configuration_is_warned_of(void **state)
{
    const struct warning_row *row = *state;
    struct config config;
    char *first = NULL;
    load_well(&(struct source){.flags = row->flags}, &config);
    size_t count = config_warn(&config, take_warning, &first);
    config_finish(&config);
    assert_int_equal(count, row->said ? 1 : 0);
    assert_true(!row->said || strstr(first, row->said));
    free(first);
}

static void strict_refuses_what_is_warned_of(void **state)
{
    const struct warning_row *row = *state;
    struct config config;
    char *error = NULL;
    const char *flags[5] = {"--strict"};
    for (size_t i = 0; i < 3; i++)
        flags[i + 1] = row->flags[i];
    bool is_loaded = load(&(struct source){.flags = flags}, &config, &error);
    config_finish(&config);
    assert_true(row->said ? !is_loaded && strstr(error, row->said) : is_loaded);
    free(error);
}

static void file_that_others_can_read_is_warned_of(void **state)
{
    (void)state;
    struct config config;
    char flag[PATH_BYTES + 32];
    char *first = NULL;
    write_file("0123456789abcdef", 16);
    (void)snprintf(flag, sizeof(flag), "--api-key-file=%s", file_path);
    load_well(&(struct source){.flags = WORDS(flag)}, &config);
    assert_int_equal(config_warn(&config, take_warning, &first), 0);
    assert_int_equal(chmod(file_path, 0644), 0);
    assert_int_equal(config_warn(&config, take_warning, &first), 1);
    config_finish(&config);
    assert_non_null(strstr(first, "can be read by every user"));
    free(first);
}

/* ------------------------------------------------------------------------------- origins */

static const struct origin_row {
    const char *name;
    const char *list;
    const char *said; /* NULL: it is right */
} origin_rows[] = {
    {"origin_of_a_page_is_right", "https://chat.example", NULL},
    {"origin_with_a_port_is_right", "http://chat.example:8080, http://[::1]:8080", NULL},
    {"all_origins_are_right", "*", NULL},
    {"origin_of_a_sandbox_is_right", "null", NULL},
    {"origin_of_an_app_is_right", "capacitor://localhost,chrome-extension://abcdef", NULL},
    {"origin_of_files_is_right", "file://", NULL},
    {"host_alone_is_no_origin", "https://a.example,chat.example", "\"chat.example\""},
    {"slash_at_the_end_is_no_origin", "https://chat.example/", "without a slash"},
    {"path_is_no_origin", "https://chat.example/chat", "without a slash or path"},
    {"wildcard_is_no_origin", "https://*.chat.example", "one by one"},
    {"scheme_alone_is_no_origin", "https://", "names a host"},
    {"no_scheme_is_no_origin", "://chat.example", "begins with its scheme"},
    {"query_is_no_origin", "https://chat.example?x", "a scheme, a host"},
    {"user_is_no_origin", "https://me@chat.example", "a scheme, a host"},
    {"port_of_https_is_not_sent", "https://chat.example:443", "leave out the port"},
    {"port_of_http_is_not_sent", "http://chat.example:80", "leave out the port"},
    {"other_alphabet_is_not_sent", "https://ch\xc3\xa4t.example", "xn--"},
};

static const struct origin_row host_rows[] = {
    {"host_is_right", "chat.example, admin.example:8443, [::1]", NULL},
    {"all_hosts_are_right", "*", NULL},
    {"origin_stands_for_its_host", "https://chat.example", NULL},
    {"wildcard_is_no_host", "*.chat.example", "one by one"},
    {"path_is_no_host", "https://chat.example/", "a name or an address"},
    {"scheme_alone_is_no_host", "https://", "a name or an address"},
    {"other_alphabet_is_no_host", "ch\xc3\xa4t.example", "xn--"},
};

static void check_list(const char *flag, const struct origin_row *row)
{
    struct config config;
    char *error = NULL;
    bool is_loaded = load(&(struct source){.flags = WORDS(flag, row->list)}, &config, &error);
    config_finish(&config);
    bool is_right =
        row->said ? !is_loaded && strstr(error, row->said) && strstr(error, flag) : is_loaded;
    if (!is_right)
        print_error("%s\n", error ? error : "taken");
    free(error);
    assert_true(is_right);
}

static void origin_that_can_never_match_is_refused(void **state)
{
    check_list("--allowed-origins", *state);
}

static void host_that_can_never_match_is_refused(void **state)
{
    check_list("--allowed-hosts", *state);
}

/* ------------------------------------------------------------------------------- errors */

static const struct error_row {
    const char *name;
    const char *flags[3];
    const char *variable;
    const char *file;
    const char *said[3]; /* what the error must hold */
} error_rows[] = {
    {"unknown_flag_is_named", {"--colour=red"}, NULL, NULL, {"unknown option", "--colour"}},
    {"prefix_of_a_flag_is_unknown", {"--idle"}, NULL, NULL, {"unknown option", "--idle"}},
    {"flag_with_underscores_is_unknown",
     {"--idle_timeout_ms=5000"},
     NULL,
     NULL,
     {"unknown option", "--idle_timeout_ms"}},
    {"a_type_of_files_that_is_none_is_named",
     {"--files-types=image/png,png"},
     NULL,
     NULL,
     {"--files-types", "image/png,png"}},
    {"a_proxy_that_is_no_address_is_named",
     {"--trusted-proxies=localhost"},
     NULL,
     NULL,
     {"--trusted-proxies", "localhost"}},
    {"a_file_longer_than_all_may_be_is_refused",
     {"--files-total-bytes=65536"},
     NULL,
     NULL,
     {"--files-total-bytes", "--files-max-bytes"}},
    {"a_file_is_not_longer_than_8_mib",
     {"--files-max-bytes=8388609"},
     NULL,
     NULL,
     {"--files-max-bytes", "8388608"}},
    {"two_dashes_alone_are_unknown", {"--"}, NULL, NULL, {"unknown option"}},
    {"single_dash_is_unexpected", {"-x"}, NULL, NULL, {"unexpected argument", "-x"}},
    {"word_is_unexpected", {"listen"}, NULL, NULL, {"unexpected argument", "listen"}},
    {"flag_at_the_end_needs_a_value", {"--listen"}, NULL, NULL, {"--listen needs a value"}},
    {"flag_before_a_flag_needs_a_value",
     {"--listen", "--help"},
     NULL,
     NULL,
     {"--listen needs a value"}},
    {"word_for_a_number_is_refused",
     {"--idle-timeout-ms", "soon"},
     NULL,
     NULL,
     {"--idle-timeout-ms", "whole number from 100", "\"soon\""}},
    {"number_below_is_refused",
     {"--idle-timeout-ms", "99"},
     NULL,
     NULL,
     {"--idle-timeout-ms", "whole number", "\"99\""}},
    {"number_above_is_refused",
     {"--history-size", "10001"},
     NULL,
     NULL,
     {"--history-size", "from 0 to 10000", "\"10001\""}},
    {"number_with_a_unit_is_refused",
     {"--idle-timeout-ms", "5s"},
     NULL,
     NULL,
     {"--idle-timeout-ms", "whole number", "\"5s\""}},
    {"address_without_port_is_refused",
     {"--listen", "127.0.0.1"},
     NULL,
     NULL,
     {"--listen", "ADDRESS:PORT", "\"127.0.0.1\""}},
    {"unknown_choice_is_refused",
     {"--log-level", "loud"},
     NULL,
     NULL,
     {"--log-level", "error|warn|info|debug", "\"loud\""}},
    {"beginning_of_a_choice_is_refused",
     {"--log-level", "deb"},
     NULL,
     NULL,
     {"--log-level", "\"deb\""}},
    {"two_choices_are_refused", {"--log-level", "warn|info"}, NULL, NULL, {"--log-level"}},
    {"empty_choice_is_refused", {"--log-level="}, NULL, NULL, {"--log-level"}},
    {"blank_in_a_name_is_refused", {"--node", "a b"}, NULL, NULL, {"--node", "\"a b\""}},
    {"empty_prefix_is_refused", {"--redis-prefix="}, NULL, NULL, {"--redis-prefix"}},
    {"switch_with_a_word_is_refused",
     {"--help=perhaps"},
     NULL,
     NULL,
     {"--help", "true or false", "\"perhaps\""}},
    {"flag_that_is_nearly_right_is_suggested",
     {"--history-sise=5"},
     NULL,
     NULL,
     {"unknown option \"--history-sise\"", "did you mean --history-size?"}},
    {"flag_that_is_like_none_is_not",
     {"--colour=5"},
     NULL,
     NULL,
     {"unknown option \"--colour\""}},
    {"unknown_variable_is_named_and_the_right_one_suggested",
     {NULL},
     "PARLEY_HISTROY_SIZE=5",
     NULL,
     {"unknown variable PARLEY_HISTROY_SIZE", "did you mean PARLEY_HISTORY_SIZE?"}},
    {"variable_without_a_name_is_unknown", {NULL}, "PARLEY_=5", NULL, {"PARLEY_"}},
    {"variable_of_a_switch_is_unknown",
     {NULL},
     "PARLEY_HELP=true",
     NULL,
     {"PARLEY_HELP", "--help is for the command line only"}},
    {"variable_like_a_port_is_unknown", {NULL}, "PARLEY_LISTEN_PORT=80", NULL, {"unknown"}},
    {"secret_and_its_file_are_too_much",
     {"--token-secret=a", "--token-secret-file=/dev/null"},
     NULL,
     NULL,
     {"--token-secret and --token-secret-file are both given"}},
    {"secret_of_the_environment_and_file_are_too_much",
     {"--api-key-file=/dev/null"},
     "PARLEY_API_KEY=a",
     NULL,
     {"--api-key and --api-key-file are both given"}},
    {"missing_file_of_a_secret_is_named",
     {"--redis-password-file=/nonexistent/secret"},
     NULL,
     NULL,
     {"--redis-password-file", "/nonexistent/secret", "No such file"}},
    {"folder_as_a_secret_is_named",
     {"--redis-password-file=/tmp"},
     NULL,
     NULL,
     {"--redis-password-file: /tmp cannot be read"}},
    {"toggle_with_a_word_is_refused",
     {NULL},
     "PARLEY_STRICT=perhaps",
     NULL,
     {"PARLEY_STRICT must be on or off"}},
    {"variable_is_named_as_written",
     {NULL},
     "PARLEY_IDLE_TIMEOUT_MS=soon",
     NULL,
     {"PARLEY_IDLE_TIMEOUT_MS", "whole number", "\"soon\""}},
    {"variable_with_a_bad_address_is_named",
     {NULL},
     "PARLEY_INTERNAL=nowhere",
     NULL,
     {"PARLEY_INTERNAL", "ADDRESS:PORT"}},
    {"bad_variable_is_refused_even_if_a_flag_beats_it",
     {"--idle-timeout-ms=5000"},
     "PARLEY_IDLE_TIMEOUT_MS=soon",
     NULL,
     {"PARLEY_IDLE_TIMEOUT_MS"}},
    {"file_key_is_named",
     {NULL},
     NULL,
     "{\"idle_timeout_ms\": 5}",
     {"/tmp/parley-unit-", "\"idle_timeout_ms\"", "\"5\""}},
    {"unknown_file_key_is_named",
     {NULL},
     NULL,
     "{\"colour\": 5}",
     {"/tmp/parley-unit-", "unknown option \"colour\""}},
    {"file_key_with_dashes_is_unknown",
     {NULL},
     NULL,
     "{\"idle-timeout-ms\": 5000}",
     {"unknown option \"idle-timeout-ms\""}},
    {"switch_in_a_file_is_unknown", {NULL}, NULL, "{\"help\": true}", {"\"help\""}},
    {"file_in_a_file_is_unknown", {NULL}, NULL, "{\"config\": \"x\"}", {"\"config\""}},
    {"fraction_in_a_file_is_refused",
     {NULL},
     NULL,
     "{\"idle_timeout_ms\": 5000.5}",
     {"\"idle_timeout_ms\"", "whole number"}},
    {"null_in_a_file_is_refused",
     {NULL},
     NULL,
     "{\"listen\": null}",
     {"\"listen\"", "must be a string"}},
    {"object_in_a_file_is_refused",
     {NULL},
     NULL,
     "{\"listen\": {}}",
     {"\"listen\"", "must be a string"}},
    {"list_of_numbers_in_a_file_is_refused",
     {NULL},
     NULL,
     "{\"allowed_origins\": [1]}",
     {"\"allowed_origins\"", "list of strings"}},
    {"key_that_stands_twice_is_refused",
     {NULL},
     NULL,
     "{\"listen\": \"127.0.0.1:1\",\n \"listen\": \"127.0.0.1:2\"}",
     {"/tmp/parley-unit-", "line 2", "duplicate"}},
    {"file_that_is_no_json_is_refused_with_its_line",
     {NULL},
     NULL,
     "{\n\"listen\" 5\n}",
     {"/tmp/parley-unit-", "line 2"}},
    {"empty_file_is_refused", {NULL}, NULL, "", {"/tmp/parley-unit-"}},
    {"file_that_is_a_list_is_refused", {NULL}, NULL, "[]", {"must hold a JSON object"}},
    {"missing_file_is_named",
     {"--config", "/nonexistent/parley.json"},
     NULL,
     NULL,
     {"/nonexistent/parley.json", "No such file"}},
    {"folder_as_file_is_named", {"--config", "/tmp"}, NULL, NULL, {"/tmp: "}},
    {"lease_shorter_than_two_renewals_is_refused",
     {"--lease-ttl-ms=1000", "--lease-renew-ms=501"},
     NULL,
     NULL,
     {"--lease-ttl-ms", "--lease-renew-ms"}},
    {"backlog_shorter_than_a_message_is_refused",
     {"--max-backlog-bytes=1024", "--max-message-bytes=1025"},
     NULL,
     NULL,
     {"--max-backlog-bytes", "--max-message-bytes"}},
    {"one_address_for_both_ports_is_refused",
     {"--listen=127.0.0.1:9000"},
     NULL,
     NULL,
     {"--listen", "--internal"}},
};

static void wrong_configuration_is_refused(void **state)
{
    const struct error_row *row = *state;
    const char *const environment[] = {row->variable, NULL};
    const struct source source = {row->flags, environment, row->file};
    struct config config;
    char *error = NULL;
    bool is_loaded = load(&source, &config, &error);
    config_finish(&config);
    remove_file();
    assert_false(is_loaded);
    assert_non_null(error);
    assert_null(strchr(error, '\n')); /* one line */
    for (size_t i = 0; i < 3 && row->said[i]; i++) {
        if (!strstr(error, row->said[i]))
            fail_msg("\"%s\" is not in: %s", row->said[i], error);
    }
    free(error);
}

static void file_that_is_too_large_is_refused(void **state)
{
    (void)state;
    struct config config;
    char *error = NULL;
    char *blanks = malloc(CONFIG_FILE_BYTES_MAX + 1);
    memset(blanks, ' ', CONFIG_FILE_BYTES_MAX + 1);
    write_file(blanks, CONFIG_FILE_BYTES_MAX + 1);
    free(blanks);
    assert_false(
        load(&(struct source){.flags = WORDS("--config", file_path)}, &config, &error));
    config_finish(&config);
    assert_non_null(strstr(error, "larger than"));
    free(error);
}

/* ----------------------------------------------------------------------------- passwords */

static const struct mask_row {
    const char *name;
    const char *url;
    const char *masked;
} mask_rows[] = {
    {"mask_leaves_nothing_as_it_is", "", ""},
    {"mask_leaves_host_and_port", "redis://host:6379/2", "redis://host:6379/2"},
    {"mask_leaves_a_socket", "unix:///run/redis.sock", "unix:///run/redis.sock"},
    {"mask_hides_user_and_password_s_password", "redis://me:secret@host",
     "redis://me:***@host"},
    {"mask_hides_the_password_before_a_port", "redis://me:secret@host:6379/2",
     "redis://me:***@host:6379/2"},
    {"mask_hides_a_password_without_user", "redis://:secret@host:6379",
     "redis://:***@host:6379"},
    {"mask_hides_a_password_with_a_colon", "redis://me:se:cret@host", "redis://me:***@host"},
    {"mask_hides_a_password_with_an_at_sign", "redis://me:secret@secret@host:1",
     "redis://me:***@host:1"},
    {"mask_hides_a_password_over_tls", "rediss://me:secret@host:6379",
     "rediss://me:***@host:6379"},
    {"mask_hides_the_password_of_a_socket", "unix://me:secret@/run/redis.sock?db=1",
     "unix://me:***@/run/redis.sock?db=1"},
    {"mask_hides_the_password_before_ipv6", "redis://me:secret@[::1]:6379",
     "redis://me:***@[::1]:6379"},
};

static void password_is_masked(void **state)
{
    const struct mask_row *row = *state;
    char *masked = config_mask_url(row->url);
    bool is_right = strcmp(masked, row->masked) == 0;
    if (!is_right)
        print_error("    %s\n    instead of %s\n", masked, row->masked);
    free(masked);
    assert_true(is_right);
}

/* What stands before the @ without a colon is a password, too: see redis_url.h. */
static void mask_hides_a_password_without_a_colon(void **state)
{
    (void)state;
    char *masked = config_mask_url("redis://secret@host:6379");
    bool is_hidden = !strstr(masked, "secret");
    free(masked);
    assert_true(is_hidden);
}

/* ------------------------------------------------------------------------------ printing */

static char *print(const struct config *config)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    config_print(config, out);
    (void)fclose(out);
    return text;
}

static void what_is_printed_is_read_back_the_same(void **state)
{
    (void)state;
    struct config config;
    load_well(&(struct source){.flags = WORDS("--node", "n-1", "--redis-ca=/a \"b\"\\c",
                                              "--history-size=7", "--log-format=json")},
              &config);
    char *printed = print(&config);
    config_finish(&config);
    load_well(&(struct source){.file = printed}, &config);
    char *again = print(&config);
    config_finish(&config);
    bool is_same = strcmp(printed, again) == 0;
    bool has_value = strstr(printed, "\"history_size\": 7") != NULL;
    free(printed);
    free(again);
    assert_true(is_same);
    assert_true(has_value);
}

static void printed_url_has_no_password(void **state)
{
    (void)state;
    struct config config;
    load_well(&(struct source){.flags = WORDS("--redis=redis://me:secret@10.0.0.1:6379/1")},
              &config);
    char *printed = print(&config);
    config_finish(&config);
    bool is_hidden = !strstr(printed, "secret@");
    free(printed);
    assert_true(is_hidden);
}

static void help_names_every_option_that_is_printed(void **state)
{
    (void)state;
    char *help = NULL;
    size_t length;
    FILE *out = open_memstream(&help, &length);
    config_print_help(out);
    (void)fclose(out);
    bool is_complete = strstr(help, "--listen ADDR:PORT") && strstr(help, "--redis URL") &&
                       strstr(help, "(default 60000)") && strstr(help, "--version\n");
    free(help);
    assert_true(is_complete);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(without_a_word_the_default_holds),
        TEST(file_beats_default),
        TEST(environment_beats_file),
        TEST(flag_beats_environment),
        TEST(flag_beats_file),
        TEST(last_flag_beats_the_first),
        TEST(file_may_be_named_in_the_environment),
        TEST(option_not_given_keeps_its_default_beside_others),
        TEST(value_may_follow_an_equals_sign),
        TEST(value_may_be_empty),
        TEST(value_may_hold_an_equals_sign),
        TEST(switch_needs_no_value),
        TEST(h_is_help),
        TEST(list_in_a_file_is_joined),
        TEST(empty_list_in_a_file_is_nothing),
        TEST(number_in_a_file_may_be_a_string),
        TEST(foreign_variables_are_passed_over),
        TEST(variables_of_our_other_programs_are_passed_over),
        TEST(variables_that_kubernetes_sets_for_services_are_passed_over),
        TEST(help_is_given_whatever_the_environment_says),
        TEST(toggle_may_be_set_anywhere),
        TEST(file_that_holds_no_secret_is_refused),
        TEST(secrets_are_overwritten_where_they_were_given),
        TEST(secret_of_a_file_is_printed_as_the_file),
        TEST(file_that_others_can_read_is_warned_of),
        TEST(file_that_is_too_large_is_refused),
        TEST(mask_hides_a_password_without_a_colon),
        TEST(what_is_printed_is_read_back_the_same),
        TEST(printed_url_has_no_password),
        TEST(help_names_every_option_that_is_printed),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD(&suite, tests);
    UNIT_ADD_ROWS(&suite, error_rows, wrong_configuration_is_refused);
    UNIT_ADD_ROWS(&suite, mask_rows, password_is_masked);
    UNIT_ADD_ROWS(&suite, secret_rows, secret_is_read_from_a_file);
    UNIT_ADD_ROWS(&suite, warning_rows, unwise_configuration_is_warned_of);
    UNIT_ADD_ROWS(&suite, warning_rows, strict_refuses_what_is_warned_of);
    UNIT_ADD_ROWS(&suite, origin_rows, origin_that_can_never_match_is_refused);
    UNIT_ADD_ROWS(&suite, host_rows, host_that_can_never_match_is_refused);
    return unit_run(&suite, "config");
}
