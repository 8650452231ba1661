/*
 * centrifuge_codec - frames of the Centrifuge client protocol in its JSON form; see
 * centrifuge_codec.h.
 */
#include "centrifuge_codec.h"

#include "batch.h"
#include "broker.h"
#include "client_info.h"
#include "json_out.h"
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

struct broker_position centrifuge_position(const json_t *place)
{
    const char *epoch = centrifuge_string(json_object_get(place, "epoch"));
    struct broker_position position = {
        .offset = (uint64_t)centrifuge_whole(json_object_get(place, "offset"))};
    (void)snprintf(position.epoch, sizeof(position.epoch), "%s", epoch ? epoch : "");
    return position;
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

/* What was written, which is finished with it. */
static void append_out(struct batch *batch, struct json_out *out)
{
    char *text = json_out_finish(out);
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
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_member_uint(&out, "id", id);
    json_out_member_raw(&out, method, slice_of(result));
    json_out_close_object(&out);
    append_out(batch, &out);
}

static void encode_error(struct batch *batch, uint32_t id, enum centrifuge_error code,
                         const char *message, bool is_temporary)
{
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_member_uint(&out, "id", id);
    json_out_key(&out, "error");
    json_out_open_object(&out);
    json_out_member_int(&out, "code", (int)code);
    json_out_member_text(&out, "message", message);
    if (is_temporary)
        json_out_member_bool(&out, "temporary", true);
    json_out_close_object(&out);
    json_out_close_object(&out);
    append_out(batch, &out);
}

void centrifuge_encode_error(struct batch *batch, uint32_t id, enum centrifuge_error code)
{
    size_t i = find_error(code);
    encode_error(batch, id, code, errors[i].message, errors[i].is_temporary);
}

void centrifuge_encode_refusal(struct batch *batch, uint32_t id, const char *message)
{
    encode_error(batch, id, CENTRIFUGE_BAD_REQUEST, message, /* is_temporary= */ false);
}

/* {"push":{"channel":...,"KIND":{ - to be closed by end_push. */
static void begin_push(struct json_out *out, const char *channel, const char *kind)
{
    json_out_open_object(out);
    json_out_key(out, "push");
    json_out_open_object(out);
    if (channel)
        json_out_member_text(out, "channel", channel);
    json_out_key(out, kind);
    json_out_open_object(out);
}

static void end_push(struct json_out *out, struct batch *batch)
{
    for (int i = 0; i < 3; i++)
        json_out_close_object(out);
    append_out(batch, out);
}

/* What a publication has besides data and offset: the client that made it, or the server's
 * tags. */
struct beside {
    const char *key; /* NULL: there is none */
    struct slice value;
};

static struct beside beside_of(const struct publication *publication)
{
    struct publisher publisher = publisher_of(publication);
    if (publisher.kind == PUBLISHER_CLIENT)
        return (struct beside){"info", publisher.client};
    return (struct beside){publisher.tags.length > 0 ? "tags" : NULL, publisher.tags};
}

/* Of the push, what stands before the payload and behind it: the payload itself is not copied
 * here. */
void centrifuge_encode_publication(struct batch *batch, const char *channel,
                                   const struct publication *publication)
{
    static const char payload_mark[] = "0";
    struct beside beside = beside_of(publication);
    struct slice payload = publication_payload(publication);
    struct json_out out = {.bytes = NULL};
    char *flat = NULL;
    if (memchr(payload.bytes, '\n', payload.length)) {
        flat = mem_strndup(payload.bytes, payload.length);
        flatten(flat, payload.length);
        payload.bytes = flat;
    }
    begin_push(&out, channel, "pub");
    json_out_member_raw(&out, "data", slice_of(payload_mark));
    size_t mark = out.length - 1;
    if (publication->offset > 0)
        json_out_member_uint(&out, "offset", publication->offset);
    if (beside.key)
        json_out_member_raw(&out, beside.key, beside.value);
    for (int i = 0; i < 3; i++)
        json_out_close_object(&out);
    const struct slice parts[] = {
        {out.bytes, mark}, payload, {out.bytes + mark + 1, out.length - mark - 1}};
    batch_append_text(batch, parts, sizeof(parts) / sizeof(parts[0]));
    free(json_out_finish(&out));
    free(flat);
}

void centrifuge_encode_presence(struct batch *batch, const char *channel,
                                const struct broker_presence *presence)
{
    struct json_out out = {.bytes = NULL};
    char *info = client_info_print(presence->client, presence->user, presence->info);
    begin_push(&out, channel, presence->kind == BROKER_JOIN ? "join" : "leave");
    json_out_member_raw(&out, "info", slice_of(info));
    end_push(&out, batch);
    free(info);
}

void centrifuge_encode_user_count(struct batch *batch, const char *channel, uint64_t user_count)
{
    struct json_out out = {.bytes = NULL};
    begin_push(&out, NULL, "message");
    json_out_key(&out, "data");
    json_out_open_object(&out);
    json_out_key(&out, "presence");
    json_out_open_object(&out);
    json_out_member_text(&out, "channel", channel);
    json_out_member_uint(&out, "users", user_count);
    json_out_close_object(&out);
    json_out_close_object(&out);
    end_push(&out, batch);
}

void centrifuge_encode_state(struct batch *batch, const char *state)
{
    struct json_out out = {.bytes = NULL};
    begin_push(&out, NULL, "message");
    json_out_key(&out, "data");
    json_out_open_object(&out);
    json_out_key(&out, "service");
    json_out_open_object(&out);
    json_out_member_text(&out, "state", state);
    json_out_close_object(&out);
    json_out_close_object(&out);
    end_push(&out, batch);
}

void centrifuge_encode_subscribe(struct batch *batch, const char *channel, const char *epoch,
                                 uint64_t offset)
{
    struct json_out out = {.bytes = NULL};
    begin_push(&out, channel, "subscribe");
    json_out_member_bool(&out, "recoverable", true);
    json_out_member_bool(&out, "positioned", true);
    json_out_member_text(&out, "epoch", epoch);
    json_out_member_uint(&out, "offset", offset);
    end_push(&out, batch);
}

void centrifuge_encode_unsubscribe(struct batch *batch, const char *channel,
                                   enum centrifuge_unsubscribe code, const char *reason)
{
    struct json_out out = {.bytes = NULL};
    begin_push(&out, channel, "unsubscribe");
    json_out_member_int(&out, "code", (int)code);
    json_out_member_text(&out, "reason", reason);
    end_push(&out, batch);
}

void centrifuge_encode_refresh(struct batch *batch, int64_t ttl_s)
{
    struct json_out out = {.bytes = NULL};
    begin_push(&out, NULL, "refresh");
    centrifuge_write_expiry(&out, ttl_s);
    end_push(&out, batch);
}

void centrifuge_write_expiry(struct json_out *out, int64_t ttl_s)
{
    json_out_member_bool(out, "expires", ttl_s != 0);
    if (ttl_s != 0)
        json_out_member_int(out, "ttl", ttl_s);
}

void centrifuge_write_publication(struct json_out *out, const struct publication *publication)
{
    struct beside beside = beside_of(publication);
    json_out_open_object(out);
    json_out_member_raw(out, "data", publication_payload(publication));
    json_out_member_uint(out, "offset", publication->offset);
    if (beside.key)
        json_out_member_raw(out, beside.key, beside.value);
    json_out_close_object(out);
}

char *centrifuge_print_presence(const struct broker_reply *reply, size_t limit_bytes)
{
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_key(&out, "presence");
    json_out_open_object(&out);
    for (size_t i = 0; i < reply->member_count; i++) {
        const struct broker_member *member = &reply->members[i];
        if (limit_bytes > 0 && out.length >= limit_bytes)
            break;
        char *client = client_info_print(member->client, member->user, member->info);
        json_out_member_raw(&out, member->client, slice_of(client));
        free(client);
    }
    json_out_close_object(&out);
    json_out_close_object(&out);
    return json_out_finish(&out);
}

char *centrifuge_print_history(const struct broker_reply *reply)
{
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_key(&out, "publications");
    json_out_open_array(&out);
    for (size_t i = 0; i < reply->publication_count; i++)
        centrifuge_write_publication(&out, reply->publications[i]);
    json_out_close_array(&out);
    json_out_member_uint(&out, "offset", reply->offset);
    json_out_member_text(&out, "epoch", reply->epoch);
    json_out_close_object(&out);
    return json_out_finish(&out);
}

char *centrifuge_print_stats(const struct broker_reply *reply)
{
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_member_uint(&out, "num_clients", reply->connection_count);
    json_out_member_uint(&out, "num_users", reply->user_count);
    json_out_close_object(&out);
    return json_out_finish(&out);
}
