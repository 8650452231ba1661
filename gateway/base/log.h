/*
 * log - one line an event, for people (logfmt) and for machines (JSON).
 *
 *     log_warn("redis_down", kv_str("link", "subscriber"), kv_int("retry_ms", 800));
 *
 * prints   time=… level=warn event=redis_down link=subscriber retry_ms=800
 *
 * Error: somebody must act. Warn: degraded and recovering. Info: life of process, links,
 * leases. Debug: per message. Never message bodies, tokens or keys. Lines go to stderr,
 * which is never waited for: a line that its reader has no room for is lost, and counted.
 */
#ifndef PARLEY_LOG_H
#define PARLEY_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_LOGFMT, LOG_JSON };

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
void log_emit(enum log_level level, const char *event, const struct log_field *fields);

/* Each call names an event and at least one field. */
#define LOG_AT(level, event, ...)                                                              \
    do {                                                                                       \
        if (log_is_on(level))                                                                  \
            log_emit(level, event, (const struct log_field[]){__VA_ARGS__, {.key = NULL}});    \
    } while (0)

#define log_error(event, ...) LOG_AT(LOG_ERROR, event, __VA_ARGS__)
#define log_warn(event, ...)  LOG_AT(LOG_WARN, event, __VA_ARGS__)
#define log_info(event, ...)  LOG_AT(LOG_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) LOG_AT(LOG_DEBUG, event, __VA_ARGS__)

#endif
