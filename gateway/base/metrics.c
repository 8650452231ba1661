/*
 * metrics - what the gateway counts about itself; see metrics.h.
 */
#include "metrics.h"

#include <stdbool.h>
#include <string.h>

struct metrics metrics;

enum metric_kind { COUNTER, GAUGE };

struct row {
    const char *name;
    enum metric_kind kind;
    const char *help;
    size_t offset; /* in struct metrics */
};

#define COUNTER_ROW(name, help)                                                                \
    {"parley_" #name, COUNTER, help, offsetof(struct metrics, name)},
#define GAUGE_ROW(name, help) {"parley_" #name, GAUGE, help, offsetof(struct metrics, name)},
static const struct row rows[] = {METRICS(COUNTER_ROW, GAUGE_ROW)};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

static const char link_prefix[] = "parley_redis_up_";

/* parley_redis_up_commands is one of a family, told apart by a label. */
static bool is_link(const struct row *row)
{
    return strncmp(row->name, link_prefix, strlen(link_prefix)) == 0;
}

static int64_t *value_of(struct metrics *values, const struct row *row)
{
    return (int64_t *)((char *)values + row->offset);
}

static int64_t read_value(const struct metrics *values, const struct row *row)
{
    return *(const int64_t *)((const char *)values + row->offset);
}

void metrics_write_row(FILE *out, const char *name, const char *type, const char *help)
{
    (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* The lines of a family stand together, behind one head. */
static bool is_first_link(const struct row *row)
{
    return is_link(row) && (row == rows || !is_link(row - 1));
}

static void print_row(FILE *out, const struct row *row, int64_t value)
{
    if (is_first_link(row))
        metrics_write_row(out, "parley_redis_up", "gauge", "The connection to Redis works");
    if (is_link(row)) {
        (void)fprintf(out, "parley_redis_up{link=\"%s\"}", row->name + strlen(link_prefix));
    } else {
        metrics_write_row(out, row->name, row->kind == GAUGE ? "gauge" : "counter", row->help);
        (void)fputs(row->name, out);
    }
    (void)fprintf(out, " %lld\n", (long long)value);
}

static void print_limits(FILE *out, const struct metrics *values)
{
    metrics_write_row(out, "parley_limit_hits_total", "counter",
                      "What was refused or held back because of a limit");
    for (int i = 0; i < LIMIT_COUNT; i++)
        (void)fprintf(out, "parley_limit_hits_total{limit=\"%s\"} %lld\n",
                      limit_name((enum limit)i), (long long)values->limit_hits[i]);
}

void metrics_write(FILE *out, const struct metrics *values)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        print_row(out, &rows[i], read_value(values, &rows[i]));
    print_limits(out, values);
}

void metrics_add(struct metrics *total, const struct metrics *values)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        int64_t *sum = value_of(total, &rows[i]);
        int64_t value = read_value(values, &rows[i]);
        if (!is_link(&rows[i]))
            *sum += value;
        else if (value < *sum)
            *sum = value;
    }
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        total->limit_hits[i] += values->limit_hits[i];
}

void metrics_forget_gauges(struct metrics *values)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].kind == GAUGE)
            *value_of(values, &rows[i]) = 0;
    }
}
