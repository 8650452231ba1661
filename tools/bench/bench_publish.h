/*
 * bench_publish - when which publisher sends what: at a fixed rate, or to keep a window full.
 *
 * At a rate the clock alone decides: a server that falls behind sees no fewer messages, and
 * its delay stands in the latencies. With a window each publisher has its part of it. All
 * publishers live in worker 0.
 */
#pragma once

struct bench_options;
struct bench_shared;
struct client;
struct bench_hub;
struct plan;
struct publishers;

struct publishers *publishers_create(const struct bench_options *options,
                                     const struct plan *plan, struct bench_shared *shared,
                                     struct bench_hub *hub);

/* The connection (borrowed) that publisher `number` sends on. Before publishers_start(). */
void publishers_attach(struct publishers *publishers, int number, struct client *client);

void publishers_start(struct publishers *publishers);

/* Sends what is due; once a turn. */
void publishers_run(struct publishers *publishers);

/* No more messages: the numbers in shared memory are final. */
void publishers_stop(struct publishers *publishers);

/* Messages of one publisher that may be on their way; 0 with a rate. */
int publishers_share(const struct bench_options *options, int number);
