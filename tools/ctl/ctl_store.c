/*
 * ctl_store - one connection to Redis that waits for each answer; see ctl_store.h.
 */
#include "ctl_store.h"

#include "ctl_options.h"
#include "ctl_terminal.h"
#include "mem.h"
#include "redis_reply.h"
#include "redis_tls.h"
#include "redis_url.h"
#include "secret_file.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum { HEAD_PARTS = 3 }; /* EVAL text key-count */

struct store {
    const struct ctl_options *options;
    redisContext *connection;
    char *where; /* for errors: without a password */
    char run[REDIS_RUN_BYTES];
};

/* ------------------------------------------------------------------------- connecting */

static redisContext *connect_to(const struct redis_url *url, int64_t timeout_ms)
{
    struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    redisOptions options = {.connect_timeout = &timeout, .command_timeout = &timeout};
    if (url->path)
        REDIS_OPTIONS_SET_UNIX(&options, url->path);
    else
        REDIS_OPTIONS_SET_TCP(&options, url->host, url->port);
    return redisConnectWithOptions(&options);
}

static void start_tls(struct store *store, const struct redis_url *url)
{
    const char *error = NULL;
    if (url->is_tls &&
        !redis_tls_start(store->connection, url, store->options->redis_ca, &error))
        ctl_fail("Redis at %s: %s", store->where, error);
}

static void log_in(struct store *store, const struct redis_url *url)
{
    redisReply *reply = NULL;
    if (url->user)
        reply = store_ask(store, "AUTH %s %s", url->user, url->password);
    else if (url->password)
        reply = store_ask(store, "AUTH %s", url->password);
    freeReplyObject(reply);
    if (url->db > 0)
        freeReplyObject(store_ask(store, "SELECT %d", url->db));
    freeReplyObject(store_ask(store, "PING"));
    /* for those who ask Redis who is there; an ACL may well not allow it */
    store_send(store, "CLIENT SETNAME parleyctl");
    freeReplyObject(store_take(store));
}

/* As parleyd has it. *new*; NULL: none. */
static char *read_password(const struct ctl_options *options)
{
    char *error = NULL;
    if (!options->redis_password_file[0])
        return options->redis_password[0] ? mem_strdup(options->redis_password) : NULL;
    char *password = secret_file_read(options->redis_password_file, &error);
    if (!password)
        ctl_fail("--redis-password-file: %s", error);
    return password;
}

struct store *store_open(const struct ctl_options *options)
{
    struct redis_url url;
    char *error = NULL;
    if (!redis_url_parse(options->redis, &url, &error))
        ctl_fail("%s", error);
    if (!url.password)
        url.password = read_password(options);
    struct store *store = mem_zalloc(sizeof(*store));
    store->options = options;
    store->where = url.path ? mem_strdup(url.path) : mem_printf("%s:%d", url.host, url.port);
    store->connection = connect_to(&url, options->timeout_ms);
    if (!store->connection || store->connection->err)
        ctl_fail("Redis at %s: %s", store->where,
                 store->connection ? store->connection->errstr : "out of memory");
    start_tls(store, &url);
    log_in(store, &url);
    redis_url_finish(&url);
    return store;
}

void store_close(struct store *store)
{
    redisFree(store->connection);
    free(store->where);
    free(store);
}

const char *store_prefix(const struct store *store)
{
    return store->options->prefix;
}

const char *store_run(struct store *store)
{
    store_send(store, "INFO server");
    redisReply *reply = store_take(store); /* an ACL may not allow it */
    redis_run_of_info(reply->type == REDIS_REPLY_ERROR ? "" : reply->str, store->run);
    freeReplyObject(reply);
    return store->run;
}

/* --------------------------------------------------------------------------- commands */

__attribute__((noreturn)) static void fail_connection(const struct store *store)
{
    const redisContext *connection = store->connection;
    bool is_late = connection->err == REDIS_ERR_IO && (errno == EAGAIN || errno == ETIMEDOUT);
    ctl_fail("Redis at %s: %s", store->where,
             is_late ? "no answer in time" : connection->errstr);
}

static void send_command(struct store *store, const char *format, va_list args)
{
    if (redisvAppendCommand(store->connection, format, args) != REDIS_OK)
        fail_connection(store);
}

void store_send(struct store *store, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    send_command(store, format, args);
    va_end(args);
}

redisReply *store_take(struct store *store)
{
    void *reply = NULL;
    if (redisGetReply(store->connection, &reply) != REDIS_OK)
        fail_connection(store);
    return reply;
}

static redisReply *take_good(struct store *store)
{
    redisReply *reply = store_take(store);
    if (reply->type == REDIS_REPLY_ERROR)
        ctl_fail("Redis at %s: %s", store->where, reply->str);
    return reply;
}

redisReply *store_ask(struct store *store, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    send_command(store, format, args);
    va_end(args);
    return take_good(store);
}

