/*
 * log - one line an event, for people (logfmt) and for machines (JSON).
 *
 *     log_event(redis_down, kv_str("link", "subscriber"), kv_int("retry_ms", 800));
 *
 * prints   time=… level=warn event=redis_down link=subscriber retry_ms=800
 *
 * Error: somebody must act. Warn: degraded and recovering. Info: life of process, links,
 * leases. Debug: one connection's life. Never message bodies, tokens or keys. Lines go to
 * stderr, which is never waited for: a line that its reader has no room for is lost, and
 * counted.
 */
#ifndef PARLEY_LOG_H
#define PARLEY_LOG_H

#include "log_events.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_LOGFMT, LOG_JSON };

enum log_event { LOG_EVENTS(LOG_EVENT_NUMBER) LOG_EVENT_COUNT };
enum { LOG_EVENTS(LOG_EVENT_LEVEL) LOG_LEVEL_NONE };

enum log_kind { LOG_END, LOG_TEXT, LOG_NUMBER };

struct log_field {
    enum log_kind kind;
    const char *key;
    union {
        const char *text;
        int64_t number;
    } value;
};

static inline struct log_field kv_str(const char *key, const char *text)
{
    return (struct log_field){LOG_TEXT, key, {.text = text ? text : ""}};
}

static inline struct log_field kv_int(const char *key, int64_t number)
{
    return (struct log_field){LOG_NUMBER, key, {.number = number}};
}

void log_configure(enum log_level level, enum log_format format);
/* From now on lines say which worker they are of. */
void log_set_worker(int64_t number);
bool log_is_on(enum log_level level);

/* fields ends with an element of kind LOG_END. Values are escaped, and cut to 512
 * octets and whole characters. */
void log_emit(enum log_event event, const struct log_field *fields);

/* A row of log_events.h by its name, and at least one field. */
#define log_event(name, ...)                                                                   \
    do {                                                                                       \
        if (log_is_on((enum log_level)LOG_LEVEL_##name))                                       \
            log_emit(LOG_EVENT_##name,                                                         \
                     (const struct log_field[]){__VA_ARGS__, {.key = NULL}});                  \
    } while (0)

/* The same for what may come very often: a line a second at most, with how many it stands for.
 */
#define log_event_at_times(name, ...)                                                          \
    do {                                                                                       \
        int64_t log_times = log_may_say(LOG_EVENT_##name);                                     \
        if (log_times > 0)                                                                     \
            log_event(name, __VA_ARGS__, kv_int("count", log_times));                          \
    } while (0)
/* For log_event_at_times: how often the event has come since it was last said; 0: it is not to
 * be said now. */
int64_t log_may_say(enum log_event event);

/* All events, as a table of Markdown. */
void log_print_events(FILE *out);

#endif
