/*
 * fake_link - a redis_link whose other end is a function of the test; see fake_link.h.
 */
#include "fake_link.h"
#include "json_out.h"

#include "redis_reply.h"
#include "redis_script.h"

#include <utlist.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
    struct fake_command command;
    struct redis_ask ask;
    bool is_unsent;
    struct request *next;
    struct request *prev;
};

struct redis_link {
    fake_store_fn store;
    void *store_context;
    bool is_up;
    bool is_full;
    size_t command_count;
    size_t pending;
    size_t subscribing;
    char why_restarted[128];
    struct redis_link_options options; /* of those that redis_link_create made */
    struct request *waiting;
};

struct redis_link *fake_link_create(fake_store_fn store, void *context)
{
    struct redis_link *link = calloc(1, sizeof(*link));
    link->store = store;
    link->store_context = context;
    link->is_up = true;
    return link;
}

static fake_store_fn served_by;
static void *served_context;
static struct redis_link *made[2];

void fake_link_serve(fake_store_fn store, void *context)
{
    served_by = store;
    served_context = context;
}

struct redis_link *fake_link_made(bool is_subscriber)
{
    return made[is_subscriber];
}

void fake_link_come_up(struct redis_link *link)
{
    link->is_up = true;
    link->options.on_up(link->options.context);
}

void fake_link_go_down(struct redis_link *link)
{
    link->is_up = false;
    fake_link_lose_all(link);
    link->options.on_down(link->options.context);
}

void fake_link_hear(struct redis_link *link, const char *channel, const char *text)
{
    link->options.on_message(link->options.context, channel, text, strlen(text));
}

void fake_link_subscribed(struct redis_link *link, const char *channel)
{
    link->subscribing--;
    link->options.on_subscribed(link->options.context, channel);
}

void fake_link_set_up(struct redis_link *link, bool is_up)
{
    link->is_up = is_up;
}

void fake_link_set_room(struct redis_link *link, bool has_room)
{
    link->is_full = !has_room;
}

static void request_destroy(struct request *request)
{
    for (size_t i = 0; i < request->command.part_count; i++)
        free(request->command.parts[i]);
    free(request->command.parts);
    free(request);
}

static void answer(struct redis_link *link, struct request *request, bool is_lost)
{
    redisReply reply = {.type = REDIS_REPLY_INTEGER, .integer = 1};
    enum broker_status status = BROKER_OK;
    DL_DELETE(link->waiting, request);
    link->pending--;
    if (request->is_unsent || is_lost)
        status = request->is_unsent ? BROKER_UNAVAILABLE : BROKER_UNKNOWN;
    else
        link->store(link->store_context, &request->command, &reply);
    if (status == BROKER_OK && reply.type == REDIS_REPLY_ERROR)
        status = BROKER_REFUSED;
    if (status == BROKER_OK && !redis_reply_is(&reply, request->ask.shape)) {
        redis_link_restart(link, request->ask.name);
        status = BROKER_UNKNOWN;
    }
    bool has_reply = status == BROKER_OK || status == BROKER_REFUSED;
    if (request->ask.on_done)
        request->ask.on_done(request->ask.context, status, has_reply ? &reply : NULL);
    request_destroy(request);
}

void fake_link_answer_all(struct redis_link *link)
{
    while (link->waiting)
        answer(link, link->waiting, /* is_lost= */ false);
}

void fake_link_lose_all(struct redis_link *link)
{
    while (link->waiting)
        answer(link, link->waiting, /* is_lost= */ true);
}

size_t fake_link_command_count(const struct redis_link *link)
{
    return link->command_count;
}

const char *fake_link_why_restarted(const struct redis_link *link)
{
    return link->why_restarted[0] ? link->why_restarted : NULL;
}

int fake_link_script(const struct fake_command *command)
{
    if (strcmp(command->parts[0], "EVALSHA") != 0)
        return -1;
    return (int)strtol(command->parts[1], NULL, 10);
}

/* ------------------------------------------------------------- in place of redis_link.c */

struct redis_link *redis_link_create(struct loop *loop,
                                     const struct redis_link_options *options)
{
    struct redis_link *link = fake_link_create(served_by, served_context);
    (void)loop;
    link->options = *options;
    link->is_up = false;
    made[options->is_subscriber] = link;
    return link;
}

void redis_link_turn(struct redis_link *link)
{
    (void)link; /* the test lets commands be answered */
}

void redis_link_destroy(struct redis_link *link)
{
    fake_link_lose_all(link);
    free(link);
}

bool redis_link_is_up(const struct redis_link *link)
{
    return link->is_up;
}

size_t redis_link_pending(const struct redis_link *link)
{
    return link->pending;
}

void fake_link_confirm(struct redis_link *link)
{
    link->subscribing--;
}

void redis_link_subscribe(struct redis_link *link, const char *channel)
{
    (void)channel;
    link->subscribing++;
}

void redis_link_unsubscribe(struct redis_link *link, const char *channel)
{
    (void)link;
    (void)channel;
}

size_t redis_link_subscribing(const struct redis_link *link)
{
    return link->subscribing;
}

bool redis_link_has_room(const struct redis_link *link)
{
    return !link->is_full;
}

int64_t redis_link_waits_ms(const struct redis_link *link)
{
    (void)link;
    return 0;
}

const char *redis_link_run(const struct redis_link *link)
{
    (void)link;
    return "0123456789abcdef";
}

void redis_link_describe(const struct redis_link *link, struct json_out *out)
{
    (void)link;
    json_out_text(out, "fake");
}

const char *redis_link_digest(const struct redis_link *link, size_t i)
{
    static char digests[SCRIPT_COUNT][4];
    (void)link;
    assert(i < SCRIPT_COUNT);
    (void)snprintf(digests[i], sizeof(digests[i]), "%zu", i);
    return digests[i];
}

static struct request *add_request(struct redis_link *link, const struct redis_ask *ask)
{
    struct request *request = calloc(1, sizeof(*request));
    request->ask = *ask;
    DL_APPEND(link->waiting, request);
    link->pending++;
    return request;
}

void redis_link_answer_later(struct redis_link *link, redis_reply_fn on_done, void *context)
{
    add_request(link, &(struct redis_ask){.on_done = on_done, .context = context})->is_unsent =
        true;
}

void redis_link_command(struct redis_link *link, const struct redis_ask *ask, size_t part_count,
                        const char **parts, const size_t *lengths)
{
    struct request *request = add_request(link, ask);
    link->command_count++;
    request->is_unsent = !link->is_up;
    request->command.part_count = part_count;
    request->command.parts = calloc(part_count + 1, sizeof(char *));
    for (size_t i = 0; i < part_count; i++)
        request->command.parts[i] = strndup(parts[i] ? parts[i] : "", lengths[i]);
}

void redis_link_restart(struct redis_link *link, const char *why)
{
    (void)snprintf(link->why_restarted, sizeof(link->why_restarted), "%s", why);
}
