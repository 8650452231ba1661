/*
 * bench_options - the command line of parley-bench; see bench_options.h.
 *
 * To add an option: a member of the struct, a row in the table.
 */
#include "bench_options.h"

#include "bench_manual.h"
#include "bench_message.h"
#include "bench_protocol.h"
#include "mem.h"
#include "options.h"
#include "text.h"

#include <err.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name and "-" and a number fit into PROTOCOL_MAX_CHANNEL. */
enum { CHANNEL_MAX_GIVEN = PROTOCOL_MAX_CHANNEL - 12, PID_MAX = 4194304 };

#define FIELD(name) offsetof(struct bench_options, name)

/* clang-format off */
static const struct option rows[] = {
    {"check", OPTION_SWITCH, FIELD(is_check), "", 0, 0, NULL, "only see that a message sent through each address is heard on all; exit 0 or 1"},
    {"protocol", OPTION_TEXT, FIELD(protocol_name), "luchat", 0, 0, "NAME", "what the servers speak; below"},
    {"connections", OPTION_INT, FIELD(connections), "1000", 1, 1000000, "N", "connections"},
    {"channels", OPTION_INT, FIELD(channels), "1", 1, 1000000, "R", "channels they spread over"},
    {"channel", OPTION_NAME, FIELD(channel), "", 1, CHANNEL_MAX_GIVEN, "NAME", "name of the channels: NAME-0... (default bench)"},
    {"publishers", OPTION_INT, FIELD(publishers), "1", 1, MESSAGE_MAX_PUBLISHERS, "P", "how many of the connections also publish"},
    {"size", OPTION_INT, FIELD(size), "128", 1, MESSAGE_MAX_BYTES, "BYTES", "payload of one message, JSON and all"},
    {"rate", OPTION_REAL, FIELD(rate), "", 0.001, 1e7, "N", "messages per second in all"},
    {"window", OPTION_INT, FIELD(window), "", 1, 1000000, "N", "instead of a rate: messages not yet delivered to all, in total (default 32)"},
    {"duration", OPTION_REAL, FIELD(duration_s), "10", 0.1, 1e6, "S", "measured seconds"},
    {"warmup", OPTION_REAL, FIELD(warmup_s), "1", 0, 1e6, "S", "seconds of messages before that"},
    {"ramp", OPTION_INT, FIELD(ramp), "2000", 1, 1000000, "N", "connects per second"},
    {"idle", OPTION_REAL, FIELD(idle_s), "", 0.1, 1e6, "S", "no messages: hold the connections for S seconds, a ping from each every 25 s"},
    {"online", OPTION_SWITCH, FIELD(is_online), "", 0, 0, NULL, "every connection joins presence as a user of its own"},
    {"floor", OPTION_SWITCH, FIELD(is_floor), "", 0, 0, NULL, "measure the floor instead of a server: one send() per delivery, no protocol"},
    {"workers", OPTION_INT, FIELD(workers), "", 1, 256, "N", "processes to share the connections (default: as many as descriptors demand)"},
    {"pid", OPTION_LIST, FIELD(pid_list), "", 0, 0, "PID", "a server's process to measure; may be repeated"},
    {"json", OPTION_TEXT, FIELD(json_path), "", 0, 0, "FILE", "write the results there as well"},
    {"html", OPTION_TEXT, FIELD(html_path), "", 0, 0, "FILE", "write them there as one page, with plots"},
    OPTION_PRINT_ROWS(FIELD(printed)),
    {"version", OPTION_SWITCH, FIELD(is_version), "", 0, 0, NULL, "print the version and exit"},
    {"help", OPTION_SWITCH, FIELD(is_help), "", 0, 0, NULL, "print this and exit"},
};
/* clang-format on */

static const struct options_table table = {
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
};

static void print_help(void)
{
    printf("Usage: parley-bench [options] ADDRESS...\n"
           "Loads WebSocket chat servers and checks that every message reaches everyone once,\n"
           "in order. ADDRESS is host:port or ws://host:port[/path].\n\n");
    options_print_help(&table, stdout);
    printf("\nProtocols:\n");
    const struct protocol *protocol;
    for (int i = 0; (protocol = protocol_at(i)) != NULL; i++) {
        printf("  %-11s %s (%s)\n", protocol->name, protocol->about, protocol->path);
    }
    printf(
        "\nExit: 0 all went well; 1 messages lost, repeated or out of order, or connections\n"
        "lost; 2 bad arguments.\n");
}

static bool was_printed(const struct bench_options *options)
{
    if (options->is_help) {
        print_help();
    } else if (options->printed != NULL) {
        bench_manual_print(options->printed, &table);
    } else if (options->is_version) {
        printf("parley-bench %s\n", PARLEY_VERSION);
    } else {
        return false;
    }
    return true;
}

static void read_pids(struct bench_options *options)
{
    char *rest = NULL;
    for (char *one = strtok_r(options->pid_list, ",", &rest); one != NULL;
         one = strtok_r(NULL, ",", &rest)) {
        int64_t pid;
        if (!text_to_int(one, 1, PID_MAX, &pid)) {
            errx(2, "--pid: \"%s\" is not a process", one);
        }
        if (options->pid_count == OPTIONS_MAX_PIDS - 1) {
            errx(2, "--pid: more than %d", OPTIONS_MAX_PIDS - 1);
        }
        options->pids[options->pid_count++] = (pid_t)pid;
    }
}

