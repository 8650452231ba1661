/*
 * bench_options - the command line of parley-bench; see bench_options.h.
 *
 * To add an option: a field in the struct, a line in OPTIONS.
 */
#include "bench_options.h"

#include "bench_manual.h"
#include "bench_message.h"
#include "bench_protocol.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_kind {
    KIND_FLAG,
    KIND_COUNT,
    KIND_REAL,
    KIND_TEXT,
    KIND_PID,
    KIND_PROTOCOL,
    KIND_PRINT,
    KIND_VERSION,
    KIND_HELP,
};

struct option_row {
    const char *name;
    enum option_kind kind;
    size_t offset;
    double min;
    double max;
    const char *argument;
    const char *help;
};

/* A name and "-" and a number fit into PROTOCOL_MAX_CHANNEL. */
enum { CHANNEL_MAX_GIVEN = PROTOCOL_MAX_CHANNEL - 12 };

#define FIELD(name) offsetof(struct bench_options, name)

static const struct option_row OPTIONS[] = {
    {"check", KIND_FLAG, FIELD(is_check), 0, 0, NULL,
     "only see that a message sent through each address is heard on all; exit 0 or 1"},
    {"protocol", KIND_PROTOCOL, FIELD(protocol), 0, 0, "NAME",
     "what the servers speak; below (luchat)"},
    {"connections", KIND_COUNT, FIELD(connections), 1, 1000000, "N", "connections (1000)"},
    {"channels", KIND_COUNT, FIELD(channels), 1, 1000000, "R", "channels they spread over (1)"},
    {"channel", KIND_TEXT, FIELD(channel), 0, 0, "NAME",
     "name of the channels: NAME-0... (bench)"},
    {"publishers", KIND_COUNT, FIELD(publishers), 1, MESSAGE_MAX_PUBLISHERS, "P",
     "how many of the connections also publish (1)"},
    {"size", KIND_COUNT, FIELD(size), 1, MESSAGE_MAX_BYTES, "BYTES",
     "payload of one message, JSON and all (128)"},
    {"rate", KIND_REAL, FIELD(rate), 0.001, 1e7, "N", "messages per second in all"},
    {"window", KIND_COUNT, FIELD(window), 1, 1000000, "N",
     "instead of a rate: messages not yet delivered to all, in total (32)"},
    {"duration", KIND_REAL, FIELD(duration_s), 0.1, 1e6, "S", "measured seconds (10)"},
    {"warmup", KIND_REAL, FIELD(warmup_s), 0, 1e6, "S", "seconds of messages before that (1)"},
    {"ramp", KIND_COUNT, FIELD(ramp), 1, 1000000, "N", "connects per second (2000)"},
    {"idle", KIND_REAL, FIELD(idle_s), 0.1, 1e6, "S",
     "no messages: hold the connections for S seconds, a ping from each every 25 s"},
    {"online", KIND_FLAG, FIELD(is_online), 0, 0, NULL,
     "every connection joins presence as a user of its own"},
    {"floor", KIND_FLAG, FIELD(is_floor), 0, 0, NULL,
     "measure the floor instead of a server: one send() per delivery, no protocol"},
    {"workers", KIND_COUNT, FIELD(workers), 1, 256, "N",
     "processes to share the connections (as many as descriptors demand)"},
    {"pid", KIND_PID, 0, 1, 4194304, "PID", "a server's process to measure; may be repeated"},
    {"json", KIND_TEXT, FIELD(json_path), 0, 0, "FILE", "write the results there as well"},
    {"html", KIND_TEXT, FIELD(html_path), 0, 0, "FILE",
     "write them there as one page, with plots"},
    {"print-man", KIND_PRINT, 0, 0, 0, NULL, "print the manual page"},
    {"print-bash-completion", KIND_PRINT, 0, 0, 0, NULL, "print what bash completes"},
    {"print-zsh-completion", KIND_PRINT, 0, 0, 0, NULL, "print what zsh completes"},
    {"version", KIND_VERSION, 0, 0, 0, NULL, "print the version"},
    {"help", KIND_HELP, 0, 0, 0, NULL, "this text"},
};

enum { OPTION_COUNT = sizeof(OPTIONS) / sizeof(OPTIONS[0]) };

static void print_help(void)
{
    printf("Usage: parley-bench [options] ADDRESS...\n"
           "Loads WebSocket chat servers and checks that every message reaches everyone once,\n"
           "in order. ADDRESS is host:port or ws://host:port[/path].\n\n");
    for (int i = 0; i < OPTION_COUNT; i++) {
        char usage[64];
        const char *argument = OPTIONS[i].argument;
        (void)snprintf(usage, sizeof(usage), "--%s %s", OPTIONS[i].name,
                       argument ? argument : "");
        printf("  %-18s %s\n", usage, OPTIONS[i].help);
    }
    printf("\nProtocols:\n");
    const struct protocol *protocol;
    for (int i = 0; (protocol = protocol_at(i)) != NULL; i++) {
        printf("  %-11s %s (%s)\n", protocol->name, protocol->about, protocol->path);
    }
    printf(
        "\nExit: 0 all went well; 1 messages lost, repeated or out of order, or connections\n"
        "lost; 2 bad arguments.\n");
}

