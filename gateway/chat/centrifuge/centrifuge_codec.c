/*
 * centrifuge_codec - frames of the Centrifuge client protocol in its JSON form; see
 * centrifuge_codec.h.
 */
#include "centrifuge_codec.h"

#include "batch.h"
#include "broker.h"
#include "client_info.h"
#include "mem.h"
#include "publisher.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------------- decoding */

/* Data is only looked at to know that it is JSON; so all that JSON allows is let through:
 * zero octets, numbers of any size, a name twice. */
static const size_t DECODE_FLAGS =
    JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL;

const char *centrifuge_string(const json_t *string)
{
    const char *text = json_string_value(string);
    return text && strlen(text) == json_string_length(string) ? text : NULL;
}

/* Offsets and the like: exact up to 2^53, as in the SDKs. */
int64_t centrifuge_whole(const json_t *number)
{
    static const double exact_max = 9007199254740992.0;
    double value = json_number_value(number);
    return value >= -exact_max && value <= exact_max ? (int64_t)value : 0;
}

/* {"id":N,"METHOD":{...}}: one key besides id, with an object. A name that stands there twice,
 * once with escapes, is one to the parser alone: both are to be objects. */
static bool take_method(struct centrifuge_command *command, struct json_span text)
{
    const char *key;
    json_t *value;
    json_object_foreach(command->root, key, value)
    {
        if (strcmp(key, "id") == 0)
            continue;
        if (command->params || !json_is_object(value) || strlen(key) >= sizeof(command->method))
            return false;
        strcpy(command->method, key);
        command->params = value;
    }
    return command->params &&
           json_span_member(text.start, text.length, command->method, &command->raw) &&
           *command->raw.start == '{';
}

static bool take_id(struct centrifuge_command *command)
{
    json_t *id = json_object_get(command->root, "id");
    if (!id)
        return true;
    double number = json_number_value(id);
    if (!json_is_number(id) || number < 0 || number > UINT32_MAX)
        return false;
    command->id = (uint32_t)number;
    return number == command->id;
}

enum centrifuge_read centrifuge_read(struct centrifuge_reader *reader,
                                     struct centrifuge_command *ret_command)
{
    json_error_t problem;
    *ret_command = (struct centrifuge_command){.id = 0};
    reader->at = json_skip_blanks(reader->at, reader->end);
    if (reader->at >= reader->end)
        return CENTRIFUGE_END;
    ret_command->root =
        json_loadb(reader->at, (size_t)(reader->end - reader->at), DECODE_FLAGS, &problem);
    if (!json_is_object(ret_command->root))
        return CENTRIFUGE_BROKEN;
    struct json_span text = {reader->at, (size_t)problem.position};
    reader->at += problem.position;
    if (json_object_size(ret_command->root) == 0)
        return CENTRIFUGE_PONG;
    if (!take_id(ret_command) || !take_method(ret_command, text))
        return CENTRIFUGE_BROKEN;
    return CENTRIFUGE_COMMAND;
}

void centrifuge_command_finish(struct centrifuge_command *command)
{
    json_decref(command->root);
    command->root = NULL;
}

const char *centrifuge_text(const struct centrifuge_command *command, const char *name)
{
    return centrifuge_string(json_object_get(command->params, name));
}

int64_t centrifuge_number(const struct centrifuge_command *command, const char *name)
{
    return centrifuge_whole(json_object_get(command->params, name));
}

bool centrifuge_flag(const struct centrifuge_command *command, const char *name)
{
    return json_is_true(json_object_get(command->params, name));
}

/* --------------------------------------------------------------------------- encoding */

static const struct {
    enum centrifuge_error code;
    const char *message;
    bool is_temporary;
} errors[] = {
    {CENTRIFUGE_INTERNAL, "internal server error", true},
    {CENTRIFUGE_UNAUTHORIZED, "unauthorized", false},
    {CENTRIFUGE_UNKNOWN_CHANNEL, "unknown channel", false},
    {CENTRIFUGE_PERMISSION_DENIED, "permission denied", false},
    {CENTRIFUGE_METHOD_NOT_FOUND, "method not found", false},
    {CENTRIFUGE_ALREADY_SUBSCRIBED, "already subscribed", false},
    {CENTRIFUGE_LIMIT_EXCEEDED, "limit exceeded", false},
    {CENTRIFUGE_BAD_REQUEST, "bad request", false},
    {CENTRIFUGE_NOT_AVAILABLE, "not available", false},
    {CENTRIFUGE_TOKEN_EXPIRED, "token expired", false},
    {CENTRIFUGE_EXPIRED, "expired", false},
    {CENTRIFUGE_TOO_MANY_REQUESTS, "too many requests", true},
    {CENTRIFUGE_UNRECOVERABLE_POSITION, "unrecoverable position", false},
    {CENTRIFUGE_KEY_CONFLICT, "key was used for other data", false},
};

