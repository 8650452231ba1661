/*
 * config - every option of parleyd, from one table; see config.h.
 *
 * Flags, environment and file are read in this order, and the weaker of them leaves alone what
 * the stronger has said (options_set).
 */
#include "config_body.h"

#include "config_file.h"
#include "mem.h"
#include "worker_page.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    NODE_BYTES_MAX = 80, /* a host's name, a port and a worker's number */
    PREFIX_BYTES_MAX = 64,
    MAX_COUNT = 10000000,
    FILES_BYTES_MAX = 8 << 20
};

#define AT(field) offsetof(struct config, field)

/* clang-format off */
static const struct option rows[] = {
    {"config", OPTION_TEXT, AT(config_file), "", 0, 0, "FILE", "read options from a JSON file"},
    {"listen", OPTION_ADDRESS, AT(listen), "127.0.0.1:8000", 0, 0, "ADDR:PORT", "public port: the chat page, WebSockets and /health"},
    {"internal", OPTION_ADDRESS, AT(internal), "127.0.0.1:9000", 0, 0, "ADDR:PORT", "internal port: /health /ready /metrics"},
    {"tls-cert", OPTION_TEXT, AT(tls_cert), "", 0, 0, "FILE", "certificate of the public port (PEM, with those that vouch for it): wss:// and https://"},
    {"tls-key", OPTION_TEXT, AT(tls_key), "", 0, 0, "FILE", "private key of --tls-cert (PEM, without a password)"},
    {"internal-tls-cert", OPTION_TEXT, AT(internal_tls_cert), "", 0, 0, "FILE", "certificate of the internal port (PEM)"},
    {"internal-tls-key", OPTION_TEXT, AT(internal_tls_key), "", 0, 0, "FILE", "private key of --internal-tls-cert (PEM)"},
    {"node", OPTION_NAME, AT(node), "", 0, NODE_BYTES_MAX, "NAME", "name of this node, unique in the cluster (default HOSTNAME-PORT)"},
    {"workers", OPTION_NUMBER, AT(workers), "1", 1, WORKERS_MAX, "N", "processes that share the ports, each a node of its own (NAME-1, NAME-2, ...); above 1 with --redis only"},
    {"redis", OPTION_URL, AT(redis), "", 0, 0, "URL", "redis://[user:password@]host:port[/db], rediss://, unix:///path; none: one node, nothing shared"},
    {"redis-password", OPTION_SECRET, AT(redis_password), "", 0, 0, "TEXT", "password of Redis, where the URL has none"},
    {"redis-password-file", OPTION_TEXT, AT(redis_password_file), "", 0, 0, "FILE", "a file that holds the password"},
    {"redis-ca", OPTION_TEXT, AT(redis_ca), "", 0, 0, "FILE", "certificates to trust for rediss:// (default: the system's)"},
    {"redis-prefix", OPTION_NAME, AT(redis_prefix), "parley", 1, PREFIX_BYTES_MAX, "TEXT", "what every key in Redis begins with"},
    {"redis-timeout-ms", OPTION_NUMBER, AT(redis_timeout_ms), "5000", 50, MAX_COUNT, "MS", "deadline of one Redis command"},
    {"redis-queue-bytes", OPTION_NUMBER, AT(redis_queue_bytes), "67108864", 0, 1LL << 40, "BYTES", "commands that may wait for Redis to answer; what clients ask for beyond it is refused; 0: no limit"},
    {"lease-ttl-ms", OPTION_NUMBER, AT(lease_ttl_ms), "8000", 200, MAX_COUNT, "MS", "how long a node that is silent counts as alive"},
    {"lease-renew-ms", OPTION_NUMBER, AT(lease_renew_ms), "2000", 50, MAX_COUNT, "MS", "how often a node renews its lease"},
    {"allowed-origins", OPTION_TEXT, AT(allowed_origins), "", 0, 0, "LIST", "origins that pages may connect from, separated by commas; * for all (default: the page's own host)"},
    {"allowed-hosts", OPTION_TEXT, AT(allowed_hosts), "", 0, 0, "LIST", "names under which pages may ask for this node (Host), separated by commas; * for all (default: any, but who asks from this machine must use a name of it, an address or the host of an allowed origin)"},
    {"max-connections", OPTION_NUMBER, AT(max_connections), "0", 0, MAX_COUNT, "N", "WebSocket connections; 0: as many as descriptors allow"},
    {"connections-per-address", OPTION_NUMBER, AT(connections_per_address), "1000", 0, MAX_COUNT, "N", "connections from one address (of IPv6 from one /64), as trusted proxies name it; 0: no limit"},
    {"connections-per-user", OPTION_NUMBER, AT(connections_per_user), "0", 0, MAX_COUNT, "N", "connections of one user, known by a token, to one node; 0: no limit"},
    {"handshakes-per-s", OPTION_NUMBER, AT(handshakes_per_s), "2000", 0, 1000000, "N", "WebSocket handshakes a second, beyond which clients are told to try again; 0: no limit"},
    {"handshakes-pending", OPTION_NUMBER, AT(handshakes_pending), "1024", 0, MAX_COUNT, "N", "connections that have not asked for anything yet; one more, and the oldest is ended; 0: no limit"},
    {"internal-descriptors", OPTION_NUMBER, AT(internal_descriptors), "64", 0, 65536, "N", "descriptors that the public port leaves to the internal one; 0: none"},
    {"max-message-bytes", OPTION_NUMBER, AT(max_message_bytes), "65536", 16, MAX_COUNT, "BYTES", "longest message a client may send"},
    {"message-timeout-ms", OPTION_NUMBER, AT(message_timeout_ms), "30000", 0, MAX_COUNT, "MS", "time to complete a message that has begun; 0: no limit"},
    {"max-backlog-bytes", OPTION_NUMBER, AT(max_backlog_bytes), "1048576", 1024, 1LL << 30, "BYTES", "how far a connection may be behind before it is closed"},
    {"commands-in-flight", OPTION_NUMBER, AT(commands_in_flight), "64", 0, MAX_COUNT, "N", "commands of a connection that may wait for the store; beyond them nothing is read from it; 0: any number"},
    {"commands-per-s", OPTION_NUMBER, AT(commands_per_s), "100", 0, MAX_COUNT, "N", "commands of a connection a second, ten seconds' worth at once; 0: any number"},
    {"publishes-per-s", OPTION_NUMBER, AT(publishes_per_s), "50", 0, MAX_COUNT, "N", "messages of a connection a second, ten seconds' worth at once; 0: any number"},
    {"publish-bytes-per-s", OPTION_NUMBER, AT(publish_bytes_per_s), "1048576", 0, 1LL << 40, "BYTES", "bytes of the messages of a connection a second, four seconds' worth at once; 0: any number"},
    {"reply-bytes", OPTION_NUMBER, AT(reply_bytes), "1048576", 0, 1LL << 30, "BYTES", "longest answer to history, presence and recovery, and how much of them a second; 0: any length"},
    {"reply-publications", OPTION_NUMBER, AT(reply_publications), "300", 0, 10000, "N", "publications in one answer to history or recovery; 0: any number"},
    {"channels-per-connection", OPTION_NUMBER, AT(channels_per_connection), "128", 0, MAX_COUNT, "N", "channels that a connection may subscribe to; 0: any number"},
    {"new-channels-per-minute", OPTION_NUMBER, AT(new_channels_per_minute), "60", 0, MAX_COUNT, "N", "channels a minute that nobody here knows and one connection may publish in, or ask for; 0: any number"},
    {"names-per-connection", OPTION_NUMBER, AT(names_per_connection), "8", 0, MAX_COUNT, "N", "names that a LuChat connection may take, and one more a minute; 0: any number"},
    {"backlog-bytes", OPTION_NUMBER, AT(backlog_bytes), "0", 0, 1LL << 50, "BYTES", "how far all connections together may be behind before the slowest are closed; 0: a quarter of the memory"},
    {"idle-timeout-ms", OPTION_NUMBER, AT(idle_timeout_ms), "60000", 100, 24LL * 3600 * 1000, "MS", "silence after which a connection is closed"},
    {"handshake-timeout-ms", OPTION_NUMBER, AT(handshake_timeout_ms), "10000", 1000, 600000, "MS", "time to finish a handshake or an HTTP request, in whole seconds"},
    {"http-idle-timeout-ms", OPTION_NUMBER, AT(http_idle_timeout_ms), "10000", 0, 24LL * 3600 * 1000, "MS", "silence between two HTTP requests after which the connection is closed; 0: no limit"},
    {"http-min-bytes-per-s", OPTION_NUMBER, AT(http_min_bytes_per_s), "1000", 0, 1LL << 30, "BYTES", "how fast HTTP bodies must come and answers be taken, looked at after each --handshake-timeout-ms; 0: no limit"},
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
    {"luchat", OPTION_ON_OFF, AT(luchat), "on", 0, 0, "on|off", "whether /ws is served"},
    {"centrifuge", OPTION_ON_OFF, AT(centrifuge), "on", 0, 0, "on|off", "whether /connection/websocket is served"},
    {"page", OPTION_ON_OFF, AT(page), "on", 0, 0, "on|off", "whether the chat page is served at / (it needs /ws)"},
    {"token-secret", OPTION_SECRET, AT(token_secret), "", 0, 0, "TEXT", "secret of tokens signed with HS256, HS384 or HS512"},
    {"token-secret-file", OPTION_TEXT, AT(token_secret_file), "", 0, 0, "FILE", "a file that holds the secret"},
    {"token-rsa-key", OPTION_TEXT, AT(token_rsa_key), "", 0, 0, "FILE", "public key (PEM) of tokens signed with RS256, RS384 or RS512"},
    {"token-ec-key", OPTION_TEXT, AT(token_ec_key), "", 0, 0, "FILE", "public key (PEM) of tokens signed with ES256, ES384 or EdDSA, by its curve"},
    {"token-audience", OPTION_TEXT, AT(token_audience), "", 0, 0, "TEXT", "audience that tokens must name (default: not checked)"},
    {"token-issuer", OPTION_TEXT, AT(token_issuer), "", 0, 0, "TEXT", "issuer that tokens must name (default: not checked)"},
    {"token-grace-s", OPTION_NUMBER, AT(token_grace_s), "25", 0, 3600, "S", "how long a connection outlives its token, for the client to show a new one"},
    {"anonymous", OPTION_ON_OFF, AT(anonymous), "off", 0, 0, "on|off", "let clients in without a token although one of the keys above is given, under names that begin with guest-"},
    {"api-key", OPTION_SECRET, AT(api_key), "", 0, 0, "TEXT", "key of the server API on the internal port (default: no such API)"},
    {"api-key-file", OPTION_TEXT, AT(api_key_file), "", 0, 0, "FILE", "a file that holds the key"},
    {"files", OPTION_ON_OFF, AT(files), "off", 0, 0, "on|off", "whether clients may share files: POST and GET /files"},
    {"files-max-bytes", OPTION_NUMBER, AT(files_max_bytes), "8388608", 1, FILES_BYTES_MAX, "BYTES", "longest file"},
    {"files-total-bytes", OPTION_NUMBER, AT(files_total_bytes), "268435456", 65536, 1LL << 40, "BYTES", "what all files together may take in the store"},
    {"files-share-percent", OPTION_NUMBER, AT(files_share_percent), "10", 0, 100, "N", "of --files-total-bytes, what the files of one user with a token or of one address may take, one longest file at least; 0: no limit"},
    {"files-ttl-s", OPTION_NUMBER, AT(files_ttl_s), "86400", 1, 31536000, "S", "how long a file is kept"},
    {"files-types", OPTION_TEXT, AT(files_types), "image/png,image/jpeg,image/gif,image/webp,application/pdf,text/plain,application/zip,audio/mpeg,video/mp4", 0, 0, "LIST", "types of files that may be shared, separated by commas; image/* for a kind, * for all"},
    {"files-per-minute", OPTION_NUMBER, AT(files_per_minute), "10", 1, 100000, "N", "files from one address in a minute"},
    {"uploads-per-address", OPTION_NUMBER, AT(uploads_per_address), "4", 0, MAX_COUNT, "N", "files that one address may be sending at once; 0: no limit"},
    {"downloads-per-address", OPTION_NUMBER, AT(downloads_per_address), "16", 0, MAX_COUNT, "N", "files that one address may be reading at once; 0: no limit"},
    {"trusted-proxies", OPTION_TEXT, AT(trusted_proxies), "", 0, 0, "LIST", "addresses or networks (10.0.0.0/8) of load balancers, whose X-Forwarded-For is believed"},
    {"trusted-hops", OPTION_NUMBER, AT(trusted_hops), "1", 1, 10, "N", "how many trusted proxies stand one behind the other; 1: only what the nearest one wrote is believed"},
    {"log-level", OPTION_CHOICE, AT(log_level), "info", 0, 0, "error|warn|info|debug", "what is logged"},
    {"log-format", OPTION_CHOICE, AT(log_format), "logfmt", 0, 0, "logfmt|json", "how it is logged"},
    {"core-dumps", OPTION_ON_OFF, AT(core_dumps), "off", 0, 0, "on|off", "whether a crash may leave a core file, which holds secrets, and the same user may debug the process"},
    {"strict", OPTION_TOGGLE, AT(strict), "", 0, 0, NULL, "refuse to start with what is otherwise only warned of: weak secrets, secrets that others can read, a gateway open to all"},
    {"check-config", OPTION_SWITCH, AT(check_config), "", 0, 0, NULL, "check the configuration and exit"},
    {"print-config", OPTION_SWITCH, AT(print_config), "", 0, 0, NULL, "print the configuration in force as JSON and exit"},
    OPTION_PRINT_ROWS(AT(printed)),
    {"print-log-events", OPTION_SWITCH, AT(print_log_events), "", 0, 0, NULL, "print the events that are logged, with their levels and meanings, and exit"},
    {"version", OPTION_SWITCH, AT(version), "", 0, 0, NULL, "print the version and exit"},
    {"help", OPTION_SWITCH, AT(help), "", 0, 0, NULL, "print this and exit"},
};
/* clang-format on */

