/*
 * redis_link - one connection to Redis that comes back by itself; see redis_link.h.
 *
 * WAITING --(pause over)--> CONNECTING --(connected)--> SETUP --(AUTH, SELECT, scripts, PING
 * answered)--> UP; any failure leads back to WAITING. link_set_state is the one place that
 * moves between them. Contexts of hiredis are freed only from redis_link_turn, never from
 * inside one of its callbacks.
 */
#include "redis_link.h"

#include "clock.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "metrics.h"
#include "redis_command.h"
#include "redis_replies.h"
#include "redis_tls.h"
#include "redis_url.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <hiredis/adapters/libevent.h>
#pragma GCC diagnostic pop
#include <utlist.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MAX_MS = 5000,
    TEXT_PARTS_MAX = 16,
};

enum link_state {
    LINK_WAITING,    /* until retry_at_ms */
    LINK_CONNECTING, /* TCP (and TLS) */
    LINK_SETUP,      /* who we are, which database, our scripts */
    LINK_UP,
};

struct request {
    struct redis_link *link;
    redis_reply_fn on_reply;
    void *context;
    int64_t deadline_ms;
    struct request *next;
    struct request *prev;
};

struct redis_link {
    struct redis_link_options options;
    struct loop *loop;
    redisAsyncContext *connection; /* NULL: none */
    struct redis_replies *replies; /* of the connection */
    struct redis_command command;  /* the one being given to hiredis */
    enum link_state state;
    int64_t retry_at_ms;
    int64_t backoff_ms;
    int64_t connect_deadline_ms;
    bool is_broken;     /* to be freed at the next turn */
    bool has_unwritten; /* commands given to hiredis in this turn */
    bool was_up;
    char why_down[128];
    struct request *pending; /* sent, in order */
    struct request *unsent;  /* to be answered at the next turn */
    size_t pending_count;
    size_t setup_left;
    char (*digests)[REDIS_DIGEST_BYTES];
};

static void link_set_state(struct redis_link *link, enum link_state state)
{
    bool was_up = link->state == LINK_UP;
    link->state = state;
    *link->options.up_metric = state == LINK_UP;
    if (state == LINK_UP) {
        link->backoff_ms = BACKOFF_FIRST_MS;
        log_info("redis_up", kv_str("link", link->options.name));
        metrics.redis_reconnects_total += link->was_up;
        link->was_up = true;
        link->options.on_up(link->options.context);
    } else if (was_up) {
        link->options.on_down(link->options.context);
    }
}

/* ------------------------------------------------------------------------- requests */

static void request_answer(struct request *request, enum broker_status status,
                           const redisReply *reply)
{
    if (request->on_reply)
        request->on_reply(request->context, status, reply);
    free(request);
}

static void on_reply(redisAsyncContext *connection, void *raw_reply, void *raw_request)
{
    struct request *request = raw_request;
    const redisReply *reply = raw_reply;
    struct redis_link *link = request->link;
    (void)connection;
    DL_DELETE(link->pending, request);
    link->pending_count--;
    if (!reply)
        request_answer(request, BROKER_UNKNOWN, NULL);
    else if (reply->type == REDIS_REPLY_ERROR)
        request_answer(request, BROKER_REFUSED, reply);
    else
        request_answer(request, BROKER_OK, reply);
}

/* False: the connection is ending, and takes no more. */
static bool write_command(struct redis_link *link, size_t part_count, const char **parts,
                          const size_t *lengths, redisCallbackFn *callback, void *context)
{
    struct redis_command *command = &link->command;
    redis_command_print(command, part_count, parts, lengths);
    return redisAsyncFormattedCommand(link->connection, callback, context, command->bytes,
                                      command->length) == REDIS_OK;
}

