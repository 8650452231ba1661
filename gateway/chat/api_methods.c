/*
 * api_methods - the methods of the server API, one function each; see api_job.h.
 *
 * A method looks at what it is asked, then asks the broker; what the broker says becomes the
 * result. Fields that are not known are passed over, as clients of newer versions expect.
 */
#include "api_job.h"
#include "centrifuge_codec.h"
#include "chat.h"
#include "clock.h"
#include "control.h"
#include "hub.h"
#include "mem.h"
#include "metrics.h"
#include "namespaces.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REASON_BYTES_MAX = 123, /* RFC 6455, 5.5: what a close frame holds */
    CLOSE_CODE_MIN = 3000,
    CLOSE_CODE_MAX = 4999,
};

/* A text of the request; "" if it is not there. False: it is something else. */
static bool read_text(const struct api_request *request, const char *name,
                      const char **ret_text)
{
    json_t *value = json_object_get(request->params, name);
    *ret_text = json_is_string(value) ? json_string_value(value) : "";
    return !value || json_is_string(value) || json_is_null(value);
}

/* NULL, and the job ended, if there is none that could be one. */
static const char *read_channel(struct api_job *job, const struct api_request *request)
{
    const char *channel = json_string_value(json_object_get(request->params, "channel"));
    if (!channel || !chat_is_channel_name(channel)) {
        api_job_fail(job, API_BAD_REQUEST);
        return NULL;
    }
    if (hub_namespace(job->hub, channel))
        return channel;
    api_job_fail(job, API_UNKNOWN_CHANNEL);
    return NULL;
}

static char *print_nothing(const struct api_job *job, const struct broker_reply *reply)
{
    (void)job;
    (void)reply;
    return mem_strdup("{}");
}

/* ---------------------------------------------------------------------- publish, broadcast */

/* Without history there is no place to speak of. */
static char *print_published(const struct api_job *job, const struct broker_reply *reply)
{
    (void)job;
    if (reply->offset == 0)
        return mem_strdup("{}");
    return mem_printf("{\"offset\":%llu,\"epoch\":\"%s\"}", (unsigned long long)reply->offset,
                      reply->epoch);
}

/* What is to be published, in one channel or in many. */
static bool read_message(const struct api_request *request, struct broker_message *ret_message)
{
    const char *key;
    struct json_span data;
    if (!json_span_member(request->raw.start, request->raw.length, "data", &data) ||
        json_object_get(request->params, "b64data") ||
        !read_text(request, "idempotency_key", &key) || (key[0] && !chat_is_key(key)))
        return false;
    *ret_message = (struct broker_message){
        .payload = {data.start, data.length},
        .key = key[0] ? key : NULL,
        .is_unlogged = json_is_true(json_object_get(request->params, "skip_history")),
    };
    return true;
}

static void publish(struct api_job *job, const struct api_request *request, const char *channel,
                    const struct broker_message *message)
{
    *request->published_bytes += message->payload.length + API_PUBLICATION_BYTES;
    if (!channel || !chat_is_channel_name(channel) ||
        *request->published_bytes > API_PUBLISHED_BYTES_MAX)
        api_job_fail(job, API_BAD_REQUEST);
    else if (!hub_namespace(job->hub, channel))
        api_job_fail(job, API_UNKNOWN_CHANNEL);
    else
        broker_publish(job->hub->broker, channel, message, api_job_wait(job, print_published));
}

static void run_publish(struct api_job *job, const struct api_request *request)
{
    struct broker_message message;
    const char *channel = json_string_value(json_object_get(request->params, "channel"));
    if (read_message(request, &message))
        publish(job, request, channel, &message);
    else
        api_job_fail(job, API_BAD_REQUEST);
}

static void run_broadcast(struct api_job *job, const struct api_request *request)
{
    struct broker_message message;
    json_t *channels = json_object_get(request->params, "channels");
    size_t count = json_array_size(channels);
    if (count == 0 || !read_message(request, &message)) {
        api_job_fail(job, API_BAD_REQUEST);
        return;
    }
    struct api_list *list = api_list_create(job, "responses", count);
    for (size_t i = 0; i < count; i++)
        publish(api_list_add(list, i, "result"), request,
                json_string_value(json_array_get(channels, i)), &message);
    api_list_release(list);
}