/* The words of a choice stand in the order of its enum, which is as wide as an int. */
static_assert(LOG_ERROR == 0 && LOG_WARN == 1 && LOG_INFO == 2 && LOG_DEBUG == 3, "log-level");
static_assert(LOG_LOGFMT == 0 && LOG_JSON == 1, "log-format");
static_assert(PRESENCE_EVENTS_USER == 0 && PRESENCE_EVENTS_CONNECTION == 1, "presence-events");
static_assert(sizeof(enum log_level) == sizeof(int) && sizeof(enum log_format) == sizeof(int) &&
                  sizeof(enum presence_events) == sizeof(int),
              "choices are stored as int");

const struct options_table config_table = {
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .variable_prefix = "PARLEY_",
};
static_assert(sizeof(rows) / sizeof(rows[0]) <= OPTIONS_MAX, "the reader has room for all");

static char *on_file_pair(void *context, const char *key, const char *text, bool is_object)
{
    const struct option *option = options_find(&config_table, key, strlen(key), '_');
    if (!option || option_is_flag_only(option) || strcmp(key, "config") == 0)
        return mem_printf("unknown option \"%.100s\"", key);
    if (is_object && option->kind != OPTION_JSON)
        return mem_printf("\"%s\" must be a string, a number, true, false or a list", key);
    if (!is_object && option->kind == OPTION_JSON)
        return mem_printf("\"%s\" must be an object", key);
    char *quoted = mem_printf("\"%s\"", key);
    char *error = options_set(context, FROM_FILE, option, quoted, text);
    free(quoted);
    return error;
}

