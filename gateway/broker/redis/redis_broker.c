/*
 * redis_broker - the broker whose nodes share a Redis; see redis_broker.h.
 *
 * Two connections, since one that is subscribed takes no other commands: `commands` carries
 * publishes, history, presence and the lease; `subscriber` brings what channels say. A
 * publish is one script call; its message comes back to this node by the subscriber link
 * like to every other, so that all see one order.
 */
#include "redis_broker_body.h"

#include "broker.h"
#include "clock.h"
#include "keys.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "metrics.h"
#include "node_lease.h"
#include "random.h"
#include "redis_envelope.h"
#include "redis_link.h"
#include "redis_log.h"
#include "redis_presence.h"
#include "redis_reaper.h"
#include "redis_store.h"
#include "redis_subscriptions.h"
#include "redis_unsound.h"
#include "text.h"

#include <hiredis/hiredis.h>

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROBES_MISSED_MAX = 3, /* then the link is made anew */
    KEEP_EVERY_MS = 60000,
    SILENT_MS = 2000,       /* without an answer, and the node is not ready */
    PROBES_MISSED_SOME = 1, /* more, and the node is not ready */
};

/* On its way through Redis to ourselves. */
struct probe {
    struct redis_broker *broker;
    int64_t number;
};

/* ---------------------------------------------------------------------------- channels */

static void redis_subscribe(struct broker *broker, const char *channel)
{
    redis_subscriptions_add(redis_broker_of(broker)->subscriptions, channel);
}

static void redis_unsubscribe(struct broker *broker, const char *channel)
{
    redis_subscriptions_remove(redis_broker_of(broker)->subscriptions, channel);
}

static void on_subscribed(void *context, const char *pubsub)
{
    struct redis_broker *self = context;
    if (strcmp(pubsub, self->control_channel) == 0)
        self->is_listening = true; /* Redis lets us subscribe */
    redis_subscriptions_on_confirmed(self->subscriptions, pubsub);
}

static void on_channel_subscribed(void *context, const char *channel)
{
    const struct broker_events *events = &((struct redis_broker *)context)->base.events;
    events->on_subscribed(events->context, channel);
}

static void on_publication(struct redis_broker *self, const char *channel,
                           const struct envelope *envelope)
{
    const struct broker_events *events = &self->base.events;
    struct publication *publication =
        publication_create(envelope->number, envelope->payload, envelope->info);
    events->on_publication(events->context, channel, envelope->epoch, publication);
    publication_unref(publication);
}

static enum broker_presence_kind kind_of(const struct envelope *envelope)
{
    if (envelope->kind == ENVELOPE_SYNC)
        return BROKER_SYNC;
    return envelope->kind == ENVELOPE_JOIN ? BROKER_JOIN : BROKER_LEAVE;
}

static void on_presence(struct redis_broker *self, const char *channel,
                        const struct envelope *envelope)
{
    const struct broker_events *events = &self->base.events;
    char *info = mem_strndup(envelope->info.bytes, envelope->info.length);
    events->on_presence(events->context, channel,
                        &(struct broker_presence){.kind = kind_of(envelope),
                                                  .version = envelope->number,
                                                  .user_count = envelope->user_count,
                                                  .user = envelope->user,
                                                  .client = envelope->client,
                                                  .info = info});
    free(info);
}

/* It may be heard before the answer to its PUBLISH is read. */
static void note_probe_heard(struct redis_broker *self, const char *bytes, size_t length)
{
    char text[TEXT_INT_BYTES];
    int64_t number;
    (void)snprintf(text, sizeof(text), "%.*s", (int)length, bytes);
    if (!text_to_int(text, 1, self->probe_number, &number) || number <= self->probe_heard)
        return;
    self->probe_heard = number;
    self->probes_unheard = 0;
}

static void on_message(void *context, const char *pubsub, const char *bytes, size_t length)
{
    struct redis_broker *self = context;
    struct envelope envelope;
    if (strcmp(pubsub, self->probe_channel) == 0) {
        note_probe_heard(self, bytes, length);
        return;
    }
    if (strcmp(pubsub, self->control_channel) == 0) {
        self->base.events.on_control(self->base.events.context, bytes, length);
        return;
    }
    const char *channel = redis_subscriptions_channel(self->subscriptions, pubsub);
    if (!channel)
        return;
    if (!envelope_parse(bytes, length, &envelope) || !envelope_is_sound(&envelope))
        redis_unsound("message", channel);
    else if (envelope.kind == ENVELOPE_REMOVED)
        self->base.events.on_history_removed(self->base.events.context, channel);
    else if (envelope.kind == ENVELOPE_PUBLICATION)
        on_publication(self, channel, &envelope);
    else
        on_presence(self, channel, &envelope);
}