/* ------------------------------------------------------------------------ history, presence */

static char *print_history(const struct api_job *job, const struct broker_reply *reply)
{
    if (job->epoch && strcmp(job->epoch, reply->epoch) != 0)
        return NULL;
    return centrifuge_print_history(reply);
}

static struct broker_range range_of(const struct namespace_options *options,
                                    const json_t *params)
{
    json_int_t limit = json_integer_value(json_object_get(params, "limit"));
    size_t all = options->policy.history_size;
    const json_t *since = json_object_get(params, "since");
    return (struct broker_range){
        .since = (uint64_t)json_integer_value(json_object_get(since, "offset")),
        .limit = limit < 0 || (size_t)limit > all ? all : (size_t)limit,
        .is_reverse = json_is_true(json_object_get(params, "reverse")),
    };
}

static void run_history(struct api_job *job, const struct api_request *request)
{
    const json_t *since = json_object_get(request->params, "since");
    const char *epoch = json_string_value(json_object_get(since, "epoch"));
    const char *channel = read_channel(job, request);
    if (!channel)
        return;
    const struct namespace_options *options = hub_namespace(job->hub, channel);
    if (options->policy.history_size == 0) {
        api_job_fail(job, API_NOT_AVAILABLE);
        return;
    }
    struct broker_range range = range_of(options, request->params);
    if (epoch && epoch[0])
        job->epoch = mem_strdup(epoch);
    broker_history(job->hub->broker, channel, &range, api_job_wait(job, print_history));
}

static void run_history_remove(struct api_job *job, const struct api_request *request)
{
    const char *channel = read_channel(job, request);
    if (!channel)
        return;
    if (hub_namespace(job->hub, channel)->policy.history_size == 0)
        api_job_fail(job, API_NOT_AVAILABLE);
    else
        broker_history_remove(job->hub->broker, channel, api_job_wait(job, print_nothing));
}

static char *print_presence(const struct api_job *job, const struct broker_reply *reply)
{
    (void)job;
    return centrifuge_print_presence(reply);
}

static char *print_stats(const struct api_job *job, const struct broker_reply *reply)
{
    (void)job;
    return centrifuge_print_stats(reply);
}

static void run_presence(struct api_job *job, const struct api_request *request)
{
    const char *channel = read_channel(job, request);
    if (channel)
        broker_members(job->hub->broker, channel,
                       hub_namespace(job->hub, channel)->presence_limit,
                       api_job_wait(job, print_presence));
}

static void run_presence_stats(struct api_job *job, const struct api_request *request)
{
    const char *channel = read_channel(job, request);
    if (channel)
        broker_members(job->hub->broker, channel, /* limit= */ 0,
                       api_job_wait(job, print_stats));
}

/* ------------------------------------------------------------------------------ connections */

/* A user, or one connection of those without a name. */
static bool read_target(const struct api_request *request, struct control_order *ret_order)
{
    return read_text(request, "user", &ret_order->user) &&
           read_text(request, "client", &ret_order->client) &&
           (ret_order->user[0] || ret_order->client[0]);
}

static void send_order(struct api_job *job, const struct control_order *order)
{
    control_send(job->hub, order, api_job_wait(job, print_nothing));
}

/* {"code","reason"}, both with the defaults of a close that SDKs take for the last one. */
static bool read_close(const json_t *close, struct control_order *ret_order)
{
    json_int_t code = json_integer_value(json_object_get(close, "code"));
    const char *reason = json_string_value(json_object_get(close, "reason"));
    ret_order->code = code == 0 ? CENTRIFUGE_FORCE_DISCONNECT : (int)code;
    ret_order->reason = reason && reason[0] ? reason : "force disconnect";
    return strlen(ret_order->reason) <= REASON_BYTES_MAX &&
           (code == 0 || (code >= CLOSE_CODE_MIN && code <= CLOSE_CODE_MAX));
}

