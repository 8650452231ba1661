/*
 * config - every option of parleyd, from one table; see config.h.
 *
 * Each source hands over pairs of name and text; set_option checks the text against the
 * table's row and stores it, unless a stronger source has spoken already.
 */
#include "config.h"

#include "address.h"
#include "config_file.h"
#include "media_type.h"
#include "mem.h"
#include "network.h"
#include "text.h"
#include "worker_page.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_BYTES_MAX = 64,
    NODE_BYTES_MAX = 80, /* a host's name, a port and a worker's number */
    PREFIX_BYTES_MAX = 64,
    MAX_COUNT = 10000000,
    FILES_BYTES_MAX = 8 << 20
};

enum option_kind {
    OPTION_TEXT,
    OPTION_NUMBER,
    OPTION_SWITCH,
    OPTION_ADDRESS,
    OPTION_CHOICE,
    OPTION_NAME,
    OPTION_SECRET, /* text that is never printed */
    OPTION_JSON,   /* an object; whoever uses it checks what it holds */
};
enum option_source { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct option {
    const char *name; /* as a flag, without the dashes */
    enum option_kind kind;
    size_t offset;
    const char *value; /* the default */
    int64_t min;
    int64_t max;
    const char *metavar; /* for a choice: the choices */
    const char *help;
};

#define AT(field) offsetof(struct config, field)

/* clang-format off */
static const struct option options[] = {
    {"config", OPTION_TEXT, AT(config_file), "", 0, 0, "FILE", "read options from a JSON file"},
    {"listen", OPTION_ADDRESS, AT(listen), "127.0.0.1:8000", 0, 0, "ADDR:PORT", "public port: the chat page, WebSockets and /health"},
    {"internal", OPTION_ADDRESS, AT(internal), "127.0.0.1:9000", 0, 0, "ADDR:PORT", "internal port: /health /ready /metrics"},
    {"node", OPTION_NAME, AT(node), "", 0, NODE_BYTES_MAX, "NAME", "name of this node, unique in the cluster (default HOSTNAME-PORT)"},
    {"workers", OPTION_NUMBER, AT(workers), "1", 1, WORKERS_MAX, "N", "processes that share the ports, each a node of its own (NAME-1, NAME-2, ...); above 1 with --redis only"},
    {"redis", OPTION_TEXT, AT(redis), "", 0, 0, "URL", "redis://[user:password@]host:port[/db], rediss://, unix:///path; none: one node, nothing shared"},
    {"redis-ca", OPTION_TEXT, AT(redis_ca), "", 0, 0, "FILE", "certificates to trust for rediss:// (default: the system's)"},
    {"redis-prefix", OPTION_NAME, AT(redis_prefix), "parley", 1, PREFIX_BYTES_MAX, "TEXT", "what every key in Redis begins with"},
    {"redis-timeout-ms", OPTION_NUMBER, AT(redis_timeout_ms), "5000", 50, MAX_COUNT, "MS", "deadline of one Redis command"},
    {"lease-ttl-ms", OPTION_NUMBER, AT(lease_ttl_ms), "8000", 200, MAX_COUNT, "MS", "how long a node that is silent counts as alive"},
    {"lease-renew-ms", OPTION_NUMBER, AT(lease_renew_ms), "2000", 50, MAX_COUNT, "MS", "how often a node renews its lease"},
    {"allowed-origins", OPTION_TEXT, AT(allowed_origins), "", 0, 0, "LIST", "origins that pages may connect from, separated by commas; * for all (default: the page's own host)"},
    {"max-connections", OPTION_NUMBER, AT(max_connections), "0", 0, MAX_COUNT, "N", "WebSocket connections; 0: as many as descriptors allow"},
    {"max-message-bytes", OPTION_NUMBER, AT(max_message_bytes), "65536", 16, MAX_COUNT, "BYTES", "longest message a client may send"},
    {"max-backlog-bytes", OPTION_NUMBER, AT(max_backlog_bytes), "1048576", 1024, 1LL << 30, "BYTES", "how far a connection may be behind before it is closed"},
    {"idle-timeout-ms", OPTION_NUMBER, AT(idle_timeout_ms), "60000", 100, 24LL * 3600 * 1000, "MS", "silence after which a connection is closed"},
    {"handshake-timeout-ms", OPTION_NUMBER, AT(handshake_timeout_ms), "10000", 1000, 600000, "MS", "time to finish a handshake or an HTTP request, in whole seconds"},
    {"drain-timeout-ms", OPTION_NUMBER, AT(drain_timeout_ms), "5000", 100, 24LL * 3600 * 1000, "MS", "time to say goodbye to all on SIGTERM"},
    {"history-size", OPTION_NUMBER, AT(history_size), "50", 0, 10000, "N", "messages a channel keeps for newcomers; 0: none"},
    {"history-ttl-s", OPTION_NUMBER, AT(history_ttl_s), "3600", 1, 31536000, "S", "how long they are kept after the last message"},
    {"presence-limit", OPTION_NUMBER, AT(presence_limit), "1000", 1, 100000, "N", "longest list of who is in a channel"},
    {"presence-names-limit", OPTION_NUMBER, AT(presence_names_limit), "1000", 0, 100000, "N", "users in a channel above which only their number is pushed, not who came or left"},
    {"presence-grace-ms", OPTION_NUMBER, AT(presence_grace_ms), "5000", 0, 600000, "MS", "a user who is back within it has neither left nor joined; 0: none"},
    {"presence-window-ms", OPTION_NUMBER, AT(presence_window_ms), "200", 0, 60000, "MS", "joins and leaves of this long are pushed together"},
    {"presence-events", OPTION_CHOICE, AT(presence_events), "user", 0, 0, "user|connection", "whether a user's first join and last leave are pushed, or those of each connection"},
    {"namespaces", OPTION_JSON, AT(namespaces), "", 0, 0, "JSON", "what holds for channels by the part of their name before the first colon: {\"chat\": {\"history_size\": 200}}"},
    {"flush-delay-ms", OPTION_NUMBER, AT(flush_delay_ms), "0", 0, 1000, "MS", "how long messages may wait for others, to leave together: fewer writes, later"},
    {"ping-interval-ms", OPTION_NUMBER, AT(ping_interval_ms), "25000", 1000, 3600000, "MS", "Centrifuge: how often the server pings, in whole seconds"},
    {"pong-timeout-ms", OPTION_NUMBER, AT(pong_timeout_ms), "8000", 100, 3600000, "MS", "Centrifuge: how long a client may take to answer"},
    {"luchat", OPTION_CHOICE, AT(luchat), "on", 0, 0, "on|off", "whether /ws is served"},
    {"page", OPTION_CHOICE, AT(page), "on", 0, 0, "on|off", "whether the chat page is served at / (it needs /ws)"},
    {"token-secret", OPTION_SECRET, AT(token_secret), "", 0, 0, "TEXT", "secret of tokens signed with HS256, HS384 or HS512"},
    {"token-rsa-key", OPTION_TEXT, AT(token_rsa_key), "", 0, 0, "FILE", "public key (PEM) of tokens signed with RS256"},
    {"token-ec-key", OPTION_TEXT, AT(token_ec_key), "", 0, 0, "FILE", "public key (PEM) of tokens signed with ES256"},
    {"token-audience", OPTION_TEXT, AT(token_audience), "", 0, 0, "TEXT", "audience that tokens must name (default: not checked)"},
    {"token-issuer", OPTION_TEXT, AT(token_issuer), "", 0, 0, "TEXT", "issuer that tokens must name (default: not checked)"},
    {"token-grace-s", OPTION_NUMBER, AT(token_grace_s), "25", 0, 3600, "S", "how long a connection outlives its token, for the client to show a new one"},
    {"anonymous", OPTION_CHOICE, AT(anonymous), "off", 0, 0, "on|off", "let clients in without a token although one of the keys above is given"},
    {"api-key", OPTION_SECRET, AT(api_key), "", 0, 0, "TEXT", "key of the server API on the internal port (default: no such API)"},
    {"files", OPTION_CHOICE, AT(files), "off", 0, 0, "on|off", "whether clients may share files: POST and GET /files"},
    {"files-max-bytes", OPTION_NUMBER, AT(files_max_bytes), "8388608", 1, FILES_BYTES_MAX, "BYTES", "longest file"},
    {"files-total-bytes", OPTION_NUMBER, AT(files_total_bytes), "268435456", 65536, 1LL << 40, "BYTES", "what all files together may take in the store"},
    {"files-ttl-s", OPTION_NUMBER, AT(files_ttl_s), "86400", 1, 31536000, "S", "how long a file is kept"},
    {"files-types", OPTION_TEXT, AT(files_types), "image/png,image/jpeg,image/gif,image/webp,application/pdf,text/plain,application/zip,audio/mpeg,video/mp4", 0, 0, "LIST", "types of files that may be shared, separated by commas; image/* for a kind, * for all"},
    {"files-per-minute", OPTION_NUMBER, AT(files_per_minute), "10", 1, 100000, "N", "files from one address in a minute"},
    {"trusted-proxies", OPTION_TEXT, AT(trusted_proxies), "", 0, 0, "LIST", "addresses or networks (10.0.0.0/8) of load balancers, whose X-Forwarded-For is believed"},
    {"log-level", OPTION_CHOICE, AT(log_level), "info", 0, 0, "error|warn|info|debug", "what is logged"},
    {"log-format", OPTION_CHOICE, AT(log_format), "logfmt", 0, 0, "logfmt|json", "how it is logged"},
    {"check-config", OPTION_SWITCH, AT(check_config), "", 0, 0, NULL, "check the configuration and exit"},
    {"print-config", OPTION_SWITCH, AT(print_config), "", 0, 0, NULL, "print the configuration in force as JSON and exit"},
    {"version", OPTION_SWITCH, AT(version), "", 0, 0, NULL, "print the version and exit"},
    {"help", OPTION_SWITCH, AT(help), "", 0, 0, NULL, "print this and exit"},
};
/* clang-format on */

enum { OPTION_COUNT = sizeof(options) / sizeof(options[0]) };

struct loader {
    struct config *config;
    enum option_source sources[OPTION_COUNT]; /* who has spoken for each option */
    enum option_source speaking;
};

static void *field_of(const struct option *option, const struct config *config)
{
    return (char *)config + option->offset;
}

static bool is_text(const struct option *option)
{
    return option->kind != OPTION_NUMBER && option->kind != OPTION_SWITCH;
}

/* Flags say idle-timeout-ms, files idle_timeout_ms: '-' and '_' are one here. */
static const struct option *find_option(const char *name, size_t length, char separator)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *own = options[i].name;
        size_t at = 0;
        while (at < length && own[at] && name[at] == (own[at] == '-' ? separator : own[at]))
            at++;
        if (at == length && !own[at])
            return &options[i];
    }
    return NULL;
}

