/*
 * log - one line an event; see log.h.
 *
 * A line is put together in a buffer on the stack and leaves by one write(2), so lines of
 * several processes on one stderr do not mix. What does not fit is cut at a whole character,
 * and what was begun is always closed: a line of JSON is JSON, however long its values are.
 */
#include "log.h"

#include "clock.h"
#include "log_sink.h"
#include "metrics.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SAY_EVERY_MS = 1000 }; /* of one event that comes often */

enum {
    VALUE_BYTES_MAX = 512,
    FIELD_BYTES_MIN = 96, /* a key, a number, and what is around them */
    CLOSING_BYTES = 3,    /* quote, brace, newline: there is always room for them */
    UNIT_BYTES_MAX = 8,
};

struct line {
    size_t length;
    char text[LOG_LINE_BYTES_MAX];
};

static enum log_level max_level = LOG_INFO;
static enum log_format line_format = LOG_LOGFMT;
static int64_t worker;  /* 0: there is but one process */
static int64_t unheard; /* lines lost since the last one that was not */

struct event {
    const char *name;
    enum log_level level;
    const char *meaning;
};

#define EVENT_ROW(name, level, meaning) {#name, LOG_##level, meaning},
static const struct event events[LOG_EVENT_COUNT] = {LOG_EVENTS(EVENT_ROW)};

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_configure(enum log_level level, enum log_format format)
{
    max_level = level;
    line_format = format;
}

void log_set_worker(int64_t number)
{
    worker = number;
}

bool log_is_on(enum log_level level)
{
    return level <= max_level;
}

static bool has_room(const struct line *line, size_t bytes)
{
    return line->length + bytes <= LOG_LINE_BYTES_MAX - CLOSING_BYTES;
}

static bool put_bytes(struct line *line, const char *bytes, size_t length)
{
    if (!has_room(line, length))
        return false;
    memcpy(line->text + line->length, bytes, length);
    line->length += length;
    return true;
}

static void put_text(struct line *line, const char *text)
{
    (void)put_bytes(line, text, strlen(text));
}

/* What there is always room for, see CLOSING_BYTES. */
static void put_closing(struct line *line, char c)
{
    line->text[line->length++] = c;
}

/* U+0080 to U+009F command some terminals. */
static bool is_control(const unsigned char *c, size_t length)
{
    return (length == 1 && (c[0] < 0x20 || c[0] == 0x7f)) ||
           (length == 2 && c[0] == 0xc2 && c[1] < 0xa0);
}

/* The character at the start of text as it stands in quotes; answers how long it was there. */
static size_t quote_next(const char *text, char out[UNIT_BYTES_MAX], size_t *ret_length)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t length = text_character(text);
    if (length == 0) {
        *ret_length = (size_t)snprintf(out, UNIT_BYTES_MAX, "\\ufffd");
        return 1;
    }
    if (is_control(c, length)) {
        *ret_length = (size_t)snprintf(out, UNIT_BYTES_MAX, "\\u%04x", c[length - 1]);
        return length;
    }
    *ret_length = 0;
    if (*text == '"' || *text == '\\')
        out[(*ret_length)++] = '\\';
    memcpy(out + *ret_length, text, length);
    *ret_length += length;
    return length;
}

static void put_quoted(struct line *line, const char *text)
{
    char unit[UNIT_BYTES_MAX];
    size_t length;
    put_text(line, "\"");
    for (size_t i = 0; text[i];) {
        i += quote_next(text + i, unit, &length);
        if (i > VALUE_BYTES_MAX || !put_bytes(line, unit, length))
            break;
    }
    put_closing(line, '"');
}

static bool is_plain(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= VALUE_BYTES_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                        "-_.,:;/+*@%()[]<>!?#&|~$^") == length;
}

static void put_key(struct line *line, const char *key)
{
    if (line_format == LOG_JSON) {
        put_text(line, line->length == 0 ? "{" : ",");
        put_quoted(line, key);
        put_text(line, ":");
        return;
    }
    if (line->length > 0)
        put_text(line, " ");
    put_text(line, key);
    put_text(line, "=");
}

/* A field that there is no room for is left out, one that is begun has at least some of its
 * value. */
static bool has_room_for_field(const struct line *line)
{
    return has_room(line, FIELD_BYTES_MIN);
}

static void put_field_text(struct line *line, const char *key, const char *text)
{
    put_key(line, key);
    bool is_bare = line_format == LOG_LOGFMT && is_plain(text);
    if (!is_bare || !put_bytes(line, text, strlen(text)))
        put_quoted(line, text);
}

static void put_field_number(struct line *line, const char *key, int64_t number)
{
    char digits[24];
    (void)snprintf(digits, sizeof(digits), "%lld", (long long)number);
    put_key(line, key);
    put_text(line, digits);
}

static void put_time(struct line *line)
{
    int64_t now_ms = clock_wall_ms();
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm utc;
    char text[40];
    gmtime_r(&seconds, &utc);
    size_t length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(text + length, sizeof(text) - length, ".%03dZ", (int)(now_ms % 1000));
    put_field_text(line, "time", text);
}

static void put_field(struct line *line, const struct log_field *field)
{
    if (!has_room_for_field(line))
        return;
    if (field->kind == LOG_TEXT)
        put_field_text(line, field->key, field->value.text);
    else
        put_field_number(line, field->key, field->value.number);
}

static bool write_line(enum log_event event, const struct log_field *fields)
{
    struct line line;
    line.length = 0;
    put_time(&line);
    put_field_text(&line, "level", level_names[events[event].level]);
    if (worker > 0)
        put_field_number(&line, "worker", worker);
    put_field_text(&line, "event", events[event].name);
    for (; fields->kind != LOG_END; fields++)
        put_field(&line, fields);
    if (line_format == LOG_JSON)
        put_closing(&line, '}');
    put_closing(&line, '\n');
    return log_sink_write(line.text, line.length);
}

/* Once there is a reader again he hears what he has missed. */
static void tell_of_unheard(void)
{
    if (unheard == 0)
        return;
    const struct log_field fields[] = {kv_int("lines", unheard), {.key = NULL}};
    if (write_line(LOG_EVENT_log_lines_lost, fields))
        unheard = 0;
}

void log_emit(enum log_event event, const struct log_field *fields)
{
    tell_of_unheard();
    if (unheard == 0 && write_line(event, fields))
        return;
    unheard++;
    metrics.log_lines_lost_total++;
}

void log_print_events(FILE *out)
{
    (void)fprintf(out, "| event | level | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < LOG_EVENT_COUNT; i++)
        (void)fprintf(out, "| `%s` | %s | %s |\n", events[i].name, level_names[events[i].level],
                      events[i].meaning);
}

int64_t log_may_say(enum log_event event)
{
    static struct {
        int64_t next_ms; /* not before this; 0: nothing was said yet */
        int64_t times;
    } said[LOG_EVENT_COUNT];
    int64_t now_ms = clock_now_ms();
    int64_t times = ++said[event].times;
    if (now_ms < said[event].next_ms)
        return 0;
    said[event].next_ms = now_ms + SAY_EVERY_MS;
    said[event].times = 0;
    return times;
}
