/*
 * log - one line an event; see log.h.
 *
 * A line is put together in a buffer on the stack and leaves by one write(2), so lines of
 * several processes on one stderr do not mix. What does not fit is cut, never split.
 */
#include "log.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 4096, VALUE_BYTES_MAX = 512 };

struct line {
    size_t length;
    char text[LINE_BYTES_MAX];
};

static enum log_level max_level = LOG_INFO;
static enum log_format line_format = LOG_LOGFMT;
static int64_t worker; /* 0: there is but one process */

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

static void put_char(struct line *line, char c)
{
    if (line->length < LINE_BYTES_MAX - 2) /* room for the newline */
        line->text[line->length++] = c;
}

static void put_text(struct line *line, const char *text)
{
    while (*text)
        put_char(line, *text++);
}

static void put_quoted(struct line *line, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    put_char(line, '"');
    for (size_t i = 0; text[i] && i < VALUE_BYTES_MAX; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            put_char(line, '\\');
            put_char(line, (char)c);
        } else if (c < 0x20 || c == 0x7f) {
            put_text(line, "\\u00");
            put_char(line, hex[c >> 4]);
            put_char(line, hex[c & 15]);
        } else {
            put_char(line, (char)c);
        }
    }
    put_char(line, '"');
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
        put_char(line, line->length == 0 ? '{' : ',');
        put_quoted(line, key);
        put_char(line, ':');
        return;
    }
    if (line->length > 0)
        put_char(line, ' ');
    put_text(line, key);
    put_char(line, '=');
}

static void put_field_text(struct line *line, const char *key, const char *text)
{
    put_key(line, key);
    if (line_format == LOG_LOGFMT && is_plain(text))
        put_text(line, text);
    else
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

void log_emit(enum log_level level, const char *event, const struct log_field *fields)
{
    struct line line;
    line.length = 0;
    put_time(&line);
    put_field_text(&line, "level", level_names[level]);
    if (worker > 0)
        put_field_number(&line, "worker", worker);
    put_field_text(&line, "event", event);
    for (; fields->kind != LOG_END; fields++) {
        if (fields->kind == LOG_TEXT)
            put_field_text(&line, fields->key, fields->value.text);
        else
            put_field_number(&line, fields->key, fields->value.number);
    }
    if (line_format == LOG_JSON)
        put_char(&line, '}');
    line.text[line.length++] = '\n';
    ssize_t written = write(STDERR_FILENO, line.text, line.length);
    (void)written; /* nowhere to tell */
}
