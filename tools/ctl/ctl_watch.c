/*
 * ctl_watch - `parleyctl watch`: what a channel's nodes are told, as it happens.
 *
 * SIGINT or SIGTERM is the way to end it, and no failure.
 */
#include "ctl_commands.h"

#include "clock.h"
#include "ctl_options.h"
#include "ctl_output.h"
#include "ctl_store.h"
#include "ctl_terminal.h"
#include "keys.h"
#include "redis_envelope.h"

#include <jansson.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int is_over;

static void on_signal(int signal_number)
{
    (void)signal_number;
    is_over = 1;
}

/* They come only while store_listen waits. */
static void take_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t held;
    (void)sigemptyset(&held);
    (void)sigaddset(&held, SIGINT);
    (void)sigaddset(&held, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &held, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* *new* */
static json_t *publication_of(const struct envelope *envelope)
{
    json_t *event =
        json_pack("{ss, sI, ss, so}", "event", "publication", "offset",
                  (json_int_t)envelope->number, "epoch", envelope->epoch, "data",
                  output_json_of(envelope->payload.bytes, envelope->payload.length));
    if (envelope->info.length > 0)
        (void)json_object_set_new(event, "info",
                                  output_json_of(envelope->info.bytes, envelope->info.length));
    return event;
}

/* Who came or went; nobody is named when members were put back. *new* */
static json_t *presence_of(const struct envelope *envelope)
{
    const char *name = envelope->kind == ENVELOPE_JOIN    ? "join"
                       : envelope->kind == ENVELOPE_LEAVE ? "leave"
                                                          : "sync";
    json_t *event =
        json_pack("{ss, sI, sI}", "event", name, "version", (json_int_t)envelope->number,
                  "users", (json_int_t)envelope->user_count);
    if (envelope->kind == ENVELOPE_SYNC)
        return event;
    const char *user = envelope->user;
    const char *client = envelope->client;
    (void)json_object_set_new(event, "user", output_text(user, strlen(user)));
    (void)json_object_set_new(event, "client", output_text(client, strlen(client)));
    (void)json_object_set_new(event, "info",
                              output_json_of(envelope->info.bytes, envelope->info.length));
    return event;
}

static json_t *event_of(const char *bytes, size_t length)
{
    struct envelope envelope;
    if (!envelope_parse(bytes, length, &envelope))
        return json_pack("{ss, so}", "event", "unknown", "text", output_text(bytes, length));
    if (envelope.kind == ENVELOPE_REMOVED)
        return json_pack("{ss, sI}", "event", "removed", "offset", (json_int_t)envelope.number);
    return envelope.kind == ENVELOPE_PUBLICATION ? publication_of(&envelope)
                                                 : presence_of(&envelope);
}

/* *new*; fit for a terminal. */
static char *print_value(const json_t *value)
{
    if (json_is_string(value))
        return terminal_text(json_string_value(value), json_string_length(value));
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    char *shown = terminal_text(text, strlen(text));
    free(text);
    return shown;
}

/* One line: when, what, and the rest in the order it was put in. */
static void print_event(json_t *event)
{
    const char *member;
    json_t *value;
    char *time = output_time(clock_wall_ms());
    (void)printf("%s %s%-11s%s", time, terminal_style(STYLE_HEAD),
                 json_string_value(json_object_get(event, "event")),
                 terminal_style(STYLE_PLAIN));
    json_object_foreach(event, member, value)
    {
        if (strcmp(member, "event") == 0)
            continue;
        char *shown = print_value(value);
        (void)printf(" %s=%s", member, shown);
        free(shown);
    }
    (void)putchar('\n');
    free(time);
}

/* ["message", channel, text] */
static void on_reply(const struct ctl *ctl, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
        return;
    const char *kind = reply_text(reply->element[0]);
    if (strcmp(kind, "subscribe") == 0)
        (void)fprintf(stderr, "parleyctl: watching; ^C ends it\n");
    if (strcmp(kind, "message") != 0)
        return;
    json_t *event = event_of(reply->element[2]->str, reply->element[2]->len);
    if (ctl->options->is_json) {
        (void)json_object_set_new(event, "time_ms", json_integer(clock_wall_ms()));
        output_json(json_incref(event));
    } else {
        print_event(event);
    }
    json_decref(event);
    (void)fflush(stdout);
}

int run_watch(const struct ctl *ctl)
{
    char *pubsub = key_channel(ctl->options->prefix, ctl_channel(ctl));
    redisReply *reply;
    take_signals();
    store_send(ctl->store, "SUBSCRIBE %s", pubsub);
    store_flush(ctl->store);
    while (!ferror(stdout) && (reply = store_listen(ctl->store, &is_over))) {
        on_reply(ctl, reply);
        freeReplyObject(reply);
    }
    free(pubsub);
    return CTL_EXIT_OK;
}