static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);
    if (strchr(text, '|'))
        return false;
    for (const char *at = choices; at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, text, length) == 0 && (at[length] == '|' || !at[length]))
            return length > 0;
    }
    return false;
}

static bool is_name(const struct option *option, const char *text)
{
    size_t length = strlen(text);
    return (int64_t)length >= option->min && (int64_t)length <= option->max &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                        "-_.:") == length;
}

/* What is wrong with the text for this option, NULL if nothing. name: as the user wrote it.
 * *new* */
static char *check_text(const struct option *option, const char *name, const char *text)
{
    struct address address;
    int64_t number;
    switch (option->kind) {
    case OPTION_NUMBER:
        if (text_to_int(text, option->min, option->max, &number))
            return NULL;
        return mem_printf("%s must be a whole number from %lld to %lld, not \"%.100s\"", name,
                          (long long)option->min, (long long)option->max, text);
    case OPTION_ADDRESS:
        if (address_parse(text, &address))
            return NULL;
        return mem_printf("%s must be ADDRESS:PORT such as 127.0.0.1:8000 or [::1]:8000, not "
                          "\"%.100s\"",
                          name, text);
    case OPTION_CHOICE:
        if (is_choice(option->metavar, text))
            return NULL;
        return mem_printf("%s must be one of %s, not \"%.100s\"", name, option->metavar, text);
    case OPTION_NAME:
        if (is_name(option, text))
            return NULL;
        return mem_printf("%s must be %lld to %lld letters, digits or any of - _ . : and not "
                          "\"%.100s\"",
                          name, (long long)option->min, (long long)option->max, text);
    case OPTION_SWITCH:
        if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
            return NULL;
        return mem_printf("%s must be true or false, not \"%.100s\"", name, text);
    case OPTION_TEXT:
    case OPTION_SECRET:
    case OPTION_JSON:
        break;
    }
    return NULL;
}

