/*
 * api_methods - the table of the server API's methods, and those that look: history,
 * presence, the cluster; see api_job.h.
 *
 * A method looks at what it is asked, then asks the broker; what the broker says becomes the
 * result. Fields that are not known are passed over, as clients of newer versions expect.
 */
#include "api_params.h"
#include "centrifuge_codec.h"
#include "clock.h"
#include "hub.h"
#include "json_out.h"
#include "mem.h"
#include "metrics.h"
#include "namespaces.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------ history, presence */

static char *print_history(const struct api_job *job, const struct broker_reply *reply)
{
    if (job->epoch && strcmp(job->epoch, reply->epoch) != 0)
        return NULL;
    return centrifuge_print_history(reply);
}

static bool read_range(struct api_job *job, const struct api_request *request, size_t all,
                       struct broker_range *ret_range)
{
    int64_t limit;
    const json_t *since = json_object_get(request->params, "since");
    *ret_range = (struct broker_range){.since = 0};
    if (!api_read_whole(job, request, "limit", &limit) ||
        !api_read_flag(job, request, "reverse", &ret_range->is_reverse) ||
        !api_check_place(job, "since", since))
        return false;
    ret_range->since = (uint64_t)json_integer_value(json_object_get(since, "offset"));
    ret_range->limit = limit < 0 || (uint64_t)limit > all ? all : (size_t)limit;
    return true;
}

static void run_history(struct api_job *job, const struct api_request *request)
{
    const json_t *since = json_object_get(request->params, "since");
    const char *epoch = json_string_value(json_object_get(since, "epoch"));
    const char *channel;
    if (!api_read_channel(job, request, &channel))
        return;
    const struct namespace_options *options = hub_namespace(job->hub, channel);
    if (options->policy.history_size == 0) {
        api_job_fail(job, API_NOT_AVAILABLE);
        return;
    }
    struct broker_range range;
    if (!read_range(job, request, options->policy.history_size, &range))
        return;
    if (epoch && epoch[0])
        job->epoch = mem_strdup(epoch);
    broker_history(job->hub->broker, channel, &range, api_job_wait(job, print_history));
}

static void run_history_remove(struct api_job *job, const struct api_request *request)
{
    const char *channel;
    if (!api_read_channel(job, request, &channel))
        return;
    if (hub_namespace(job->hub, channel)->policy.history_size == 0)
        api_job_fail(job, API_NOT_AVAILABLE);
    else
        broker_history_remove(job->hub->broker, channel, api_job_wait(job, api_print_nothing));
}

static char *print_presence(const struct api_job *job, const struct broker_reply *reply)
{
    (void)job;
    return centrifuge_print_presence(reply, /* limit_bytes= */ 0);
}

static char *print_stats(const struct api_job *job, const struct broker_reply *reply)
{
    (void)job;
    return centrifuge_print_stats(reply);
}

static void run_presence(struct api_job *job, const struct api_request *request)
{
    const char *channel;
    if (api_read_channel(job, request, &channel))
        broker_members(job->hub->broker, channel,
                       hub_namespace(job->hub, channel)->presence_limit,
                       api_job_wait(job, print_presence));
}

static void run_presence_stats(struct api_job *job, const struct api_request *request)
{
    const char *channel;
    if (api_read_channel(job, request, &channel))
        broker_members(job->hub->broker, channel, /* limit= */ 0,
                       api_job_wait(job, print_stats));
}

/* ---------------------------------------------------------------------------- the cluster */

/* "total" is there when not all channels are. */
static char *print_channels(const struct api_job *job, const struct broker_reply *reply)
{
    struct json_out out = {.bytes = NULL};
    (void)job;
    json_out_open_object(&out);
    json_out_key(&out, "channels");
    json_out_open_object(&out);
    for (size_t i = 0; i < reply->channel_count; i++) {
        json_out_key(&out, reply->channels[i].name);
        json_out_open_object(&out);
        json_out_member_uint(&out, "num_clients", reply->channels[i].connection_count);
        json_out_close_object(&out);
    }
    json_out_close_object(&out);
    if (reply->channel_total > reply->channel_count)
        json_out_member_uint(&out, "total", reply->channel_total);
    json_out_close_object(&out);
    return json_out_finish(&out);
}

static void run_channels(struct api_job *job, const struct api_request *request)
{
    const char *pattern;
    if (!api_read_text(job, request, "pattern", &pattern))
        return;
    if (strlen(pattern) > API_PATTERN_BYTES_MAX)
        api_job_refuse(job, "pattern is longer than %d bytes", API_PATTERN_BYTES_MAX);
    else
        broker_channels(job->hub->broker, pattern[0] ? pattern : "*", API_CHANNELS_MAX,
                        api_job_wait(job, print_channels));
}

static void print_node(struct json_out *out, const struct broker_node *node)
{
    int64_t uptime_s = (clock_wall_ms() - node->started_ms) / 1000;
    json_out_open_object(out);
    json_out_member_text(out, "uid", node->name);
    json_out_member_text(out, "name", node->name);
    json_out_member_text(out, "version", node->version);
    json_out_member_uint(out, "num_clients", node->connection_count);
    json_out_member_uint(out, "num_users", node->user_count);
    json_out_member_uint(out, "num_subs", node->subscription_count);
    json_out_member_uint(out, "num_channels", node->channel_count);
    json_out_member_int(out, "uptime", uptime_s > 0 ? uptime_s : 0);
    json_out_close_object(out);
}

static struct broker_node this_node(const struct hub *hub)
{
    return (struct broker_node){
        .name = hub->options->node,
        .version = PARLEY_VERSION,
        .connection_count = (uint64_t)metrics.connections,
        .user_count = (uint64_t)metrics.users,
        .subscription_count = (uint64_t)metrics.subscriptions,
        .channel_count = (uint64_t)metrics.channels,
        .started_ms = hub->started_ms,
    };
}

static char *print_nodes(const struct api_job *job, const struct broker_reply *reply)
{
    struct broker_node own = this_node(job->hub);
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_key(&out, "nodes");
    json_out_open_array(&out);
    for (size_t i = 0; i < reply->node_count; i++) {
        bool is_own = strcmp(reply->nodes[i].name, own.name) == 0; /* known better here */
        print_node(&out, is_own ? &own : &reply->nodes[i]);
    }
    if (reply->node_count == 0)
        print_node(&out, &own);
    json_out_close_array(&out);
    json_out_close_object(&out);
    return json_out_finish(&out);
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
        api_job_refuse(job, "a command must be an object of one method and its parameters");
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
        api_job_refuse(job, "commands must be an array of at most %d", API_COMMANDS_MAX);
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
    {"publish", api_run_publish, false},       {"broadcast", api_run_broadcast, false},
    {"subscribe", api_run_subscribe, false},   {"unsubscribe", api_run_unsubscribe, false},
    {"disconnect", api_run_disconnect, false}, {"refresh", api_run_refresh, false},
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