/* ------------------------------------------------------------------------------ links */

static void on_subscriber_up(void *context)
{
    struct redis_broker *self = context;
    self->probe_heard = self->probe_number; /* those of the link before do not count */
    self->probes_unheard = 0;
    redis_store_subscribe(self->store, self->probe_channel);
    redis_store_subscribe(self->store, self->control_channel);
    redis_subscriptions_on_subscriber_up(self->subscriptions);
}

static void on_subscriber_down(void *context)
{
    struct redis_broker *self = context;
    self->is_listening = false;
    redis_subscriptions_on_subscriber_down(self->subscriptions);
}

/* One server for both: whichever link hears that it is the wrong one, both leave it. */
static void on_elsewhere(void *context, const char *why)
{
    const struct redis_broker *self = context;
    redis_link_restart(self->commands, why);
    redis_link_restart(self->subscriber, why);
}

/* The lease first: what members hang on. They are put back when it is held, see below. */
static void on_commands_up(void *context)
{
    struct redis_broker *self = context;
    node_lease_renew_after_silence(self->lease);
    redis_subscriptions_on_commands_up(self->subscriptions);
}

static void on_commands_down(void *context)
{
    (void)context; /* callers hear it from their commands */
}

/* What Redis did not take cannot be heard. */
static void on_probe_published(void *context, enum broker_status status,
                               const redisReply *reply)
{
    struct probe *probe = context;
    struct redis_broker *self = probe->broker;
    (void)reply;
    self->probes_unheard += status == BROKER_OK && probe->number > self->probe_heard;
    free(probe);
    if (self->probes_unheard > PROBES_MISSED_MAX)
        redis_link_restart(self->subscriber, "its own probes are not heard");
}

/* Published to ourselves through Redis: a subscriber link that stays silent is dead, even
 * when TCP does not know it yet. */
static void on_probe_due(void *context)
{
    struct redis_broker *self = context;
    char number[TEXT_INT_BYTES];
    if (!redis_store_is_up(self->store) || !self->is_listening)
        return;
    struct probe *probe = mem_alloc(sizeof(*probe));
    *probe = (struct probe){self, ++self->probe_number};
    (void)text_print_int(number, probe->number);
    redis_store_command_text(self->store, "i", on_probe_published, probe, "PUBLISH",
                             self->probe_channel, number, NULL);
}

static void on_keep_due(void *context)
{
    redis_subscriptions_keep(((struct redis_broker *)context)->subscriptions);
}

static void put_members_back(struct redis_broker *self)
{
    self->base.events.on_members_lost(self->base.events.context);
}

static void on_lease_taken(void *context)
{
    struct redis_broker *self = context;
    redis_presence_move(self->presence);
    put_members_back(self);
}

/* The same lease as before, on a link that was away: Redis may have forgotten something. */
static void on_lease_confirmed(void *context)
{
    struct redis_broker *self = context;
    redis_presence_retry(self->presence);
    put_members_back(self);
}

static void on_lease_ended(void *context, const char *lease, int64_t end_ms)
{
    redis_reaper_on_ended(((struct redis_broker *)context)->reaper, lease, end_ms);
}

static void on_name_taken(void *context)
{
    struct redis_broker *self = context;
    self->base.events.on_name_taken(self->base.events.context);
}

/* --------------------------------------------------------------------- life, readiness */

static void redis_turn(struct broker *broker)
{
    struct redis_broker *self = redis_broker_of(broker);
    redis_subscriptions_turn(self->subscriptions);
    redis_presence_turn(self->presence);
    redis_link_turn(self->commands);
    redis_link_turn(self->subscriber);
}

static bool redis_is_ready(const struct broker *broker, const char **ret_reason)
{
    const struct redis_broker *self = (const struct redis_broker *)broker;
    const char *reason = NULL;
    if (!redis_store_is_up(self->store))
        reason = "no connection to Redis for commands";
    else if (redis_link_waits_ms(self->commands) > SILENT_MS)
        reason = "Redis does not answer";
    else if (!self->is_listening)
        reason = "no connection to Redis for subscriptions";
    else if (node_lease_refusal(self->lease))
        reason = "Redis refuses to renew the node's lease";
    else if (!node_lease_is_held(self->lease))
        reason = "the node's lease is not held";
    else if (self->probes_unheard > PROBES_MISSED_SOME)
        reason = "publications through Redis are not heard";
    if (reason)
        *ret_reason = reason;
    return !reason;
}

static void redis_give_up_lease(struct broker *broker)
{
    node_lease_release(redis_broker_of(broker)->lease);
}

