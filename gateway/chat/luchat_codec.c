/*
 * luchat_codec - LuChat's frames, decoded and encoded; see luchat_codec.h.
 *
 * Each kind of frame is a table of its fields: what type, how long, needed or not. What is
 * not in the table is refused by name.
 */
#include "luchat_codec.h"

#include "batch.h"
#include "broker.h"
#include "mem.h"
#include "slice.h"
#include "text.h"
#include "text_map.h"

#include <jansson.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_STRING = 1, TYPE_NUMBER = 2, TYPE_INTEGER = 4, TYPE_NULL = 8 };

enum { KEY_SHOWN_BYTES = 40 }; /* of a key that is not known */

struct field {
    const char *name;
    int types;
    size_t bytes_max; /* of a string; 0: as long as the message may be */
    bool is_required;
    bool is_line; /* no control characters, not empty */
};

static const struct field message_fields[] = {
    {"userid", TYPE_STRING | TYPE_INTEGER, LUCHAT_USER_BYTES_MAX, true, true},
    {"userphone", TYPE_STRING | TYPE_INTEGER | TYPE_NULL, LUCHAT_PHONE_BYTES_MAX, false, false},
    {"message", TYPE_STRING | TYPE_NULL, 0, false, false},
    {"time", TYPE_STRING | TYPE_NUMBER | TYPE_NULL, LUCHAT_PHONE_BYTES_MAX, false, false},
    {"filelink", TYPE_STRING | TYPE_NULL, 0, false, false},
    {.name = NULL},
};

static const struct field online_fields[] = {
    {"userid", TYPE_STRING | TYPE_INTEGER, LUCHAT_USER_BYTES_MAX, true, true},
    {"userphone", TYPE_STRING | TYPE_INTEGER | TYPE_NULL, LUCHAT_PHONE_BYTES_MAX, false, false},
    {.name = NULL},
};

__attribute__((format(printf, 2, 3))) static bool fail(struct luchat_command *command,
                                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    command->kind = LUCHAT_INVALID;
    (void)vsnprintf(command->error, sizeof(command->error), format, args);
    va_end(args);
    return false;
}

/* --------------------------------------------------------------------------- checking */

static int type_of(const json_t *value)
{
    if (json_is_string(value))
        return TYPE_STRING;
    if (json_is_integer(value))
        return TYPE_INTEGER | TYPE_NUMBER;
    if (json_is_real(value))
        return TYPE_NUMBER;
    return json_is_null(value) ? TYPE_NULL : 0;
}

static const char *types_text(int types)
{
    if (types & TYPE_NUMBER)
        return "a string or a number";
    if (types & TYPE_INTEGER)
        return "a string or a whole number";
    return "a string";
}

static bool check_value(struct luchat_command *command, const char *kind,
                        const struct field *field, const json_t *value)
{
    if (!(type_of(value) & field->types))
        return fail(command, "%s.%s must be %s", kind, field->name, types_text(field->types));
    if (!json_is_string(value))
        return true;
    size_t length = json_string_length(value);
    if (field->bytes_max > 0 && length > field->bytes_max)
        return fail(command, "%s.%s is longer than %zu bytes", kind, field->name,
                    field->bytes_max);
    if (field->is_line && length == 0)
        return fail(command, "%s.%s is empty", kind, field->name);
    if (field->is_line && text_has_control(json_string_value(value), length))
        return fail(command, "%s.%s has control characters", kind, field->name);
    return true;
}

static const struct field *find_field(const struct field *fields, const char *name)
{
    for (; fields->name; fields++) {
        if (strcmp(fields->name, name) == 0)
            return fields;
    }
    return NULL;
}

static bool check_fields(struct luchat_command *command, const char *kind,
                         const struct field *fields, json_t *object)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return fail(command, "%s must be an object", kind);
    json_object_foreach(object, key, value)
    {
        const struct field *field = find_field(fields, key);
        if (!field)
            return fail(command, "unknown key \"%.*s\" in %s",
                        (int)text_cut(key, KEY_SHOWN_BYTES), key, kind);
        if (!check_value(command, kind, field, value))
            return false;
    }
    for (; fields->name; fields++) {
        if (fields->is_required && !json_object_get(object, fields->name))
            return fail(command, "%s.%s is missing", kind, fields->name);
    }
    return true;
}