static void run_disconnect(struct api_job *job, const struct api_request *request)
{
    struct control_order order = {.kind = CONTROL_DISCONNECT, .channel = ""};
    json_t *whitelist = json_object_get(request->params, "whitelist");
    bool is_sound = read_target(request, &order) &&
                    read_close(json_object_get(request->params, "disconnect"), &order) &&
                    (!whitelist || json_is_null(whitelist) || json_is_array(whitelist));
    order.whitelist = whitelist;
    if (is_sound)
        send_order(job, &order);
    else
        api_job_fail(job, API_BAD_REQUEST);
}

static void run_unsubscribe(struct api_job *job, const struct api_request *request)
{
    struct control_order order = {.kind = CONTROL_UNSUBSCRIBE, .reason = ""};
    if (read_target(request, &order) && read_text(request, "channel", &order.channel) &&
        (!order.channel[0] || chat_is_channel_name(order.channel)))
        send_order(job, &order);
    else
        api_job_fail(job, API_BAD_REQUEST);
}

static void run_subscribe(struct api_job *job, const struct api_request *request)
{
    struct control_order order = {.kind = CONTROL_SUBSCRIBE, .reason = ""};
    json_t *position = json_object_get(request->params, "recover_since");
    order.position = json_is_object(position) ? position : NULL;
    if (!read_target(request, &order) || !read_text(request, "channel", &order.channel) ||
        !chat_is_channel_name(order.channel))
        api_job_fail(job, API_BAD_REQUEST);
    else if (!hub_namespace(job->hub, order.channel))
        api_job_fail(job, API_UNKNOWN_CHANNEL);
    else
        send_order(job, &order);
}

static void run_refresh(struct api_job *job, const struct api_request *request)
{
    struct control_order order = {.kind = CONTROL_REFRESH, .channel = "", .reason = ""};
    json_t *expires_at = json_object_get(request->params, "expire_at");
    order.is_expired = json_is_true(json_object_get(request->params, "expired"));
    order.expires_at_s = json_integer_value(expires_at);
    if (read_target(request, &order) && order.expires_at_s >= 0 &&
        (!expires_at || json_is_integer(expires_at)))
        send_order(job, &order);
    else
        api_job_fail(job, API_BAD_REQUEST);
}

/* ---------------------------------------------------------------------------- the cluster */

/* "total" is there when not all channels are. */
static char *print_channels(const struct api_job *job, const struct broker_reply *reply)
{
    char *json = NULL;
    size_t length;
    FILE *out = open_memstream(&json, &length);
    (void)job;
    if (!out)
        return mem_strdup("{\"channels\":{}}");
    (void)fprintf(out, "{\"channels\":{");
    for (size_t i = 0; i < reply->channel_count; i++) {
        char *name = text_to_json(reply->channels[i].name);
        (void)fprintf(out, "%s%s:{\"num_clients\":%llu}", i ? "," : "", name,
                      (unsigned long long)reply->channels[i].connection_count);
        free(name);
    }
    (void)fprintf(out, "}");
    if (reply->channel_total > reply->channel_count)
        (void)fprintf(out, ",\"total\":%zu", reply->channel_total);
    (void)fprintf(out, "}");
    (void)fclose(out);
    return json;
}

static void run_channels(struct api_job *job, const struct api_request *request)
{
    const char *pattern;
    if (!read_text(request, "pattern", &pattern) || strlen(pattern) > API_PATTERN_BYTES_MAX)
        api_job_fail(job, API_BAD_REQUEST);
    else
        broker_channels(job->hub->broker, pattern[0] ? pattern : "*", API_CHANNELS_MAX,
                        api_job_wait(job, print_channels));
}

static void print_node(FILE *out, const struct broker_node *node)
{
    char *name = text_to_json(node->name);
    char *version = text_to_json(node->version);
    int64_t uptime_s = (clock_wall_ms() - node->started_ms) / 1000;
    (void)fprintf(out,
                  "{\"uid\":%s,\"name\":%s,\"version\":%s,\"num_clients\":%llu,"
                  "\"num_channels\":%llu,\"uptime\":%lld}",
                  name, name, version, (unsigned long long)node->connection_count,
                  (unsigned long long)node->channel_count,
                  (long long)(uptime_s > 0 ? uptime_s : 0));
    free(name);
    free(version);
}