/* With the script's text: one that nodes have loaded is no second one to Redis. */
redisReply *store_script(struct store *store, enum redis_script script,
                         const struct redis_call *call)
{
    const char *parts[HEAD_PARTS + SCRIPT_PARTS_MAX] = {"EVAL", redis_script_texts[script]};
    size_t lengths[HEAD_PARTS + SCRIPT_PARTS_MAX];
    char key_count[8];
    (void)snprintf(key_count, sizeof(key_count), "%zu", call->key_count);
    parts[2] = key_count;
    for (size_t i = 0; i < HEAD_PARTS; i++)
        lengths[i] = strlen(parts[i]);
    memcpy(parts + HEAD_PARTS, call->parts, call->count * sizeof(*parts));
    memcpy(lengths + HEAD_PARTS, call->lengths, call->count * sizeof(*lengths));
    if (redisAppendCommandArgv(store->connection, (int)(HEAD_PARTS + call->count), parts,
                               lengths) != REDIS_OK)
        fail_connection(store);
    return take_good(store);
}

void store_begin(struct store *store)
{
    store_send(store, "MULTI");
}

redisReply *store_end(struct store *store, size_t sent_count)
{
    store_send(store, "EXEC");
    for (size_t i = 0; i < sent_count + 1; i++)
        freeReplyObject(take_good(store)); /* OK, then QUEUED for each */
    redisReply *replies = take_good(store);
    if (replies->type != REDIS_REPLY_ARRAY || replies->elements != sent_count)
        ctl_fail("Redis at %s: a transaction was not answered", store->where);
    return replies;
}

void store_flush(struct store *store)
{
    int is_done = 0;
    while (!is_done) {
        if (redisBufferWrite(store->connection, &is_done) != REDIS_OK)
            fail_connection(store);
    }
}

/* False: a signal came. The signals that matter are blocked but for this wait, so that none
 * falls between the look at is_over and the wait. */
static bool wait_readable(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    sigset_t none;
    (void)sigemptyset(&none);
    return ppoll(&readable, 1, NULL, &none) > 0;
}

redisReply *store_listen(struct store *store, const volatile int *is_over)
{
    void *reply = NULL;
    while (!*is_over) {
        if (redisGetReplyFromReader(store->connection, &reply) != REDIS_OK)
            fail_connection(store);
        if (reply)
            return reply;
        if (wait_readable(store->connection->fd) &&
            redisBufferRead(store->connection) != REDIS_OK)
            fail_connection(store);
    }
    return NULL;
}

/* ---------------------------------------------------------------------------- replies */

int64_t reply_number(const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_INTEGER)
        return reply->integer;
    return reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, NULL, 10) : 0;
}

const char *reply_text(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS ? reply->str
                                                                                  : "";
}

int64_t store_now_ms(struct store *store)
{
    redisReply *reply = store_ask(store, "TIME");
    int64_t now_ms =
        reply->type == REDIS_REPLY_ARRAY && reply->elements == 2
            ? reply_number(reply->element[0]) * 1000 + reply_number(reply->element[1]) / 1000
            : 0;
    freeReplyObject(reply);
    return now_ms;
}

/* ----------------------------------------------------------------------------- walking */

enum { CURSOR_BYTES = 24 };

/* Hands over what a scan has brought; false at its end. */
static bool take_slice(const redisReply *reply, char cursor[CURSOR_BYTES],
                       store_slice_fn on_slice, void *context)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
        return false;
    (void)snprintf(cursor, CURSOR_BYTES, "%s", reply_text(reply->element[0]));
    if (reply->element[1]->elements > 0)
        on_slice(context, reply->element[1]);
    return strcmp(cursor, "0") != 0;
}

bool store_walk_on(struct store *store, const char *verb, const char *key, const char *start,
                   store_slice_fn on_slice, void *context)
{
    char cursor[CURSOR_BYTES];
    bool is_more = strcmp(start, "0") != 0;
    bool is_sound = true;
    (void)snprintf(cursor, sizeof(cursor), "%s", start);
    while (is_more && is_sound) {
        store_send(store, "%s %s %s COUNT %d", verb, key, cursor, STORE_SLICE);
        redisReply *reply = store_take(store);
        is_sound = reply->type != REDIS_REPLY_ERROR;
        is_more = is_sound && take_slice(reply, cursor, on_slice, context);
        freeReplyObject(reply);
    }
    return is_sound;
}

bool store_walk(struct store *store, const char *verb, const char *key, store_slice_fn on_slice,
                void *context)
{
    char cursor[CURSOR_BYTES] = "0";
    store_send(store, "%s %s 0 COUNT %d", verb, key, STORE_SLICE);
    redisReply *reply = store_take(store);
    bool is_sound = reply->type != REDIS_REPLY_ERROR;
    if (is_sound)
        (void)take_slice(reply, cursor, on_slice, context);
    freeReplyObject(reply);
    return is_sound && store_walk_on(store, verb, key, cursor, on_slice, context);
}

void store_walk_keys(struct store *store, const char *glob, store_slice_fn on_slice,
                     void *context)
{
    char cursor[CURSOR_BYTES] = "0";
    bool is_more = true;
    while (is_more) {
        redisReply *reply = store_ask(store, "SCAN %s MATCH %s:%s COUNT %d", cursor,
                                      store_prefix(store), glob, STORE_SLICE);
        is_more = take_slice(reply, cursor, on_slice, context);
        freeReplyObject(reply);
    }
}
