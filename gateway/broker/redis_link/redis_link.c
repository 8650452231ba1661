/*
 * redis_link - one connection to Redis that comes back by itself; see redis_link.h.
 *
 * WAITING --(pause over)--> RESOLVING --(address found)--> CONNECTING --(connected)--> SETUP
 * --(AUTH, SELECT, ROLE, scripts, PING answered)--> UP; any failure leads back to WAITING.
 * link_set_state is the one place that moves between them. The pause grows until the link has
 * been up for a while: one that comes up and is thrown out is not hurried. Contexts of hiredis
 * are freed only from redis_link_turn, never from inside one of its callbacks.
 */
#include "redis_link.h"

#include "clock.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "metrics.h"
#include "redis_connection.h"
#include "redis_error.h"
#include "redis_link_body.h"
#include "redis_lookup.h"
#include "redis_replies.h"
#include "redis_reply.h"
#include "redis_url.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MAX_MS = 1000,
    BACKOFF_DENIED_MAX_MS = 5000, /* where somebody has to let us in first */
    PROVED_AFTER_MS = 5000,       /* a link that was up for so long worked */
    SETUP_PARTS_MAX = 4,
    DESTROY_ROUNDS = 3, /* of answering those who ask again when they are answered */
};

static void link_set_state(struct redis_link *link, enum link_state state)
{
    bool was_up = link->state == LINK_UP;
    link->state = state;
    *link->options.up_metric = state == LINK_UP;
    if (state == LINK_UP) {
        link->up_since_ms = clock_now_ms();
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

/* What is refused here is done without: an ACL may forbid it, or there is no such thing. */
static void on_optional_reply(void *context, enum broker_status status, const redisReply *reply)
{
    on_setup_reply(context, status == BROKER_REFUSED ? BROKER_OK : status, reply);
}

/* on_done ends with on_setup_reply, or is it. */
static void setup_ask(struct redis_link *link, const struct redis_ask *ask, size_t count,
                      const char **parts)
{
    size_t lengths[SETUP_PARTS_MAX];
    assert(count <= SETUP_PARTS_MAX);
    for (size_t i = 0; i < count; i++)
        lengths[i] = strlen(parts[i]);
    link->setup_left++;
    link_send(link, ask, count, parts, lengths);
}

static void setup_command(struct redis_link *link, const char *shape, size_t count,
                          const char **parts)
{
    setup_ask(link, &(struct redis_ask){parts[0], shape, on_setup_reply, link}, count, parts);
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
    struct script_load *load = mem_alloc(sizeof(*load));
    *load = (struct script_load){link, number};
    setup_ask(link, &(struct redis_ask){"SCRIPT LOAD", "s", on_script_loaded, load}, 3, parts);
}

/* A command of the connection before may still be on its way: it must not be done after those
 * that come by the new one. */
static void kill_predecessor(struct redis_link *link, const char *run)
{
    char id[TEXT_INT_BYTES];
    bool is_same_server = run[0] != '\0' && strcmp(run, link->run) == 0;
    if (link->client_id == 0 || !is_same_server)
        return;
    (void)text_print_int(id, link->client_id);
    const char *parts[] = {"CLIENT", "KILL", "ID", id};
    setup_ask(link, &(struct redis_ask){"CLIENT KILL", "i", on_optional_reply, link}, 4, parts);
}

static void on_client_id(void *context, enum broker_status status, const redisReply *reply)
{
    struct redis_link *link = context;
    link->client_id = status == BROKER_OK ? reply->integer : 0;
    on_optional_reply(link, status, reply);
}

static void ask_for_client_id(struct redis_link *link)
{
    const char *parts[] = {"CLIENT", "ID"};
    setup_ask(link, &(struct redis_ask){"CLIENT ID", "i", on_client_id, link}, 2, parts);
}

/* INFO may be forbidden: then logs that lost their end are known by their offsets alone. */
static void on_info(void *context, enum broker_status status, const redisReply *reply)
{
    struct redis_link *link = context;
    char run[REDIS_RUN_BYTES] = "";
    if (status == BROKER_OK)
        redis_run_of_info(reply->str, run);
    if (status == BROKER_OK || status == BROKER_REFUSED) {
        kill_predecessor(link, run);
        ask_for_client_id(link);
        (void)snprintf(link->run, sizeof(link->run), "%s", run);
    }
    on_optional_reply(link, status, reply);
}

static void ask_for_run(struct redis_link *link)
{
    const char *parts[] = {"INFO", "server"};
    setup_ask(link, &(struct redis_ask){"INFO", "s", on_info, link}, 2, parts);
}

/* A replica takes no writes, whatever it was when its address was found. */
static void on_role(void *context, enum broker_status status, const redisReply *reply)
{
    struct redis_link *link = context;
    bool is_told = status == BROKER_OK && reply->elements > 0 && reply->element[0]->str;
    if (is_told && strcmp(reply->element[0]->str, "master") != 0)
        link_break(link, "READONLY the server is a replica");
    on_optional_reply(link, status, reply);
}

static void ask_for_role(struct redis_link *link)
{
    const char *part = "ROLE";
    setup_ask(link, &(struct redis_ask){"ROLE", "*.", on_role, link}, 1, &part);
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
    ask_for_role(link);
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

static void connect_to(struct redis_link *link, const char *address)
{
    const char *error = NULL;
    link_set_state(link, LINK_CONNECTING);
    link->subscribing = 0;
    link->connection = redis_connection_open(link->options.url, address, link->options.ca_file,
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

static void on_found(void *context, const char *address, const char *error)
{
    struct redis_link *link = context;
    if (error)
        link_break(link, error);
    else
        connect_to(link, address);
}

static void connect_now(struct redis_link *link)
{
    link->connect_deadline_ms = clock_now_ms() + link->options.timeout_ms;
    if (!link->lookup) {
        connect_to(link, link->options.url->host);
        return;
    }
    link_set_state(link, LINK_RESOLVING);
    redis_lookup_find(link->lookup, on_found, link);
}

/* A pause between half and all of the backoff, so that nodes do not come back in step. */
static void schedule_retry(struct redis_link *link)
{
    bool is_denied = redis_error_of(link->why_down) == REDIS_ERROR_DENIED;
    int64_t max_ms = is_denied ? BACKOFF_DENIED_MAX_MS : BACKOFF_MAX_MS;
    if (link->up_since_ms != 0 && clock_now_ms() - link->up_since_ms >= PROVED_AFTER_MS)
        link->backoff_ms = BACKOFF_FIRST_MS;
    link->up_since_ms = 0;
    int64_t half = link->backoff_ms / 2;
    int64_t pause_ms = half + random() % (half + 1);
    link->retry_at_ms = clock_now_ms() + pause_ms;
    log_event(redis_down, kv_str("link", link->options.name), kv_str("err", link->why_down),
              kv_int("retry_ms", pause_ms));
    link->backoff_ms *= 2;
    if (link->backoff_ms > max_ms)
        link->backoff_ms = max_ms;
}

static void clean_up_broken(struct redis_link *link)
{
    redisAsyncContext *connection = link->connection;
    link->connection = NULL;
    if (link->lookup)
        redis_lookup_give_up(link->lookup);
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
    } else if (link->state == LINK_RESOLVING && link->connect_deadline_ms < now_ms) {
        link_break(link, "no address of the host in time");
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

static bool is_name(const struct redis_url *url)
{
    struct in6_addr binary;
    return url->host && inet_pton(AF_INET, url->host, &binary) != 1 &&
           inet_pton(AF_INET6, url->host, &binary) != 1;
}

struct redis_link *redis_link_create(struct loop *loop,
                                     const struct redis_link_options *options)
{
    struct redis_link *link = mem_zalloc(sizeof(*link));
    link->options = *options;
    link->loop = loop;
    link->state = LINK_WAITING;
    link->backoff_ms = BACKOFF_FIRST_MS;
    link->replies = redis_replies_create();
    if (is_name(options->url))
        link->lookup = redis_lookup_create(loop_event_base(loop), options->url->host);
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
    redis_lookup_destroy(link->lookup);
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