static void store(const struct option *option, struct config *config, const char *text)
{
    void *field = field_of(option, config);
    if (option->kind == OPTION_NUMBER) {
        *(int64_t *)field = strtoll(text, NULL, 10);
    } else if (option->kind == OPTION_SWITCH) {
        *(bool *)field = strcmp(text, "true") == 0;
    } else {
        free(*(char **)field);
        *(char **)field = mem_strdup(text);
    }
}

static char *set_option(struct loader *loader, const struct option *option, const char *name,
                        const char *text)
{
    char *error = check_text(option, name, text);
    if (error)
        return error;
    size_t number = (size_t)(option - options);
    if (loader->speaking < loader->sources[number])
        return NULL;
    loader->sources[number] = loader->speaking;
    store(option, loader->config, text);
    return NULL;
}

static char *on_file_pair(void *context, const char *key, const char *text, bool is_object)
{
    const struct option *option = find_option(key, strlen(key), '_');
    if (!option || option->kind == OPTION_SWITCH || strcmp(key, "config") == 0)
        return mem_printf("unknown option \"%.100s\"", key);
    if (is_object && option->kind != OPTION_JSON)
        return mem_printf("\"%s\" must be a string, a number, true, false or a list", key);
    if (!is_object && option->kind == OPTION_JSON)
        return mem_printf("\"%s\" must be an object", key);
    char *quoted = mem_printf("\"%s\"", key);
    char *error = set_option(context, option, quoted, text);
    free(quoted);
    return error;
}

