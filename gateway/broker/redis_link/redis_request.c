/*
 * redis_request - the commands of a redis_link and their answers; see redis_link.h.
 */
#include "clock.h"
#include "log.h"
#include "mem.h"
#include "redis_error.h"
#include "redis_link_body.h"
#include "redis_reply.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <utlist.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ECHO_EVERY_MS = 1000,
    REQUEST_BYTES = 1024, /* what a command takes beside its text, about */
};

void link_break(struct redis_link *link, const char *why)
{
    if (link->is_broken)
        return;
    link->is_broken = true;
    (void)snprintf(link->why_down, sizeof(link->why_down), "%s", why);
}

static void request_answer(struct request *request, enum broker_status status,
                           const redisReply *reply)
{
    if (request->ask.on_done)
        request->ask.on_done(request->ask.context, status, reply);
    free(request);
}

void link_on_garbled(struct redis_link *link, const char *command)
{
    log_event(redis_reply_garbled, kv_str("link", link->options.name),
              kv_str("command", command));
    link_break(link, "a reply that the command cannot have");
}

/* Nothing was done: a script is refused before its first write. */
static void on_error(struct redis_link *link, const char *text)
{
    if (redis_error_of(text) != REDIS_ERROR_ELSEWHERE)
        return;
    link_break(link, text);
    if (link->options.on_elsewhere)
        link->options.on_elsewhere(link->options.context, text);
}

static void on_reply(redisAsyncContext *connection, void *raw_reply, void *raw_request)
{
    struct request *request = raw_request;
    const redisReply *reply = raw_reply;
    struct redis_link *link = request->link;
    (void)connection;
    DL_DELETE(link->pending, request);
    link->pending_count--;
    link->pending_bytes -= request->bytes;
    if (!reply || link->is_broken) {
        request_answer(request, BROKER_UNKNOWN, NULL);
    } else if (reply->type == REDIS_REPLY_ERROR) {
        on_error(link, reply->str);
        request_answer(request, BROKER_REFUSED, reply);
    } else if (redis_reply_is(reply, request->ask.shape)) {
        request_answer(request, BROKER_OK, reply);
    } else {
        link_on_garbled(link, request->ask.name);
        request_answer(request, BROKER_UNKNOWN, NULL);
    }
}

/* False: the connection is ending, and takes no more. */
static bool write_request(struct redis_link *link, struct request *request, size_t part_count,
                          const char **parts, const size_t *lengths)
{
    struct redis_command *command = &link->command;
    if (!link->connection || link->is_broken)
        return false;
    redis_command_print(command, part_count, parts, lengths);
    request->bytes = REQUEST_BYTES + command->length;
    return redisAsyncFormattedCommand(link->connection, on_reply, request, command->bytes,
                                      command->length) == REDIS_OK;
}

void link_send(struct redis_link *link, const struct redis_ask *ask, size_t part_count,
               const char **parts, const size_t *lengths)
{
    struct request *request = mem_zalloc(sizeof(*request));
    request->link = link;
    request->ask = *ask;
    request->deadline_ms = clock_now_ms() + link->options.timeout_ms;
    if (!write_request(link, request, part_count, parts, lengths)) {
        DL_APPEND(link->unsent, request);
        return;
    }
    link->has_unwritten = true;
    link->pending_count++;
    link->pending_bytes += request->bytes;
    DL_APPEND(link->pending, request);
}

void redis_link_answer_later(struct redis_link *link, redis_reply_fn on_done, void *context)
{
    struct request *request = mem_zalloc(sizeof(*request));
    request->ask = (struct redis_ask){.on_done = on_done, .context = context};
    DL_APPEND(link->unsent, request);
}

void redis_link_command(struct redis_link *link, const struct redis_ask *ask, size_t part_count,
                        const char **parts, const size_t *lengths)
{
    if (link->state == LINK_UP) {
        assert(!link->options.is_subscriber);
        link_send(link, ask, part_count, parts, lengths);
        return;
    }
    redis_link_answer_later(link, ask->on_done, ask->context);
}

void link_answer_unsent(struct redis_link *link)
{
    struct request *unsent = link->unsent;
    struct request *request;
    struct request *next;
    link->unsent = NULL; /* the callbacks may ask again */
    DL_FOREACH_SAFE(unsent, request, next)
    request_answer(request, BROKER_UNAVAILABLE, NULL);
}

/* Answers have no names: one that was lost or held back on the way would give each command the
 * next one's, often of the right shape. */
static void on_echo(void *context, enum broker_status status, const redisReply *reply)
{
    struct redis_link *link = context;
    if (status == BROKER_OK && strcmp(reply->str, link->echo) != 0)
        link_on_garbled(link, "PING");
    link->echo[0] = '\0';
}

void link_check_step(struct redis_link *link, int64_t now_ms)
{
    if (link->state != LINK_UP || link->options.is_subscriber || !link->pending ||
        link->echo[0] != '\0' || now_ms < link->next_echo_ms)
        return;
    link->next_echo_ms = now_ms + ECHO_EVERY_MS;
    (void)text_print_int(link->echo, ++link->echo_count);
    const char *parts[] = {"PING", link->echo};
    const size_t lengths[] = {strlen(parts[0]), strlen(parts[1])};
    redis_link_command(link, &(struct redis_ask){"PING", "s", on_echo, link}, 2, parts,
                       lengths);
}

bool link_is_overdue(const struct redis_link *link, int64_t now_ms)
{
    return link->pending && link->pending->deadline_ms < now_ms;
}

size_t redis_link_pending(const struct redis_link *link)
{
    return link->pending_count;
}

int64_t redis_link_waits_ms(const struct redis_link *link)
{
    return link->pending
               ? clock_now_ms() - link->pending->deadline_ms + link->options.timeout_ms
               : 0;
}

bool redis_link_has_room(const struct redis_link *link)
{
    return link->options.queue_bytes_max == 0 ||
           link->pending_bytes < link->options.queue_bytes_max;
}