static void print_manual(const char *what)
{
    struct manual_option options[OPTION_COUNT];
    for (int i = 0; i < OPTION_COUNT; i++) {
        options[i] = (struct manual_option){
            .name = OPTIONS[i].name,
            .metavar = OPTIONS[i].argument,
            .help = OPTIONS[i].help,
        };
    }
    bench_manual_print(what, options, OPTION_COUNT);
}

static double parse_number(const struct option_row *row, const char *text)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    bool is_whole = value == (double)(int64_t)value;
    if (end == text || *end != '\0' || errno != 0 ||
        !(value >= row->min && value <= row->max) || (row->kind != KIND_REAL && !is_whole)) {
        errx(2, "--%s: \"%s\" is not a%s number from %g to %.0f", row->name, text,
             row->kind == KIND_REAL ? "" : " whole", row->min, row->max);
    }
    return value;
}

static void apply(struct bench_options *options, const struct option_row *row, const char *text)
{
    char *field = (char *)options + row->offset;
    switch (row->kind) {
    case KIND_FLAG:
        *(bool *)field = true;
        break;
    case KIND_COUNT:
        *(int *)(void *)field = (int)parse_number(row, text);
        break;
    case KIND_REAL:
        *(double *)(void *)field = parse_number(row, text);
        break;
    case KIND_TEXT:
        *(const char **)(void *)field = text;
        break;
    case KIND_PROTOCOL:
        options->protocol = protocol_find(text);
        if (options->protocol == NULL) {
            errx(2, "--%s: \"%s\" is unknown; see --help", row->name, text);
        }
        break;
    case KIND_PID:
        if (options->pid_count == OPTIONS_MAX_PIDS - 1) {
            errx(2, "--pid: more than %d", OPTIONS_MAX_PIDS - 1);
        }
        options->pids[options->pid_count++] = (pid_t)parse_number(row, text);
        break;
    case KIND_PRINT:
        print_manual(row->name + strlen("print-"));
        exit(0);
    case KIND_VERSION:
        printf("parley-bench %s\n", PARLEY_VERSION);
        exit(0);
    case KIND_HELP:
        print_help();
        exit(0);
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

static void parse_flags(struct bench_options *options, int argc, char **argv)
{
    struct option longs[OPTION_COUNT + 1] = {0};
    for (int i = 0; i < OPTION_COUNT; i++) {
        longs[i].name = OPTIONS[i].name;
        longs[i].has_arg = OPTIONS[i].argument != NULL ? required_argument : no_argument;
        longs[i].val = i;
    }
    int row;
    while ((row = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (row < 0 || row >= OPTION_COUNT || row == '?') {
            exit(2); /* getopt has said why */
        }
        apply(options, &OPTIONS[row], optarg);
    }
}

/* It stands as it is in addresses, in JSON and on the lines of NATS. */
static void check_channel(const char *name)
{
    if (name == NULL) {
        return;
    }
    for (const char *at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && strchr("-._:", *at) == NULL) {
            errx(2, "--channel: \"%s\" is not made of letters, digits and - . _ : alone", name);
        }
    }
    if (name[0] == '\0' || strlen(name) > CHANNEL_MAX_GIVEN) {
        errx(2, "--channel: not 1 to %d bytes long", CHANNEL_MAX_GIVEN);
    }
}

static void check_together(struct bench_options *options)
{
    if (options->rate > 0 && options->window > 0) {
        errx(2, "--rate and --window: choose one");
    }
    if (options->rate == 0 && options->window == 0) {
        options->window = 32;
    }
    check_channel(options->channel);
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

void options_parse(struct bench_options *options, int argc, char **argv)
{
    *options = (struct bench_options){
        .protocol = protocol_at(0),
        .connections = 1000,
        .channels = 1,
        .publishers = 1,
        .size = 128,
        .ramp = 2000,
        .duration_s = 10,
        .warmup_s = 1,
    };
    parse_flags(options, argc, argv);
    for (int i = optind; i < argc; i++) {
        char *rest = NULL;
        for (char *one = strtok_r(argv[i], ",", &rest); one != NULL;
             one = strtok_r(NULL, ",", &rest)) {
            parse_address(options, one);
        }
    }
    check_together(options);
}

struct plan options_plan(const struct bench_options *options, int descriptors)
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

void options_channel_name(const struct bench_options *options, int channel, char *ret_name,
                          size_t size)
{
    if (options->channel != NULL && options->channels == 1) {
        (void)snprintf(ret_name, size, "%s", options->channel);
    } else {
        (void)snprintf(ret_name, size, "%s-%d", options->channel ? options->channel : "bench",
                       channel);
    }
}