/* host:port, [host]:port, with ws:// before and /path behind. */
static void parse_address(struct bench_options *options, const char *text)
{
    if (options->address_count == OPTIONS_MAX_ADDRESSES) {
        errx(2, "more than %d addresses", OPTIONS_MAX_ADDRESSES);
    }
    struct bench_address *address = &options->addresses[options->address_count];
    const char *rest = strncmp(text, "ws://", 5) == 0 ? text + 5 : text;
    int name_length = (int)strcspn(rest, "/");
    (void)snprintf(address->name, sizeof(address->name), "%.*s", name_length, rest);
    bool has_path = rest[name_length] == '/' && rest[name_length + 1] != '\0';
    (void)snprintf(address->path, sizeof(address->path), "%s",
                   has_path ? rest + name_length : options->protocol->path);

    char host[sizeof(address->name)];
    (void)snprintf(host, sizeof(host), "%s", address->name);
    char *colon = strrchr(host, ':');
    if (colon == NULL || colon == host || colon[1] == '\0') {
        errx(2, "\"%s\" is not an address: expected host:port", text);
    }
    *colon = '\0';
    bool is_bracketed = host[0] == '[' && colon[-1] == ']';
    if (is_bracketed) {
        colon[-1] = '\0';
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found;
    int error = getaddrinfo(is_bracketed ? host + 1 : host, colon + 1, &hints, &found);
    if (error != 0) {
        errx(2, "\"%s\": %s", text, gai_strerror(error));
    }
    memcpy(&address->address, found->ai_addr, found->ai_addrlen);
    address->address_length = found->ai_addrlen;
    freeaddrinfo(found);
    options->address_count++;
}

static void check_together(struct bench_options *options)
{
    if (options->rate > 0 && options->window > 0) {
        errx(2, "--rate and --window: choose one");
    }
    if (options->rate == 0 && options->window == 0) {
        options->window = 32;
    }
    if (options->is_floor) {
        options->protocol = protocol_find("raw");
    }
    if (options->is_online && !options->protocol->has_online) {
        errx(2, "--online: the protocol %s knows nothing of it", options->protocol->name);
    }
    if (options->is_floor && (options->is_online || options->idle_s > 0 || options->is_check)) {
        errx(2, "--floor measures messages only: not with --online, --idle or --check");
    }
    if (options->is_floor ? options->address_count > 0 : options->address_count == 0) {
        errx(2,
             options->is_floor ? "--floor takes no address" : "no address given; see --help");
    }
    if ((size_t)options->size < message_min_bytes()) {
        errx(2, "--size: at least %zu bytes, for the numbers", message_min_bytes());
    }
    if (options->publishers > options->connections) {
        errx(2, "--publishers: more than connections (%d)", options->connections);
    }
    if (options->channels > options->connections) {
        errx(2, "--channels: more than connections (%d)", options->connections);
    }
    if (options->window > 0 && options->window < options->publishers) {
        errx(2, "--window: less than one message for each of %d publishers",
             options->publishers);
    }
}

static void read_protocol(struct bench_options *options)
{
    options->protocol = protocol_find(options->protocol_name);
    if (options->protocol == NULL) {
        errx(2, "--protocol: \"%s\" is unknown; see --help", options->protocol_name);
    }
}

/* Words are addresses, or several with commas between them. */
static void read_addresses(struct bench_options *options, const char *const *words,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *list = mem_strdup(words[i]);
        char *rest = NULL;
        for (char *one = strtok_r(list, ",", &rest); one != NULL;
             one = strtok_r(NULL, ",", &rest)) {
            parse_address(options, one);
        }
        free(list);
    }
}

void bench_options_read(struct bench_options *options, int argc, char **argv)
{
    const char *words[OPTIONS_MAX_ADDRESSES];
    struct options_reader reader;
    *options = (struct bench_options){0};
    options_begin(&reader, &table, options);
    reader.words = words;
    reader.word_max = OPTIONS_MAX_ADDRESSES;
    char *error = options_read_flags(&reader, argc, argv);
    if (error != NULL) {
        errx(2, "%s; see --help", error);
    }
    if (was_printed(options)) {
        options_finish(&table, options);
        exit(fflush(stdout) == 0 ? 0 : 1);
    }
    read_protocol(options);
    read_pids(options);
    read_addresses(options, words, reader.word_count);
    check_together(options);
}

void bench_options_finish(struct bench_options *options)
{
    options_finish(&table, options);
}

struct plan bench_options_plan(const struct bench_options *options, int descriptors)
{
    const int spare = 64;
    int capacity = descriptors - spare;
    int workers = options->workers;
    if (capacity < 1) {
        errx(2, "only %d file descriptors per process: too few", descriptors);
    }
    if (workers == 0) {
        workers = (options->connections + capacity - 1) / capacity;
    }
    struct plan plan = {
        .connections = options->connections,
        .channels = options->channels,
        .publishers = options->publishers,
        .addresses = options->is_floor ? 1 : options->address_count,
        .workers = workers,
    };
    int share = plan_first(&plan, 1);
    if (options->connections > workers * capacity) {
        errx(2, "--workers: %d processes cannot hold %d connections (%d descriptors each)",
             workers, options->connections, descriptors);
    }
    if (options->publishers > share) {
        errx(2, "--publishers: at most %d with %d workers (all are in the first)", share,
             workers);
    }
    return plan;
}

void bench_options_channel_name(const struct bench_options *options, int channel,
                                char *ret_name, size_t size)
{
    if (options->channel[0] != '\0' && options->channels == 1) {
        (void)snprintf(ret_name, size, "%s", options->channel);
    } else {
        (void)snprintf(ret_name, size, "%s-%d",
                       options->channel[0] != '\0' ? options->channel : "bench", channel);
    }
}
