/*
 * api_publish - publish and broadcast of the server API; see api_job.h.
 *
 * Data is handed on as the bytes it came in. There is no client to tell of; the info of what
 * comes from here is {} or {"tags":...}, and so it is known not to be of LuChat's shape for
 * sure.
 */
#include "api_params.h"
#include "base64.h"
#include "hub.h"
#include "json_out.h"
#include "mem.h"
#include "names.h"
#include "once_key.h"
#include "publisher.h"

#include <stdlib.h>
#include <string.h>

enum { TAGS_BYTES_MAX = 4096 };

/* What is to be published, in one channel or in many. */
struct api_message {
    struct broker_message message;
    char *data; /* b64data, decoded; or NULL */
    char *info;
    struct once_key once;
};

static void message_finish(struct api_message *message)
{
    free(message->data);
    free(message->info);
    once_key_finish(&message->once);
}

/* Without history there is no place to speak of. */
static char *print_published(const struct api_job *job, const struct broker_reply *reply)
{
    (void)job;
    if (reply->offset == 0)
        return mem_strdup("{}");
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_member_uint(&out, "offset", reply->offset);
    json_out_member_text(&out, "epoch", reply->epoch);
    json_out_close_object(&out);
    return json_out_finish(&out);
}

/* ---------------------------------------------------------------------------- the message */

static bool is_json(const char *text, size_t length)
{
    json_t *value = json_loadb(text, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    json_decref(value);
    return value != NULL;
}

/* There is no form of the protocol here in which data is anything but JSON. */
static bool read_b64data(struct api_job *job, const json_t *value, struct api_message *message)
{
    unsigned char *bytes = NULL;
    size_t length = 0;
    if (!json_is_string(value) || !base64_decode(BASE64_STANDARD, json_string_value(value),
                                                 json_string_length(value), &bytes, &length)) {
        api_job_refuse(job, "b64data must be base64");
        return false;
    }
    message->data = (char *)bytes;
    message->message.payload = (struct slice){bytes, length};
    if (is_json(message->data, length))
        return true;
    api_job_refuse(job, "b64data must be JSON when decoded: clients are sent nothing else");
    return false;
}

static bool read_data(struct api_job *job, const struct api_request *request,
                      struct api_message *message)
{
    struct json_span data;
    const json_t *b64data = json_object_get(request->params, "b64data");
    bool has_data = json_span_member(request->raw.start, request->raw.length, "data", &data);
    bool is_unset = !b64data || json_is_null(b64data) ||
                    (json_is_string(b64data) && json_string_length(b64data) == 0);
    bool has_b64data = !is_unset;
    if (has_b64data && !has_data)
        return read_b64data(job, b64data, message);
    if (has_data && !has_b64data) {
        message->message.payload = (struct slice){data.start, data.length};
        return true;
    }
    api_job_refuse(job, has_data ? "data and b64data are both there" : "data is missing");
    return false;
}

static bool are_tags(const json_t *tags)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)tags, name, value)
    {
        if (!json_is_string(value))
            return false;
    }
    return json_is_object(tags);
}

static bool read_tags(struct api_job *job, const struct api_request *request,
                      struct api_message *message)
{
    const json_t *tags = json_object_get(request->params, "tags");
    if (!tags || json_is_null(tags) || (json_is_object(tags) && json_object_size(tags) == 0)) {
        message->info = publisher_print_server(NULL);
        return true;
    }
    if (!are_tags(tags)) {
        api_job_refuse(job, "tags must be an object of strings");
        return false;
    }
    char *text = json_dumps(tags, JSON_COMPACT);
    message->info = publisher_print_server(text);
    free(text);
    if (strlen(message->info) <= TAGS_BYTES_MAX)
        return true;
    api_job_refuse(job, "tags are longer than %d bytes", TAGS_BYTES_MAX);
    return false;
}

static bool read_key(struct api_job *job, const struct api_request *request,
                     struct api_message *message)
{
    const char *key;
    if (!api_read_text(job, request, "idempotency_key", &key))
        return false;
    if (key[0] && !names_is_key(key)) {
        api_job_refuse(job, "idempotency_key must be 1 to %d bytes without control characters",
                       BROKER_KEY_BYTES_MAX);
        return false;
    }
    if (!key[0])
        return true;
    once_key_init(&message->once, ONCE_SERVER, "", key, message->message.payload,
                  message->message.info);
    message->message.key = message->once.name;
    message->message.digest = message->once.digest;
    return true;
}

/* To be finished, whatever the answer. delta is a wish, and needs no answer. */
static bool read_message(struct api_job *job, const struct api_request *request,
                         struct api_message *ret_message)
{
    static const char *const unsupported[] = {"version", "version_epoch", NULL};
    *ret_message = (struct api_message){.data = NULL};
    if (!api_has_none_of(job, request, unsupported) || !read_data(job, request, ret_message) ||
        !read_tags(job, request, ret_message))
        return false;
    ret_message->message.info = slice_of(ret_message->info);
    if (!read_key(job, request, ret_message))
        return false;
    return api_read_flag(job, request, "skip_history", &ret_message->message.is_unlogged);
}

/* -------------------------------------------------------------------------------- methods */

static void publish(struct api_job *job, const struct api_request *request,
                    const json_t *channel, const struct broker_message *message)
{
    *request->published_bytes += message->payload.length + API_PUBLICATION_BYTES;
    if (*request->published_bytes > API_PUBLISHED_BYTES_MAX)
        api_job_refuse(job, "one call may not publish more than %d bytes",
                       API_PUBLISHED_BYTES_MAX);
    else if (api_check_channel(job, channel))
        broker_publish(job->hub->broker, json_string_value(channel), message,
                       api_job_wait(job, print_published));
}

void api_run_publish(struct api_job *job, const struct api_request *request)
{
    struct api_message message;
    if (read_message(job, request, &message))
        publish(job, request, json_object_get(request->params, "channel"), &message.message);
    message_finish(&message);
}

void api_run_broadcast(struct api_job *job, const struct api_request *request)
{
    struct api_message message;
    const json_t *channels = json_object_get(request->params, "channels");
    size_t count = json_array_size(channels);
    if (count == 0) {
        api_job_refuse(job, "channels must be an array of one channel or more");
        return;
    }
    if (read_message(job, request, &message)) {
        struct api_list *list = api_list_create(job, "responses", count);
        for (size_t i = 0; i < count; i++)
            publish(api_list_add(list, i, "result"), request, json_array_get(channels, i),
                    &message.message);
        api_list_release(list);
    }
    message_finish(&message);
}
