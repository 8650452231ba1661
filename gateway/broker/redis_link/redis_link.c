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
#include "redis_connection.h"
#include "redis_link_body.h"
#include "redis_replies.h"
#include "redis_reply.h"
#include "redis_url.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MAX_MS = 5000,
    DESTROY_ROUNDS = 3, /* of answering those who ask again when they are answered */
};

static void link_set_state(struct redis_link *link, enum link_state state)
{
    bool was_up = link->state == LINK_UP;
    link->state = state;
    *link->options.up_metric = state == LINK_UP;
    if (state == LINK_UP) {
        link->backoff_ms = BACKOFF_FIRST_MS;
        log_event(redis_up, kv_str("link", link->options.name));
        metrics.redis_reconnects_total += link->was_up;
        link->was_up = true;
        link->options.on_up(link->options.context);
    } else if (was_up) {
        link->options.on_down(link->options.context);
    }
}

/* ---------------------------------------------------------------- connecting, setting up */

static void on_setup_reply(void *context, enum broker_status status, const redisReply *reply)
{
    struct redis_link *link = context;
    if (link->state != LINK_SETUP)
        return; /* of a connection that is given up already */
    if (status != BROKER_OK) {
        link_break(link, reply ? reply->str : "connection lost");
        return;
    }
    if (link->is_broken || --link->setup_left > 0)
        return;
    link_set_state(link, LINK_UP);
}

static void setup_command(struct redis_link *link, const char *shape, size_t count,
                          const char **parts)
{
    size_t lengths[3];
    for (size_t i = 0; i < count; i++)
        lengths[i] = strlen(parts[i]);
    link->setup_left++;
    link_send(link, &(struct redis_ask){parts[0], shape, on_setup_reply, link}, count, parts,
              lengths);
}

struct script_load {
    struct redis_link *link;
    size_t number;
};

static void on_script_loaded(void *context, enum broker_status status, const redisReply *reply)
{
    struct script_load *load = context;
    struct redis_link *link = load->link;
    if (status == BROKER_OK)
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
    link_send(link, &(struct redis_ask){"SCRIPT LOAD", "s", on_script_loaded, load}, 3, parts,
              lengths);
}

/* INFO may be forbidden: then logs that lost their end are known by their offsets alone. */
static void on_info(void *context, enum broker_status status, const redisReply *reply)
{
    struct redis_link *link = context;
    if (status == BROKER_OK)
        redis_run_of_info(reply->str, link->run);
    on_setup_reply(link, status == BROKER_REFUSED ? BROKER_OK : status, reply);
}

static void ask_for_run(struct redis_link *link)
{
    const char *parts[] = {"INFO", "server"};
    const size_t lengths[] = {4, 6};
    link->run[0] = '\0';
    link->setup_left++;
    link_send(link, &(struct redis_ask){"INFO", "s", on_info, link}, 2, parts, lengths);
}

static void set_up(struct redis_link *link)
{
    const struct redis_url *url = link->options.url;
    char db[16];
    (void)snprintf(db, sizeof(db), "%d", url->db);
    link_set_state(link, LINK_SETUP);
    link->setup_left = 0;
    if (url->user)
        setup_command(link, "S", 3, (const char *[]){"AUTH", url->user, url->password});
    else if (url->password)
        setup_command(link, "S", 2, (const char *[]){"AUTH", url->password});
    if (url->db > 0)
        setup_command(link, "S", 2, (const char *[]){"SELECT", db});
    if (link->options.is_subscriber)
        setup_command(link, ".", 2, (const char *[]){"HELLO", "3"});
    else
        ask_for_run(link);
    for (size_t i = 0; i < link->options.script_count; i++)
        load_script(link, i);
    setup_command(link, "S", 1, (const char *[]){"PING"}); /* fails while Redis is loading */
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
    const char *why = redis_replies_why_refused(link->replies);
    link->connection = NULL; /* hiredis frees it after this callback */
    if (!why)
        why = status == REDIS_OK || !connection->errstr[0] ? "closed" : connection->errstr;
    link_break(link, why);
}

static void connect_now(struct redis_link *link)
{
    const char *error = NULL;
    link_set_state(link, LINK_CONNECTING);
    link->connect_deadline_ms = clock_now_ms() + link->options.timeout_ms;
    link->subscribing = 0;
    link->connection = redis_connection_open(link->options.url, link->options.ca_file,
                                             loop_event_base(link->loop), &error);
    if (error) {
        link_break(link, error);
        return;
    }
    link->connection->data = link;
    redis_replies_use(
        link->replies, link->connection->c.reader,
        (struct redis_awaited){&link->pending_count, link->options.is_subscriber});
    redisAsyncSetConnectCallback(link->connection, on_connected);
    redisAsyncSetDisconnectCallback(link->connection, on_disconnected);
    redisAsyncSetPushCallback(link->connection, link_on_push);
}

/* A pause between half and all of the backoff, so that nodes do not come back in step. */
static void schedule_retry(struct redis_link *link)
{
    int64_t half = link->backoff_ms / 2;
    int64_t pause_ms = half + random() % (half + 1);
    link->retry_at_ms = clock_now_ms() + pause_ms;
    log_event(redis_down, kv_str("link", link->options.name), kv_str("err", link->why_down),
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
    if (link->connection && link->connection->c.reader->len > REDIS_REPLY_BYTES_MAX) {
        link_break(link, "a reply that is too long");
    } else if (link_is_overdue(link, now_ms)) {
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
    link_check_step(link, clock_now_ms());
    if (link->has_unwritten && link->connection && !link->is_broken &&
        link->state >= LINK_SETUP) {
        /* now rather than when the poller says so: one wake-up less for each batch */
        redisAsyncHandleWrite(link->connection);
    }
    link->has_unwritten = false;
    check_deadlines(link);
    if (link->is_broken)
        clean_up_broken(link);
    link_answer_unsent(link);
    if (link->unsent || link->is_broken || link->has_unwritten)
        loop_again(link->loop); /* asked for by those who were just answered */
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
    for (int round = 0; link->unsent && round < DESTROY_ROUNDS; round++)
        link_answer_unsent(link);
    redis_replies_destroy(link->replies);
    redis_command_finish(&link->command);
    free(link->digests);
    free(link);
}

bool redis_link_is_up(const struct redis_link *link)
{
    return link->state == LINK_UP && !link->is_broken;
}

const char *redis_link_run(const struct redis_link *link)
{
    return link->run;
}

const char *redis_link_digest(const struct redis_link *link, size_t i)
{
    return link->digests[i];
}