/* --name VALUE, --name=VALUE, or --switch; *at is moved past what was used. */
static char *read_flag(struct loader *loader, int argc, char **argv, int *at)
{
    const char *flag = argv[(*at)++];
    if (strcmp(flag, "-h") == 0)
        flag = "--help";
    if (strncmp(flag, "--", 2) != 0)
        return mem_printf("unexpected argument \"%.100s\"", flag);
    const char *equals = strchr(flag, '=');
    size_t length = equals ? (size_t)(equals - flag) - 2 : strlen(flag) - 2;
    const struct option *option = find_option(flag + 2, length, '-');
    if (!option)
        return mem_printf("unknown option \"%.*s\"", (int)strcspn(flag, "="), flag);
    char name[NAME_BYTES_MAX];
    (void)snprintf(name, sizeof(name), "--%s", option->name);
    if (option->kind == OPTION_SWITCH)
        return set_option(loader, option, name, equals ? equals + 1 : "true");
    if (equals)
        return set_option(loader, option, name, equals + 1);
    if (*at >= argc || strncmp(argv[*at], "--", 2) == 0)
        return mem_printf("%s needs a value", name);
    return set_option(loader, option, name, argv[(*at)++]);
}

static char *read_flags(struct loader *loader, int argc, char **argv)
{
    char *error = NULL;
    loader->speaking = FROM_FLAG;
    for (int at = 1; at < argc && !error;)
        error = read_flag(loader, argc, argv, &at);
    return error;
}

static const char variable_prefix[] = "PARLEY_";

/* PARLEY_IDLE_TIMEOUT_MS: NULL if it is none of ours, as the environment holds others' too. */
static const struct option *find_variable(const char *variable)
{
    char name[NAME_BYTES_MAX] = "";
    if (strncmp(variable, variable_prefix, strlen(variable_prefix)) != 0)
        return NULL;
    variable += strlen(variable_prefix);
    for (size_t i = 0; variable[i] && i < sizeof(name) - 1; i++)
        name[i] = (char)tolower((unsigned char)variable[i]);
    const struct option *option = find_option(name, strlen(name), '_');
    return option && option->kind != OPTION_SWITCH ? option : NULL;
}

static char *read_variable(struct loader *loader, const char *pair)
{
    const char *equals = strchr(pair, '=');
    if (!equals)
        return NULL;
    char *variable = mem_strndup(pair, (size_t)(equals - pair));
    const struct option *option = find_variable(variable);
    char *error = option ? set_option(loader, option, variable, equals + 1) : NULL;
    free(variable);
    return error;
}

static char *read_environment(struct loader *loader, char **environment)
{
    char *error = NULL;
    loader->speaking = FROM_ENVIRONMENT;
    for (; *environment && !error; environment++)
        error = read_variable(loader, *environment);
    return error;
}

