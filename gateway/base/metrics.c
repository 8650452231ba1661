/*
 * metrics - what the gateway counts about itself; see metrics.h.
 */
#include "metrics.h"

#include "mem.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct metrics metrics;

struct row {
    const char *name;
    const char *type;
    const char *help;
    const int64_t *value;
};

#define COUNTER_ROW(name, help) {"parley_" #name, "counter", help, &metrics.name},
#define GAUGE_ROW(name, help)   {"parley_" #name, "gauge", help, &metrics.name},
static const struct row rows[] = {METRICS(COUNTER_ROW, GAUGE_ROW)};

static const char link_prefix[] = "parley_redis_up_";

/* parley_redis_up_commands is one of a family, told apart by a label. */
static void print_row(FILE *out, const struct row *row)
{
    bool is_link = strncmp(row->name, link_prefix, strlen(link_prefix)) == 0;
    if (is_link)
        (void)fprintf(out, "parley_redis_up{link=\"%s\"}", row->name + strlen(link_prefix));
    else
        (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n%s", row->name, row->help, row->name,
                      row->type, row->name);
    (void)fprintf(out, " %lld\n", (long long)*row->value);
}

char *metrics_print(size_t *ret_length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_length);
    if (!out)
        return mem_strdup("");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_row(out, &rows[i]);
    }
    (void)fclose(out);
    return text;
}