static size_t find_error(enum centrifuge_error code)
{
    size_t i = 0;
    while (i + 1 < sizeof(errors) / sizeof(errors[0]) && errors[i].code != code)
        i++;
    return i;
}

const char *centrifuge_error_message(enum centrifuge_error code)
{
    return errors[find_error(code)].message;
}

/* A newline ends a reply; in JSON it is a blank like others, and becomes one. */
static void flatten(char *json, size_t length)
{
    for (char *at = memchr(json, '\n', length); at;
         at = memchr(at, '\n', length - (size_t)(at - json)))
        *at = ' ';
}

/* Takes the text, which is *new*. */
static void append_and_free(struct batch *batch, char *text)
{
    flatten(text, strlen(text));
    struct slice part = slice_of(text);
    batch_append_text(batch, &part, 1);
    free(text);
}

void centrifuge_encode_ping(struct batch *batch)
{
    struct slice part = slice_of("{}");
    batch_append_text(batch, &part, 1);
}

void centrifuge_encode_reply(struct batch *batch, uint32_t id, const char *method,
                             const char *result)
{
    append_and_free(batch, mem_printf("{\"id\":%u,\"%s\":%s}", id, method, result));
}

void centrifuge_encode_error(struct batch *batch, uint32_t id, enum centrifuge_error code)
{
    size_t i = find_error(code);
    append_and_free(batch,
                    mem_printf("{\"id\":%u,\"error\":{\"code\":%d,\"message\":\"%s\"%s}}", id,
                               (int)code, errors[i].message,
                               errors[i].is_temporary ? ",\"temporary\":true" : ""));
}

void centrifuge_encode_refusal(struct batch *batch, uint32_t id, const char *message)
{
    char *quoted = text_to_json(message);
    append_and_free(batch, mem_printf("{\"id\":%u,\"error\":{\"code\":%d,\"message\":%s}}", id,
                                      (int)CENTRIFUGE_BAD_REQUEST, quoted));
    free(quoted);
}

/* What a publication has besides data and offset: the client that made it, or the server's
 * tags. */
struct beside {
    const char *name; /* of the member, with the comma before it; "": there is none */
    struct slice value;
};

static struct beside beside_of(const struct publication *publication)
{
    struct publisher publisher = publisher_of(publication);
    if (publisher.kind == PUBLISHER_CLIENT)
        return (struct beside){",\"info\":", publisher.client};
    return (struct beside){publisher.tags.length > 0 ? ",\"tags\":" : "", publisher.tags};
}

void centrifuge_encode_publication(struct batch *batch, const char *channel,
                                   const struct publication *publication)
{
    struct beside beside = beside_of(publication);
    struct slice payload = publication_payload(publication);
    char *flat = NULL;
    if (memchr(payload.bytes, '\n', payload.length)) {
        flat = mem_strndup(payload.bytes, payload.length);
        flatten(flat, payload.length);
        payload.bytes = flat;
    }
    char *quoted = text_to_json(channel);
    char *head = mem_printf("{\"push\":{\"channel\":%s,\"pub\":{\"data\":", quoted);
    char offset[40] = "";
    if (publication->offset > 0)
        (void)snprintf(offset, sizeof(offset), ",\"offset\":%llu",
                       (unsigned long long)publication->offset);
    const struct slice parts[] = {
        slice_of(head),        payload,      slice_of(offset),
        slice_of(beside.name), beside.value, slice_of("}}}"),
    };
    batch_append_text(batch, parts, sizeof(parts) / sizeof(parts[0]));
    free(head);
    free(quoted);
    free(flat);
}