static void send_command(struct redis_link *link, size_t part_count, const char **parts,
                         const size_t *lengths, redis_reply_fn on_done, void *context)
{
    struct request *request = mem_zalloc(sizeof(*request));
    request->link = link;
    request->on_reply = on_done;
    request->context = context;
    request->deadline_ms = clock_now_ms() + link->options.timeout_ms;
    if (!link->connection || link->is_broken ||
        !write_command(link, part_count, parts, lengths, on_reply, request)) {
        DL_APPEND(link->unsent, request);
        return;
    }
    link->has_unwritten = true;
    link->pending_count++;
    DL_APPEND(link->pending, request);
}

void redis_link_answer_later(struct redis_link *link, redis_reply_fn on_done, void *context)
{
    struct request *request = mem_zalloc(sizeof(*request));
    request->on_reply = on_done;
    request->context = context;
    DL_APPEND(link->unsent, request);
}

void redis_link_command(struct redis_link *link, size_t part_count, const char **parts,
                        const size_t *lengths, redis_reply_fn on_done, void *context)
{
    if (link->state == LINK_UP) {
        send_command(link, part_count, parts, lengths, on_done, context);
        return;
    }
    redis_link_answer_later(link, on_done, context);
}

static size_t collect_parts(va_list args, const char **parts, size_t *lengths)
{
    size_t count = 0;
    for (const char *part = va_arg(args, const char *); part && count < TEXT_PARTS_MAX;
         part = va_arg(args, const char *)) {
        parts[count] = part;
        lengths[count++] = strlen(part);
    }
    return count;
}

void redis_link_command_text(struct redis_link *link, redis_reply_fn on_done, void *context,
                             ...)
{
    const char *parts[TEXT_PARTS_MAX];
    size_t lengths[TEXT_PARTS_MAX];
    va_list args;
    va_start(args, context);
    size_t count = collect_parts(args, parts, lengths);
    va_end(args);
    redis_link_command(link, count, parts, lengths, on_done, context);
}

static void answer_unsent(struct redis_link *link)
{
    struct request *unsent = link->unsent;
    struct request *request;
    struct request *next;
    link->unsent = NULL; /* the callbacks may ask again */
    DL_FOREACH_SAFE(unsent, request, next)
    request_answer(request, BROKER_UNAVAILABLE, NULL);
}

/* ---------------------------------------------------------------- connecting, setting up */

static void link_break(struct redis_link *link, const char *why)
{
    if (link->is_broken)
        return;
    link->is_broken = true;
    (void)snprintf(link->why_down, sizeof(link->why_down), "%s", why);
}

static void on_setup_reply(void *context, enum broker_status status, const redisReply *reply)
{
    struct redis_link *link = context;
    if (status != BROKER_OK) {
        link_break(link, reply ? reply->str : "connection lost");
        return;
    }
    if (link->is_broken || --link->setup_left > 0)
        return;
    link_set_state(link, LINK_UP);
}

static void setup_command(struct redis_link *link, size_t count, const char **parts)
{
    size_t lengths[3];
    for (size_t i = 0; i < count; i++)
        lengths[i] = strlen(parts[i]);
    link->setup_left++;
    send_command(link, count, parts, lengths, on_setup_reply, link);
}

struct script_load {
    struct redis_link *link;
    size_t number;
};

static void on_script_loaded(void *context, enum broker_status status, const redisReply *reply)
{
    struct script_load *load = context;
    struct redis_link *link = load->link;
    if (status == BROKER_OK && reply->type == REDIS_REPLY_STRING)
        (void)snprintf(link->digests[load->number], REDIS_DIGEST_BYTES, "%s", reply->str);
    free(load);
    on_setup_reply(link, status, reply);
}

static void load_script(struct redis_link *link, size_t number)
{
    const char *parts[] = {"SCRIPT", "LOAD", link->options.scripts[number]};
    size_t lengths[] = {6, 4, strlen(parts[2])};
    struct script_load *load = mem_alloc(sizeof(*load));
    *load = (struct script_load){link, number};
    link->setup_left++;
    send_command(link, 3, parts, lengths, on_script_loaded, load);
}

