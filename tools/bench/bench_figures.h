/*
 * bench_figures - what follows from the results, and how numbers are written for people.
 *
 * The same figures stand in the text, the JSON and the page, and are worked out here once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_options;
struct bench_result;

/* What the processes of the server cost together. */
struct cost {
    double cpu_s;      /* while measuring */
    double connect_us; /* CPU of one handshake */
    double memory;     /* bytes per connection */
    double idle_us;    /* CPU per connection and second */
    double deliveries; /* per CPU second */
};

struct cost cost_of(const struct bench_result *result);

/* Of the measured time; 0 when there was none. */
double per_second(uint64_t count, const struct bench_result *result);

/* 1234567 as "1,234,567"; the text is good until eight more calls. */
const char *grouped(double value);

/* What was done, in one line: "1,000 connections to 2 addresses, ...". */
void describe_load(const struct bench_options *options, const struct bench_result *result,
                   char *ret_text, size_t size);
