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
    char *protocol_name;
    const struct protocol *protocol;
    char *channel;   /* "": not given */
    char *json_path; /* "": none */
    char *html_path; /* "": none */
    char *pid_list;  /* as given */
    bool is_check;
    bool is_floor;
    bool is_online;
    const char *printed; /* NULL, or the form of the manual that is asked for */
    bool is_version;
    bool is_help;
};

/* Exits: 0 after --help, 2 with a line that says what is wrong. */
void bench_options_read(struct bench_options *options, int argc, char **argv);
void bench_options_finish(struct bench_options *options);

/* `descriptors` is what one process may have open. Exits 2 if it cannot be done. */
struct plan bench_options_plan(const struct bench_options *options, int descriptors);

/* Name of a channel: NAME itself when it is alone and was given, else NAME-0, NAME-1... */
void bench_options_channel_name(const struct bench_options *options, int channel,
                                char *ret_name, size_t size);