static bool redis_is_idle(const struct broker *broker)
{
    const struct redis_broker *self = (const struct redis_broker *)broker;
    return !redis_store_is_up(self->store) || redis_store_pending(self->store) == 0;
}

static void redis_destroy(struct broker *broker)
{
    struct redis_broker *self = redis_broker_of(broker);
    loop_timer_destroy(self->probe_timer);
    loop_timer_destroy(self->keep_timer);
    redis_link_destroy(self->commands);
    redis_link_destroy(self->subscriber);
    redis_log_destroy(self->log);
    redis_reaper_destroy(self->reaper);
    redis_presence_destroy(self->presence);
    node_lease_destroy(self->lease);
    redis_subscriptions_destroy(self->subscriptions);
    redis_store_destroy(self->store);
    free(self->probe_channel);
    free(self->control_channel);
    free(self);
}

static void redis_describe(const struct broker *broker, struct json_out *out)
{
    redis_store_describe(((const struct redis_broker *)broker)->store, out);
}

static const struct broker_ops redis_ops = {
    .subscribe = redis_subscribe,
    .unsubscribe = redis_unsubscribe,
    .publish = redis_publish,
    .history = redis_history,
    .history_remove = redis_history_remove,
    .new_epoch = redis_new_epoch,
    .control = redis_control,
    .join = redis_join,
    .leave = redis_leave,
    .check_member = redis_check_member,
    .members = redis_members,
    .channels = redis_channels,
    .nodes = redis_nodes,
    .file_reserve = redis_file_reserve,
    .file_append = redis_file_append,
    .file_read = redis_file_read,
    .file_remove = redis_file_remove,
    .turn = redis_turn,
    .is_ready = redis_is_ready,
    .give_up_lease = redis_give_up_lease,
    .is_idle = redis_is_idle,
    .describe = redis_describe,
    .destroy = redis_destroy,
};

static void create_store(struct redis_broker *self, struct loop *loop)
{
    const struct redis_broker_options *options = self->options;
    struct redis_link_options link = {
        .name = "commands",
        .url = options->url,
        .ca_file = options->ca_file,
        .timeout_ms = options->timeout_ms,
        .queue_bytes_max = options->queue_bytes_max,
        .up_metric = &metrics.redis_up_commands,
        .scripts = redis_script_texts,
        .script_count = SCRIPT_COUNT,
        .context = self,
        .on_up = on_commands_up,
        .on_down = on_commands_down,
        .on_elsewhere = on_elsewhere,
        .on_message = on_message,
        .on_subscribed = on_subscribed,
    };
    self->commands = redis_link_create(loop, &link);
    link.name = "subscriber";
    link.up_metric = &metrics.redis_up_subscriber;
    link.script_count = 0;
    link.is_subscriber = true;
    link.on_up = on_subscriber_up;
    link.on_down = on_subscriber_down;
    self->subscriber = redis_link_create(loop, &link);
    self->store = redis_store_create(&(struct redis_store_options){
        .prefix = options->prefix,
        .policies = options->policies,
        .commands = self->commands,
        .subscriber = self->subscriber,
    });
}

struct broker *redis_broker_create(struct loop *loop,
                                   const struct redis_broker_options *options)
{
    struct redis_broker *self = mem_zalloc(sizeof(*self));
    srandom((unsigned)random_number()); /* for the links' jitter */
    self->base.ops = &redis_ops;
    self->options = options;
    self->probe_channel = key_node(options->prefix, options->node);
    self->control_channel = key_control(options->prefix);
    create_store(self, loop);
    self->subscriptions = redis_subscriptions_create(&(struct redis_subscriptions_options){
        .store = self->store, .context = self, .on_subscribed = on_channel_subscribed});
    self->lease_options = (struct node_lease_options){
        .node = options->node,
        .address = options->address,
        .instance = options->instance,
        .dead_instance = options->dead_instance,
        .place = options->place,
        .ttl_ms = options->lease_ttl_ms,
        .renew_ms = options->lease_renew_ms,
        .context = self,
        .on_taken = on_lease_taken,
        .on_confirmed = on_lease_confirmed,
        .on_ended = on_lease_ended,
        .on_name_taken = on_name_taken,
    };
    self->lease = node_lease_create(loop, self->store, &self->lease_options);
    self->presence = redis_presence_create(loop, self->store, self->lease);
    self->reaper =
        redis_reaper_create(self->store, self->presence, options->node, options->lease_ttl_ms);
    self->log = redis_log_create(self->store);
    self->probe_timer =
        loop_timer_create(loop, options->lease_renew_ms / 2, on_probe_due, self);
    self->keep_timer = loop_timer_create(loop, KEEP_EVERY_MS, on_keep_due, self);
    return &self->base;
}
