/*
 * redis_files - files in Redis; see redis_files.h.
 */
#include "redis_files.h"

#include "keys.h"
#include "log.h"
#include "mem.h"
#include "redis_store.h"

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
        log_event(file_not_stored, kv_str("err", reply->str));
}

static void on_verdict(void *context, enum broker_status status, const redisReply *reply)
{
    note_refusal(status, reply);
    int64_t verdict = status == BROKER_OK ? reply->integer : 0;
    answer(context, &(struct broker_reply){.status = status,
                                           .is_taken = verdict == 1,
                                           .is_share_full = verdict == 2});
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

static void call_reserve(struct redis_store *store, const struct broker_file *file,
                         int64_t ttl_ms, bool is_removed, redis_reply_fn on_reply,
                         void *context)
{
    struct redis_call call = {.count = 0};
    char numbers[4][NUMBER_BYTES];
    char *files = key_files(redis_store_prefix(store));
    char *entry = print_entry(file);
    print_number(numbers[0], (int64_t)charge_of(file));
    print_number(numbers[1], ttl_ms);
    print_number(numbers[2], (int64_t)file->bytes_of_all);
    print_number(numbers[3], (int64_t)file->bytes_of_one);
    redis_call_key(&call, files);
    redis_call_text(&call, entry);
    for (size_t i = 0; i < 3; i++)
        redis_call_text(&call, numbers[i]);
    redis_call_text(&call, file->owner);
    redis_call_text(&call, numbers[3]);
    redis_call_text(&call, is_removed ? "1" : "0");
    redis_store_script(store, SCRIPT_FILE_RESERVE, &call, on_reply, context);
    free(entry);
    free(files);
}

static int64_t brief(int64_t ttl_ms)
{
    return ttl_ms < BROKER_FILE_BRIEF_MS ? ttl_ms : BROKER_FILE_BRIEF_MS;
}

void redis_files_reserve(struct redis_store *store, const struct broker_file *file,
                         bool is_whole, struct broker_waiter waiter)
{
    call_reserve(store, file, is_whole ? file->ttl_ms : brief(file->ttl_ms),
                 /* is_removed= */ false, on_verdict, keep(waiter));
}

void redis_files_append(struct redis_store *store, const struct broker_file *file, size_t at,
                        struct slice piece, struct broker_waiter waiter)
{
    struct redis_call call = {.count = 0};
    char place[NUMBER_BYTES];
    char ttl_ms[NUMBER_BYTES] = "";
    char *key = key_file(redis_store_prefix(store), file->id);
    print_number(place, (int64_t)at);
    if (at + piece.length == file->bytes)
        print_number(ttl_ms, file->ttl_ms);
    else if (at == 0)
        print_number(ttl_ms, brief(file->ttl_ms));
    redis_call_key(&call, key);
    redis_call_text(&call, place);
    redis_call_bytes(&call, piece.bytes, piece.length);
    redis_call_text(&call, ttl_ms);
    redis_store_script(store, SCRIPT_FILE_APPEND, &call, on_verdict, keep(waiter));
    free(key);
}

void redis_files_read(struct redis_store *store, const char *id, size_t at, size_t length,
                      struct broker_waiter waiter)
{
    char from[NUMBER_BYTES];
    char to[NUMBER_BYTES];
    print_number(from, (int64_t)at);
    print_number(to, (int64_t)(at + length - 1));
    char *key = key_file(redis_store_prefix(store), id);
    redis_store_command_text(store, "s", on_piece, keep(waiter), "GETRANGE", key, from, to,
                             NULL);
    free(key);
}

void redis_files_remove(struct redis_store *store, const struct broker_file *file)
{
    char *key = key_file(redis_store_prefix(store), file->id);
    redis_store_command_text(store, "i", NULL, NULL, "DEL", key, NULL);
    call_reserve(store, file, 1, /* is_removed= */ true, NULL, NULL);
    free(key);
}