static void set_up(struct redis_link *link)
{
    const struct redis_url *url = link->options.url;
    char db[16];
    (void)snprintf(db, sizeof(db), "%d", url->db);
    link_set_state(link, LINK_SETUP);
    link->setup_left = 0;
    if (url->user)
        setup_command(link, 3, (const char *[]){"AUTH", url->user, url->password});
    else if (url->password)
        setup_command(link, 2, (const char *[]){"AUTH", url->password});
    if (url->db > 0)
        setup_command(link, 2, (const char *[]){"SELECT", db});
    for (size_t i = 0; i < link->options.script_count; i++)
        load_script(link, i);
    setup_command(link, 1, (const char *[]){"PING"}); /* fails while Redis is loading */
}

static void on_connected(const redisAsyncContext *connection, int status)
{
    struct redis_link *link = connection->data;
    if (status != REDIS_OK) {
        link->connection = NULL; /* hiredis frees it after this callback */
        link_break(link, connection->errstr);
        return;
    }
    set_up(link);
}

static void on_disconnected(const redisAsyncContext *connection, int status)
{
    struct redis_link *link = connection->data;
    link->connection = NULL; /* hiredis frees it after this callback */
    link_break(link,
               status == REDIS_OK || !connection->errstr[0] ? "closed" : connection->errstr);
}

static redisAsyncContext *open_connection(const struct redis_url *url)
{
    redisOptions options = {0};
    if (url->path)
        REDIS_OPTIONS_SET_UNIX(&options, url->path);
    else
        REDIS_OPTIONS_SET_TCP(&options, url->host, url->port);
    return redisAsyncConnectWithOptions(&options);
}

static void connect_now(struct redis_link *link)
{
    const char *tls_error = NULL;
    link_set_state(link, LINK_CONNECTING);
    link->connect_deadline_ms = clock_now_ms() + link->options.timeout_ms;
    redisAsyncContext *connection = open_connection(link->options.url);
    if (!connection) {
        link_break(link, "out of memory");
        return;
    }
    link->connection = connection;
    connection->data = link;
    redis_replies_use(link->replies, connection->c.reader);
    if (connection->err) {
        link_break(link, connection->errstr);
        return;
    }
    if (link->options.url->is_tls && !redis_tls_start(&connection->c, link->options.url,
                                                      link->options.ca_file, &tls_error)) {
        link_break(link, tls_error);
        return;
    }
    redisLibeventAttach(connection, loop_event_base(link->loop));
    redisAsyncSetConnectCallback(connection, on_connected);
    redisAsyncSetDisconnectCallback(connection, on_disconnected);
}

/* A pause between half and all of the backoff, so that nodes do not come back in step. */
static void schedule_retry(struct redis_link *link)
{
    int64_t half = link->backoff_ms / 2;
    int64_t pause_ms = half + random() % (half + 1);
    link->retry_at_ms = clock_now_ms() + pause_ms;
    log_warn("redis_down", kv_str("link", link->options.name), kv_str("err", link->why_down),
             kv_int("retry_ms", pause_ms));
    link->backoff_ms *= 2;
    if (link->backoff_ms > BACKOFF_MAX_MS)
        link->backoff_ms = BACKOFF_MAX_MS;
}

static void clean_up_broken(struct redis_link *link)
{
    redisAsyncContext *connection = link->connection;
    link->connection = NULL;
    if (connection) {
        redisAsyncSetDisconnectCallback(connection, NULL);
        redisAsyncFree(connection); /* answers what is pending with NULL */
    }
    link->is_broken = false;
    link_set_state(link, LINK_WAITING);
    schedule_retry(link);
}

void redis_link_restart(struct redis_link *link, const char *why)
{
    if (link->state != LINK_WAITING)
        link_break(link, why);
}