static char *check_whole(const struct config *config)
{
    if (config->lease_renew_ms * 2 > config->lease_ttl_ms)
        return mem_printf("--lease-ttl-ms must be at least twice --lease-renew-ms");
    if (config->max_backlog_bytes < config->max_message_bytes)
        return mem_printf("--max-backlog-bytes must be at least --max-message-bytes");
    if (config->workers > 1 && !config->redis[0])
        return mem_printf("--workers %lld needs --redis: without it the workers would share "
                          "nothing",
                          (long long)config->workers);
    if (config->files_total_bytes < config->files_max_bytes)
        return mem_printf("--files-total-bytes must be at least --files-max-bytes");
    if (!media_types_are_valid(config->files_types))
        return mem_printf("--files-types must be types such as image/png, image/* or *, "
                          "separated by commas, and not \"%.100s\"",
                          config->files_types);
    if (!networks_are_valid(config->trusted_proxies))
        return mem_printf("--trusted-proxies must be addresses or networks such as 127.0.0.1 "
                          "or 10.0.0.0/8, separated by commas, and not \"%.100s\"",
                          config->trusted_proxies);
    if (strcmp(config->listen, config->internal) == 0)
        return mem_printf("--listen and --internal must be different addresses");
    return NULL;
}

bool config_load(struct config *config, int argc, char **argv, char **environment,
                 char **ret_error)
{
    struct loader loader = {.config = config};
    memset(config, 0, sizeof(*config));
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (options[i].kind != OPTION_SWITCH)
            store(&options[i], config, options[i].value);
    }
    char *error = read_flags(&loader, argc, argv);
    if (!error)
        error = read_environment(&loader, environment);
    loader.speaking = FROM_FILE;
    if (!error && config->config_file[0] &&
        !config_file_read(config->config_file, on_file_pair, &loader, ret_error))
        return false;
    if (!error)
        error = check_whole(config);
    if (error)
        *ret_error = error;
    return !error;
}

void config_finish(struct config *config)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (is_text(&options[i]))
            free(*(char **)field_of(&options[i], config));
    }
}

void config_print_help(FILE *out)
{
    (void)fprintf(out, "parleyd - WebSocket gateway for chat and presence\n\n"
                       "usage: parleyd [options]\n\n"
                       "Each option is also an environment variable (--idle-timeout-ms is\n"
                       "PARLEY_IDLE_TIMEOUT_MS) and a key of the --config file "
                       "(\"idle_timeout_ms\").\n\n");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &options[i];
        (void)fprintf(out, "  --%s%s%s\n        %s", option->name, option->metavar ? " " : "",
                      option->metavar ? option->metavar : "", option->help);
        if (option->value[0])
            (void)fprintf(out, " (default %s)", option->value);
        (void)fprintf(out, "\n");
    }
}

void config_print_version(FILE *out)
{
    (void)fprintf(out, "parleyd %s\n", PARLEY_VERSION);
}

char *config_mask_url(const char *url)
{
    const char *at = strrchr(url, '@');
    const char *start = strstr(url, "://");
    const char *colon = start ? strchr(start + 3, ':') : NULL;
    if (!at || !start || at < start)
        return mem_strdup(url);
    if (!colon || colon > at) /* a password alone */
        return mem_printf("%.*s***%s", (int)(start + 3 - url), url, at);
    return mem_printf("%.*s:***%s", (int)(colon - url), url, at);
}

static void print_value(const struct option *option, const struct config *config, FILE *out)
{
    const void *field = field_of(option, config);
    if (option->kind == OPTION_NUMBER) {
        (void)fprintf(out, "%lld", (long long)*(const int64_t *)field);
        return;
    }
    const char *text = *(char *const *)field;
    if (option->kind == OPTION_JSON) {
        (void)fputs(text[0] ? text : "{}", out);
        return;
    }
    char *shown =
        option->kind == OPTION_SECRET && text[0] ? mem_strdup("***") : config_mask_url(text);
    char *json = text_to_json(shown);
    (void)fputs(json, out);
    free(json);
    free(shown);
}

void config_print(const struct config *config, FILE *out)
{
    bool is_first = true;
    (void)fprintf(out, "{\n");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (options[i].kind == OPTION_SWITCH || strcmp(options[i].name, "config") == 0)
            continue;
        (void)fprintf(out, "%s    \"", is_first ? "" : ",\n");
        for (const char *c = options[i].name; *c; c++)
            (void)fputc(*c == '-' ? '_' : *c, out);
        (void)fprintf(out, "\": ");
        print_value(&options[i], config, out);
        is_first = false;
    }
    (void)fprintf(out, "\n}\n");
}
