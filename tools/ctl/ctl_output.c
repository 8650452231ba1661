/*
 * ctl_output - one result, as a table or as JSON; see ctl_output.h.
 */
#include "ctl_output.h"

#include "ctl_terminal.h"
#include "mem.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COLUMNS_MAX = 10, GAP = 2 };

json_t *output_text(const char *bytes, size_t length)
{
    if (text_is_utf8(bytes, length))
        return json_stringn(bytes, length);
    char *shown = terminal_text(bytes, length);
    json_t *text = json_string(shown);
    free(shown);
    return text;
}

json_t *output_json_of(const char *bytes, size_t length)
{
    json_t *value = json_loadb(bytes, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    return value ? value : output_text(bytes, length);
}

/* ASCII alone, and of that no control character but jansson's escapes: DEL, which it lets
 * pass, stands in strings only. */
void output_json(json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
    for (const char *at = text; *at; at++) {
        if (*at == 0x7f)
            (void)fputs("\\u007f", stdout);
        else
            (void)putchar(*at);
    }
    (void)putchar('\n');
    free(text);
    json_decref(value);
}

/* ------------------------------------------------------------------------------ cells */

char *output_time(int64_t ms)
{
    char text[32] = "-";
    struct tm utc;
    time_t seconds = (time_t)(ms / 1000);
    if (ms > 0 && gmtime_r(&seconds, &utc))
        (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return mem_strdup(text);
}

char *output_duration(int64_t ms)
{
    const char *sign = ms < 0 ? "-" : "";
    long long seconds = llabs((long long)ms) / 1000;
    if (seconds < 60)
        return mem_printf("%s%lld.%llds", sign, seconds, llabs((long long)ms) % 1000 / 100);
    if (seconds < 3600)
        return mem_printf("%s%lldm %llds", sign, seconds / 60, seconds % 60);
    if (seconds < 24 * 3600LL)
        return mem_printf("%s%lldh %lldm", sign, seconds / 3600, seconds % 3600 / 60);
    return mem_printf("%s%lldd %lldh", sign, seconds / (24 * 3600LL),
                      seconds % (24 * 3600LL) / 3600);
}

char *output_count(int64_t count, const char *one, const char *many)
{
    return mem_printf("%lld %s", (long long)count, count == 1 ? one : many);
}

static char *print_json(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    char *shown = terminal_text(text, strlen(text));
    free(text);
    return shown;
}

/* *new* */
static char *print_cell(enum column_kind kind, const json_t *value)
{
    if (!value || json_is_null(value))
        return mem_strdup("-");
    switch (kind) {
    case COLUMN_TIME:
        return output_time(json_integer_value(value));
    case COLUMN_DURATION:
        return output_duration(json_integer_value(value));
    case COLUMN_TEXT:
    case COLUMN_STATE:
        return terminal_text(json_string_value(value), json_string_length(value));
    case COLUMN_NUMBER:
    case COLUMN_JSON:
        break;
    }
    return print_json(value);
}

static enum terminal_style style_of(const char *state)
{
    if (strcmp(state, "present") == 0 || strcmp(state, "alive") == 0)
        return STYLE_GOOD;
    return strcmp(state, "leaving") == 0 ? STYLE_WAIT : STYLE_BAD;
}

/* ------------------------------------------------------------------------------ sorting */

struct order {
    const char *first;
    const char *second;
};

static int compare_members(const json_t *a, const json_t *b, const char *member)
{
    const json_t *left = json_object_get(a, member);
    const json_t *right = json_object_get(b, member);
    if (json_is_string(left) && json_is_string(right))
        return strcmp(json_string_value(left), json_string_value(right));
    json_int_t low = json_integer_value(left);
    json_int_t high = json_integer_value(right);
    return (low > high) - (low < high);
}

static int compare_rows(const void *a, const void *b, void *context)
{
    const struct order *order = context;
    const json_t *left = *(json_t *const *)a;
    const json_t *right = *(json_t *const *)b;
    int result = compare_members(left, right, order->first);
    return result != 0 ? result : compare_members(left, right, order->second);
}

void output_sort(json_t *rows, const char *first, const char *second)
{
    size_t count = json_array_size(rows);
    json_t **sorted = mem_alloc((count + 1) * sizeof(*sorted));
    for (size_t i = 0; i < count; i++)
        sorted[i] = json_incref(json_array_get(rows, i));
    qsort_r(sorted, count, sizeof(*sorted), compare_rows, &(struct order){first, second});
    for (size_t i = 0; i < count; i++)
        (void)json_array_set_new(rows, i, sorted[i]);
    free(sorted);
}

/* ------------------------------------------------------------------------------- tables */

static void measure(const struct column *columns, size_t count, const json_t *rows,
                    size_t widths[COLUMNS_MAX])
{
    size_t i;
    json_t *row;
    for (size_t c = 0; c < count; c++)
        widths[c] = strlen(columns[c].title);
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; c < count; c++) {
            char *cell = print_cell(columns[c].kind, json_object_get(row, columns[c].member));
            size_t width = terminal_width(cell);
            widths[c] = width > widths[c] ? width : widths[c];
            free(cell);
        }
    }
}

/* Nothing is put behind the last one of a line. */
static void print_padded(const char *text, enum terminal_style style, size_t width,
                         bool is_last)
{
    const char *on = style == STYLE_PLAIN ? "" : terminal_style(style);
    (void)printf("%s%s%s", on, text, on[0] ? terminal_style(STYLE_PLAIN) : "");
    if (is_last)
        (void)putchar('\n');
    else
        (void)printf("%*s", (int)(width - terminal_width(text) + GAP), "");
}

static void print_row(const struct column *columns, size_t count, const json_t *row,
                      const size_t widths[COLUMNS_MAX])
{
    for (size_t c = 0; c < count; c++) {
        char *cell = print_cell(columns[c].kind, json_object_get(row, columns[c].member));
        enum terminal_style style =
            columns[c].kind == COLUMN_STATE ? style_of(cell) : STYLE_PLAIN;
        print_padded(cell, style, widths[c], c + 1 == count);
        free(cell);
    }
}

void output_table(const struct column *columns, size_t count, const json_t *rows)
{
    size_t widths[COLUMNS_MAX] = {0};
    size_t i;
    json_t *row;
    if (json_array_size(rows) == 0)
        return;
    measure(columns, count, rows, widths);
    for (size_t c = 0; c < count; c++)
        print_padded(columns[c].title, STYLE_HEAD, widths[c], c + 1 == count);
    json_array_foreach(rows, i, row) print_row(columns, count, row, widths);
}