/* --------------------------------------------------------------------------- decoding */

static void take_user(struct luchat_command *command, json_t *object)
{
    json_t *userid = json_object_get(object, "userid");
    if (json_is_integer(userid))
        (void)snprintf(command->user, sizeof(command->user), "%lld",
                       (long long)json_integer_value(userid));
    else
        (void)snprintf(command->user, sizeof(command->user), "%s", json_string_value(userid));
}

static void decode_online(struct luchat_command *command, json_t *online)
{
    if (!check_fields(command, "online", online_fields, online))
        return;
    command->kind = LUCHAT_ONLINE;
    take_user(command, online);
    command->info = json_dumps(online, JSON_COMPACT);
}

/* What tells this message from the user's others, if the client gives each its own time. */
static void take_key(struct luchat_command *command, json_t *message)
{
    const char *time = json_string_value(json_object_get(message, "time"));
    if (!time || !time[0] || text_has_control(time, strlen(time)))
        return;
    int length = snprintf(command->key, sizeof(command->key), "luchat %zu %s %s",
                          strlen(command->user), command->user, time);
    if (length >= (int)sizeof(command->key))
        command->key[0] = '\0';
}

static void decode_message(struct luchat_command *command, json_t *message)
{
    if (!check_fields(command, "message", message_fields, message))
        return;
    if (!json_is_string(json_object_get(message, "message")) &&
        !json_is_string(json_object_get(message, "filelink"))) {
        fail(command, "message needs a message or a filelink");
        return;
    }
    take_user(command, message);
    take_key(command, message);
    command->kind = LUCHAT_MESSAGE;
}

static void decode_token(struct luchat_command *command, json_t *token)
{
    if (!json_is_string(token)) {
        fail(command, "token must be a string");
        return;
    }
    command->kind = LUCHAT_TOKEN;
    command->info = mem_strdup(json_string_value(token));
}

static void decode_object(struct luchat_command *command, json_t *root)
{
    if (!json_is_object(root)) {
        fail(command, "a frame must be a JSON object");
        return;
    }
    if (json_object_size(root) != 1) {
        fail(command, "a frame must have one key: message or online");
        return;
    }
    const char *kind = json_object_iter_key(json_object_iter(root));
    json_t *content = json_object_get(root, kind);
    if (strcmp(kind, "message") == 0)
        decode_message(command, content);
    else if (strcmp(kind, "online") == 0)
        decode_online(command, content);
    else if (strcmp(kind, "token") == 0)
        decode_token(command, content);
    else
        fail(command, "unknown key \"%.*s\"", (int)text_cut(kind, KEY_SHOWN_BYTES), kind);
}

/* jansson's words, without what it quotes of the client's text. */
static void explain(struct luchat_command *command, const json_error_t *problem)
{
    if (json_error_code(problem) == json_error_stack_overflow)
        fail(command, "not usable: nested too deep");
    else if (json_error_code(problem) == json_error_duplicate_key)
        fail(command, "not usable: a key stands there twice");
    else
        fail(command, "not JSON: line %d, column %d", problem->line, problem->column);
}

void luchat_decode(const char *bytes, size_t length, struct luchat_command *command)
{
    json_error_t problem;
    command->info = NULL;
    command->user[0] = '\0';
    command->key[0] = '\0';
    command->error[0] = '\0';
    if (length == 4 && memcmp(bytes, "ping", 4) == 0) {
        command->kind = LUCHAT_PING;
        return;
    }
    json_t *root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &problem);
    if (root)
        decode_object(command, root);
    else if (!text_is_utf8(bytes, length))
        command->kind = LUCHAT_NOT_UTF8;
    else
        explain(command, &problem);
    json_decref(root);
}

void luchat_command_finish(struct luchat_command *command)
{
    free(command->info);
    command->info = NULL;
}

/* --------------------------------------------------------------------------- encoding */