static struct broker_node this_node(const struct hub *hub)
{
    return (struct broker_node){
        .name = hub->options->node,
        .version = PARLEY_VERSION,
        .connection_count = (uint64_t)metrics.connections,
        .channel_count = (uint64_t)metrics.channels,
        .started_ms = hub->started_ms,
    };
}

static char *print_nodes(const struct api_job *job, const struct broker_reply *reply)
{
    char *json = NULL;
    size_t length;
    struct broker_node own = this_node(job->hub);
    FILE *out = open_memstream(&json, &length);
    if (!out)
        return mem_strdup("{\"nodes\":[]}");
    (void)fprintf(out, "{\"nodes\":[");
    for (size_t i = 0; i < reply->node_count; i++) {
        bool is_own = strcmp(reply->nodes[i].name, own.name) == 0; /* known better here */
        (void)fprintf(out, "%s", i ? "," : "");
        print_node(out, is_own ? &own : &reply->nodes[i]);
    }
    if (reply->node_count == 0)
        print_node(out, &own);
    (void)fprintf(out, "]}");
    (void)fclose(out);
    return json;
}

static void run_info(struct api_job *job, const struct api_request *request)
{
    (void)request;
    broker_nodes(job->hub->broker, api_job_wait(job, print_nodes));
}

/* ----------------------------------------------------------------------------------- batch */

/* {"METHOD":{...}}; no batch in a batch. */
static void run_command(struct api_list *list, size_t place, json_t *command,
                        struct json_span text, const struct api_request *batch)
{
    const char *name = json_object_iter_key(json_object_iter(command));
    const struct api_method *method = name ? api_method_find(name) : NULL;
    struct api_request request = {.params = json_object_get(command, name ? name : ""),
                                  .published_bytes = batch->published_bytes};
    struct api_job *job = api_list_add(list, place, method ? method->name : NULL);
    bool is_sound = json_object_size(command) == 1 && json_is_object(request.params) &&
                    json_span_member(text.start, text.length, name, &request.raw);
    if (!is_sound)
        api_job_fail(job, API_BAD_REQUEST);
    else if (!method || method->is_bare)
        api_job_fail(job, API_NOT_FOUND);
    else
        method->run(job, &request);
}

/* Begun in order, so done in order: "parallel" makes no difference. */
static void run_batch(struct api_job *job, const struct api_request *request)
{
    json_t *commands = json_object_get(request->params, "commands");
    size_t count = json_array_size(commands);
    struct json_span text;
    struct json_span each = {.start = NULL};
    size_t cursor = 0;
    if (!json_is_array(commands) || count > API_COMMANDS_MAX ||
        !json_span_member(request->raw.start, request->raw.length, "commands", &text)) {
        api_job_fail(job, API_BAD_REQUEST);
        return;
    }
    struct api_list *list = api_list_create(job, "replies", count);
    for (size_t i = 0; i < count && json_span_next(text.start, text.length, &cursor, &each);
         i++)
        run_command(list, i, json_array_get(commands, i), each, request);
    api_list_release(list);
}

/* ------------------------------------------------------------------------------- the table */

static const struct api_method methods[] = {
    {"publish", run_publish, false},           {"broadcast", run_broadcast, false},
    {"subscribe", run_subscribe, false},       {"unsubscribe", run_unsubscribe, false},
    {"disconnect", run_disconnect, false},     {"refresh", run_refresh, false},
    {"presence", run_presence, false},         {"presence_stats", run_presence_stats, false},
    {"history", run_history, false},           {"history_remove", run_history_remove, false},
    {"channels", run_channels, false},         {"info", run_info, false},
    {"batch", run_batch, /* is_bare= */ true},
};

const struct api_method *api_method_find(const char *name)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(name, methods[i].name) == 0)
            return &methods[i];
    }
    return NULL;
}
