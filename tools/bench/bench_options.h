/*
 * bench_options - the command line of parley-bench.
 *
 * One table in the .c file names every option, its limits and its help. What the options
 * mean together is checked here too, so that the rest may rely on it.
 */
#pragma once

#include "bench_plan.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

enum {
    OPTIONS_MAX_ADDRESSES = 64,
    OPTIONS_MAX_PIDS = 32,
};

struct protocol;

struct bench_address {
    char name[160]; /* host:port, as given */
    char path[160];
    struct sockaddr_storage address;
    socklen_t address_length;
};

struct bench_options {
    struct bench_address addresses[OPTIONS_MAX_ADDRESSES];
    int address_count;
    pid_t pids[OPTIONS_MAX_PIDS];
    int pid_count;
    int connections;
    int channels;
    int publishers;
    int workers; /* 0: as many as descriptors demand */
    int size;    /* bytes of one message's payload */
    int window;  /* 0: publishers keep to `rate` */
    int ramp;    /* connects per second */
    double rate; /* messages per second in all */
    double duration_s;
    double warmup_s;
    double idle_s; /* 0: messages flow */
    const struct protocol *protocol;
    const char *channel;
    const char *json_path;
    const char *html_path;
    bool is_check;
    bool is_floor;
    bool is_online;
};

/* Exits: 0 after --help, 2 with a line that says what is wrong. */
void options_parse(struct bench_options *options, int argc, char **argv);

/* `descriptors` is what one process may have open. Exits 2 if it cannot be done. */
struct plan options_plan(const struct bench_options *options, int descriptors);

/* Name of a channel: NAME itself when it is alone and was given, else NAME-0, NAME-1... */
void options_channel_name(const struct bench_options *options, int channel, char *ret_name,
                          size_t size);
