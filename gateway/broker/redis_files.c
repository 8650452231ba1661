/*
 * redis_files - files in Redis; see redis_files.h.
 */
#include "redis_files.h"

#include "keys.h"
#include "log.h"
#include "mem.h"
#include "redis_link.h"
#include "redis_script.h"

#include <hiredis/hiredis.h>

#include <stdio.h>
#include <stdlib.h>

enum { NUMBER_BYTES = 24 };

static void print_number(char text[NUMBER_BYTES], int64_t number)
{
    (void)snprintf(text, NUMBER_BYTES, "%lld", (long long)number);
}

static void answer(struct broker_waiter *waiter, const struct broker_reply *reply)
{
    waiter->on_reply(waiter->owner, waiter->tag, reply);
    free(waiter);
}

static struct broker_waiter *keep(struct broker_waiter waiter)
{
    struct broker_waiter *kept = mem_alloc(sizeof(*kept));
    *kept = waiter;
    return kept;
}

static void note_refusal(enum broker_status status, const redisReply *reply)
{
    if (status == BROKER_REFUSED)
        log_error("file_refused", kv_str("err", reply->str));
}

static void on_verdict(void *context, enum broker_status status, const redisReply *reply)
{
    note_refusal(status, reply);
    bool is_taken = status == BROKER_OK && reply->integer == 1;
    answer(context, &(struct broker_reply){.status = status, .is_taken = is_taken});
}

static void on_piece(void *context, enum broker_status status, const redisReply *reply)
{
    struct broker_reply result = {.status = status};
    note_refusal(status, reply);
    if (status == BROKER_OK)
        result.piece = (struct slice){reply->str, reply->len};
    answer(context, &result);
}

static size_t charge_of(const struct broker_file *file)
{
    return file->bytes > BROKER_FILE_CHARGE_MIN ? file->bytes : BROKER_FILE_CHARGE_MIN;
}

/* In the set of all files. *new* */
static char *print_entry(const struct broker_file *file)
{
    return mem_printf("%s %zu", file->id, charge_of(file));
}

void redis_files_reserve(struct redis_link *link, const char *prefix,
                         const struct broker_file *file, struct broker_waiter waiter)
{
    struct redis_call call = {.count = 0};
    char bytes[NUMBER_BYTES];
    char ttl_ms[NUMBER_BYTES];
    char bytes_of_all[NUMBER_BYTES];
    char *files = key_files(prefix);
    char *entry = print_entry(file);
    print_number(bytes, (int64_t)charge_of(file));
    print_number(ttl_ms, file->ttl_ms);
    print_number(bytes_of_all, (int64_t)file->bytes_of_all);
    redis_call_key(&call, files);
    redis_call_text(&call, entry);
    redis_call_text(&call, bytes);
    redis_call_text(&call, ttl_ms);
    redis_call_text(&call, bytes_of_all);
    redis_script_call(link, SCRIPT_FILE_RESERVE, &call, on_verdict, keep(waiter));
    free(entry);
    free(files);
}

void redis_files_append(struct redis_link *link, const char *prefix,
                        const struct broker_file *file, size_t at, struct slice piece,
                        struct broker_waiter waiter)
{
    struct redis_call call = {.count = 0};
    char place[NUMBER_BYTES];
    char ttl_ms[NUMBER_BYTES];
    char *key = key_file(prefix, file->id);
    print_number(place, (int64_t)at);
    print_number(ttl_ms, file->ttl_ms);
    redis_call_key(&call, key);
    redis_call_text(&call, place);
    redis_call_bytes(&call, piece.bytes, piece.length);
    redis_call_text(&call, ttl_ms);
    redis_script_call(link, SCRIPT_FILE_APPEND, &call, on_verdict, keep(waiter));
    free(key);
}

void redis_files_read(struct redis_link *link, const char *prefix, const char *id, size_t at,
                      size_t length, struct broker_waiter waiter)
{
    char from[NUMBER_BYTES];
    char to[NUMBER_BYTES];
    print_number(from, (int64_t)at);
    print_number(to, (int64_t)(at + length - 1));
    char *key = key_file(prefix, id);
    redis_link_command_text(link, "s", on_piece, keep(waiter), "GETRANGE", key, from, to, NULL);
    free(key);
}

void redis_files_remove(struct redis_link *link, const char *prefix,
                        const struct broker_file *file)
{
    char *key = key_file(prefix, file->id);
    char *files = key_files(prefix);
    char *entry = print_entry(file);
    redis_link_command_text(link, "i", NULL, NULL, "DEL", key, NULL);
    redis_link_command_text(link, "i", NULL, NULL, "ZREM", files, entry, NULL);
    free(entry);
    free(files);
    free(key);
}