void luchat_encode_pong(struct batch *batch)
{
    struct slice part = slice_of("pong");
    batch_append_text(batch, &part, 1);
}

void luchat_encode_error(struct batch *batch, enum luchat_error code, const char *message)
{
    char *json = text_print_error((int)code, message);
    struct slice part = slice_of(json);
    batch_append_text(batch, &part, 1);
    free(json);
}

static bool is_message(struct slice payload)
{
    struct luchat_command command;
    luchat_decode(payload.bytes, payload.length, &command);
    luchat_command_finish(&command);
    return command.kind == LUCHAT_MESSAGE;
}

/* {"message":{"userid":...,"message":...}} around what was published by another dialect: a
 * string as it is, anything else as JSON in a string. */
static void encode_foreign(struct batch *batch, struct slice payload, struct slice info)
{
    json_t *data = json_loadb(payload.bytes, payload.length, JSON_DECODE_ANY, NULL);
    json_t *publisher = json_loadb(info.bytes, info.length, 0, NULL);
    const char *user = json_string_value(json_object_get(publisher, "user"));
    json_t *text =
        json_is_string(data) ? json_incref(data) : json_stringn(payload.bytes, payload.length);
    json_t *frame = json_pack("{s{sssO}}", "message", "userid", user && user[0] ? user : "?",
                              "message", text);
    char *json = frame ? json_dumps(frame, JSON_COMPACT) : NULL;
    if (json)
        batch_append_text(batch, &(struct slice){json, strlen(json)}, 1);
    free(json);
    json_decref(frame);
    json_decref(text);
    json_decref(publisher);
    json_decref(data);
}

void luchat_encode_publication(struct batch *batch, const struct publication *publication)
{
    struct slice payload = publication_payload(publication);
    if (publication_info(publication).length == 0 || is_message(payload)) {
        batch_append_text(batch, &payload, 1);
        return;
    }
    encode_foreign(batch, payload, publication_info(publication));
}

/* What LuChat knows a user by. Of those who did not come by LuChat there is only the id. */
static char *identity_of(const char *user, const char *info)
{
    static const char own_shape[] = "{\"userid\":";
    if (strncmp(info, own_shape, strlen(own_shape)) == 0)
        return mem_strdup(info);
    char *quoted = text_to_json(user);
    char *identity = mem_printf("{\"userid\":%s}", quoted);
    free(quoted);
    return identity;
}

void luchat_encode_presence(struct batch *batch, const struct broker_presence *presence)
{
    if (presence->user[0] == '\0')
        return; /* LuChat has no nameless users */
    char *identity = identity_of(presence->user, presence->info);
    const struct slice parts[] = {
        slice_of(presence->kind == BROKER_JOIN ? "{\"online\":" : "{\"offline\":"),
        slice_of(identity),
        slice_of("}"),
    };
    batch_append_text(batch, parts, sizeof(parts) / sizeof(parts[0]));
    free(identity);
}

void luchat_encode_user_count(struct batch *batch, uint64_t user_count)
{
    char *json = mem_printf("{\"count\":{\"users\":%llu}}", (unsigned long long)user_count);
    struct slice part = slice_of(json);
    batch_append_text(batch, &part, 1);
    free(json);
}

/* Each user once, however many connections it has. */
void luchat_encode_users(struct batch *batch, const struct broker_reply *reply)
{
    struct text_map *seen = text_map_create();
    char *users = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&users, &length);
    for (size_t i = 0; out && i < reply->member_count; i++) {
        const struct broker_member *member = &reply->members[i];
        if (member->user[0] == '\0' || text_map_find(seen, member->user))
            continue;
        char *identity = identity_of(member->user, member->info);
        (void)fprintf(out, "%s%s", text_map_count(seen) > 0 ? "," : "", identity);
        free(identity);
        text_map_add(seen, member->user, seen);
    }
    if (out)
        (void)fclose(out);
    const struct slice parts[] = {slice_of("{\"users\":["), {users, length}, slice_of("]}")};
    batch_append_text(batch, parts, sizeof(parts) / sizeof(parts[0]));
    text_map_destroy(seen);
    free(users);
}