static char *read_variable(struct options_reader *reader, const char *pair)
{
    const char *equals = strchr(pair, '=');
    if (!equals)
        return NULL;
    char *variable = mem_strndup(pair, (size_t)(equals - pair));
    const struct option *option = config_find_variable(variable);
    char *error = option ? options_set(reader, FROM_ENVIRONMENT, option, variable, equals + 1)
                         : config_unknown_variable(variable, equals + 1);
    free(variable);
    return error;
}

static char *read_environment(struct options_reader *reader, char **environment)
{
    char *error = NULL;
    for (; *environment && !error; environment++)
        error = read_variable(reader, *environment);
    return error;
}

static bool is_about_program(const struct config *config)
{
    return config->help || config->version || config->printed || config->print_log_events;
}

bool config_load(struct config *config, int argc, char **argv, char **environment,
                 char **ret_error)
{
    struct options_reader reader;
    memset(config, 0, sizeof(*config));
    options_begin(&reader, &config_table, config);
    char *error = options_read_flags(&reader, argc, argv);
    if (!error && is_about_program(config))
        return true; /* whatever else is said */
    if (!error)
        error = read_environment(&reader, environment);
    if (!error && config->config_file[0] &&
        !config_file_read(config->config_file, on_file_pair, &reader, ret_error))
        return false;
    if (!error)
        error = config_read_secrets(config);
    if (!error)
        error = config_check_whole(config);
    if (!error && config->strict)
        error = config_first_warning(config);
    if (error)
        *ret_error = error;
    return !error;
}

void config_finish(struct config *config)
{
    options_finish(&config_table, config);
}
