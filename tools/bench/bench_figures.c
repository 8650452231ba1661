/*
 * bench_figures - what follows from the results; see bench_figures.h.
 */
#include "bench_figures.h"

#include "bench_options.h"
#include "bench_protocol.h"
#include "bench_run.h"

#include <stdarg.h>
#include <stdio.h>

struct cost cost_of(const struct bench_result *result)
{
    struct cost cost = {0};
    double connect_s = 0;
    double connections = result->plan.connections;
    for (int i = 0; i < result->process_count; i++) {
        const struct process_result *process = &result->processes[i];
        cost.cpu_s += process->ended.cpu_s - process->started.cpu_s;
        connect_s += process->connected.cpu_s - process->before.cpu_s;
        cost.memory += (double)(process->started.rss_bytes - process->before.rss_bytes);
    }
    cost.memory /= connections;
    cost.connect_us = connect_s * 1e6 / connections;
    if (cost.cpu_s > 0 && result->measured_s > 0) {
        cost.idle_us = cost.cpu_s * 1e6 / connections / result->measured_s;
        cost.deliveries = (double)result->delivered / cost.cpu_s;
    }
    return cost;
}

double per_second(uint64_t count, const struct bench_result *result)
{
    return result->measured_s > 0 ? (double)count / result->measured_s : 0;
}

const char *grouped(double value)
{
    static char texts[8][32];
    static int next;
    char digits[24];
    char *text = texts[next++ % 8];
    int length = snprintf(digits, sizeof(digits), "%.0f", value);
    int at = 0;
    for (int i = 0; i < length; i++) {
        text[at++] = digits[i];
        int left = length - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-') {
            text[at++] = ',';
        }
    }
    text[at] = '\0';
    return text;
}

struct text {
    char *at;
    size_t left;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format,
                                                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is, one line above
    int length = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    size_t taken = length > 0 && (size_t)length < text->left ? (size_t)length : 0;
    text->at += taken;
    text->left -= taken;
}

static void add_count(struct text *text, const char *before, int count, const char *what)
{
    add(text, "%s%s %s%s", before, grouped(count), what, count == 1 ? "" : "s");
}

void describe_load(const struct bench_options *options, const struct bench_result *result,
                   char *ret_text, size_t size)
{
    const struct plan *plan = &result->plan;
    struct text text = {.at = ret_text, .left = size};
    add_count(&text, "", plan->connections, "connection");
    if (options->is_floor) {
        add(&text, " to a bare sender (floor)");
    } else {
        add(&text, " to %d address%s (%s)", plan->addresses, plan->addresses == 1 ? "" : "es",
            options->protocol->name);
    }
    add_count(&text, ", ", plan->channels, "channel");
    add_count(&text, ", ", plan->workers, "worker");
    if (options->idle_s > 0) {
        add(&text, ", idle");
        return;
    }
    add_count(&text, ", ", plan->publishers, "publisher");
    add(&text, ", %d bytes", options->size);
    if (options->window > 0) {
        add(&text, ", window %d", options->window);
    } else {
        add(&text, ", %g messages/s", options->rate);
    }
}