static void check_deadlines(struct redis_link *link)
{
    int64_t now_ms = clock_now_ms();
    if (link->pending && link->pending->deadline_ms < now_ms) {
        metrics.redis_timeouts_total++;
        link_break(link, "no answer in time");
    } else if (link->state == LINK_CONNECTING && link->connect_deadline_ms < now_ms) {
        link_break(link, "no connection in time");
    } else if (link->state == LINK_WAITING && link->retry_at_ms <= now_ms) {
        connect_now(link);
    }
}

void redis_link_turn(struct redis_link *link)
{
    if (link->has_unwritten && link->connection && !link->is_broken &&
        link->state >= LINK_SETUP) {
        /* now rather than when the poller says so: one wake-up less for each batch */
        redisAsyncHandleWrite(link->connection);
    }
    link->has_unwritten = false;
    check_deadlines(link);
    if (link->is_broken)
        clean_up_broken(link);
    answer_unsent(link);
    if (link->unsent || link->is_broken || link->has_unwritten)
        loop_again(link->loop); /* asked for by those who were just answered */
}

/* ---------------------------------------------------------------------- subscriptions */

static void on_pubsub(redisAsyncContext *connection, void *raw_reply, void *unused)
{
    const redisReply *reply = raw_reply;
    struct redis_link *link = connection->data;
    (void)unused;
    if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
        reply->element[0]->type != REDIS_REPLY_STRING)
        return;
    const char *kind = reply->element[0]->str;
    const redisReply *channel = reply->element[1];
    const redisReply *payload = reply->element[2];
    if (strcmp(kind, "message") == 0 && payload->type == REDIS_REPLY_STRING)
        link->options.on_message(link->options.context, channel->str, payload->str,
                                 payload->len);
    else if (strcmp(kind, "subscribe") == 0)
        link->options.on_subscribed(link->options.context, channel->str);
}

static void pubsub_command(struct redis_link *link, const char *verb, const char *channel,
                           redisCallbackFn *callback)
{
    if (link->state != LINK_UP || link->is_broken)
        return;
    const char *parts[] = {verb, channel};
    size_t lengths[] = {strlen(verb), strlen(channel)};
    link->has_unwritten = write_command(link, 2, parts, lengths, callback, NULL);
}

void redis_link_subscribe(struct redis_link *link, const char *channel)
{
    pubsub_command(link, "SUBSCRIBE", channel, on_pubsub);
}

void redis_link_unsubscribe(struct redis_link *link, const char *channel)
{
    pubsub_command(link, "UNSUBSCRIBE", channel, NULL);
}

/* ------------------------------------------------------------------------- life, state */

struct redis_link *redis_link_create(struct loop *loop,
                                     const struct redis_link_options *options)
{
    struct redis_link *link = mem_zalloc(sizeof(*link));
    link->options = *options;
    link->loop = loop;
    link->state = LINK_WAITING;
    link->backoff_ms = BACKOFF_FIRST_MS;
    link->replies = redis_replies_create();
    link->digests = mem_zalloc((options->script_count + 1) * sizeof(*link->digests));
    return link;
}

void redis_link_destroy(struct redis_link *link)
{
    if (!link)
        return;
    redisAsyncContext *connection = link->connection;
    link->connection = NULL;
    link->state = LINK_WAITING;
    if (connection) {
        redisAsyncSetDisconnectCallback(connection, NULL);
        redisAsyncFree(connection);
    }
    answer_unsent(link);
    redis_replies_destroy(link->replies);
    redis_command_finish(&link->command);
    free(link->digests);
    free(link);
}

bool redis_link_is_up(const struct redis_link *link)
{
    return link->state == LINK_UP && !link->is_broken;
}

size_t redis_link_pending(const struct redis_link *link)
{
    return link->pending_count;
}

const char *redis_link_digest(const struct redis_link *link, size_t i)
{
    return link->digests[i];
}