void centrifuge_encode_presence(struct batch *batch, const char *channel,
                                const struct broker_presence *presence)
{
    char *quoted = text_to_json(channel);
    char *info = client_info_print(presence->client, presence->user, presence->info);
    append_and_free(batch,
                    mem_printf("{\"push\":{\"channel\":%s,\"%s\":{\"info\":%s}}}", quoted,
                               presence->kind == BROKER_JOIN ? "join" : "leave", info));
    free(info);
    free(quoted);
}

void centrifuge_encode_user_count(struct batch *batch, const char *channel, uint64_t user_count)
{
    char *quoted = text_to_json(channel);
    append_and_free(batch, mem_printf("{\"push\":{\"message\":{\"data\":{\"presence\":{"
                                      "\"channel\":%s,\"users\":%llu}}}}}",
                                      quoted, (unsigned long long)user_count));
    free(quoted);
}

void centrifuge_encode_subscribe(struct batch *batch, const char *channel, const char *epoch,
                                 uint64_t offset)
{
    char *quoted = text_to_json(channel);
    append_and_free(batch,
                    mem_printf("{\"push\":{\"channel\":%s,\"subscribe\":{\"recoverable\":true,"
                               "\"positioned\":true,\"epoch\":\"%s\",\"offset\":%llu}}}",
                               quoted, epoch, (unsigned long long)offset));
    free(quoted);
}

void centrifuge_encode_unsubscribe(struct batch *batch, const char *channel,
                                   enum centrifuge_unsubscribe code, const char *reason)
{
    char *quoted = text_to_json(channel);
    append_and_free(batch, mem_printf("{\"push\":{\"channel\":%s,\"unsubscribe\":{\"code\":%d,"
                                      "\"reason\":\"%s\"}}}",
                                      quoted, (int)code, reason));
    free(quoted);
}

void centrifuge_encode_refresh(struct batch *batch, int64_t ttl_s)
{
    char *ttl =
        ttl_s == 0 ? mem_strdup("false") : mem_printf("true,\"ttl\":%lld", (long long)ttl_s);
    append_and_free(batch, mem_printf("{\"push\":{\"refresh\":{\"expires\":%s}}}", ttl));
    free(ttl);
}

char *centrifuge_print_publication(const struct publication *publication)
{
    struct slice payload = publication_payload(publication);
    struct beside beside = beside_of(publication);
    return mem_printf("{\"data\":%.*s,\"offset\":%llu%s%.*s}", (int)payload.length,
                      (const char *)payload.bytes, (unsigned long long)publication->offset,
                      beside.name, (int)beside.value.length, (const char *)beside.value.bytes);
}

static bool is_over(FILE *out, size_t limit_bytes)
{
    return limit_bytes > 0 && (size_t)ftello(out) >= limit_bytes;
}

char *centrifuge_print_presence(const struct broker_reply *reply, size_t limit_bytes)
{
    char *json = NULL;
    size_t length;
    FILE *out = open_memstream(&json, &length);
    if (!out)
        return mem_strdup("{\"presence\":{}}");
    (void)fprintf(out, "{\"presence\":{");
    for (size_t i = 0; i < reply->member_count && !is_over(out, limit_bytes); i++) {
        const struct broker_member *member = &reply->members[i];
        char *quoted = text_to_json(member->client);
        char *client = client_info_print(member->client, member->user, member->info);
        (void)fprintf(out, "%s%s:%s", i ? "," : "", quoted, client);
        free(client);
        free(quoted);
    }
    (void)fprintf(out, "}}");
    (void)fclose(out);
    return json;
}

char *centrifuge_print_history(const struct broker_reply *reply)
{
    char *json = NULL;
    size_t length;
    FILE *out = open_memstream(&json, &length);
    if (!out)
        return mem_strdup("{\"publications\":[]}");
    (void)fprintf(out, "{\"publications\":[");
    for (size_t i = 0; i < reply->publication_count; i++) {
        char *publication = centrifuge_print_publication(reply->publications[i]);
        (void)fprintf(out, "%s%s", i ? "," : "", publication);
        free(publication);
    }
    (void)fprintf(out, "],\"offset\":%llu,\"epoch\":\"%s\"}", (unsigned long long)reply->offset,
                  reply->epoch);
    (void)fclose(out);
    return json;
}

char *centrifuge_print_stats(const struct broker_reply *reply)
{
    return mem_printf("{\"num_clients\":%llu,\"num_users\":%llu}",
                      (unsigned long long)reply->connection_count,
                      (unsigned long long)reply->user_count);
}
