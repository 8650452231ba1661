/*
 * luchat_codec - LuChat's frames, decoded and encoded; see luchat_codec.h.
 *
 * Each kind of frame is a table of its fields: what type, how long, needed or not. What is
 * not in the table is refused by name. A message of the usual form is recognised without a
 * tree of its members (luchat_fields.c), by the same table.
 */
#include "luchat_codec.h"

#include "batch.h"
#include "broker.h"
#include "json_out.h"
#include "json_span.h"
#include "luchat_fields.h"
#include "mem.h"
#include "once_key.h"
#include "publisher.h"
#include "slice.h"
#include "text.h"
#include "text_map.h"

#include <jansson.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_SHOWN_BYTES = 40,     /* of a key that is not known */
    LUCHAT_NUMBER_BYTES = 24, /* a whole number as text */
};

/* What who has no name is called. */
static const char nobody[] = "?";

/* --------------------------------------------------------------------------- checking */

static int type_of(const json_t *value)
{
    if (json_is_string(value))
        return LUCHAT_TYPE_STRING;
    if (json_is_integer(value))
        return LUCHAT_TYPE_INTEGER | LUCHAT_TYPE_NUMBER;
    if (json_is_real(value))
        return LUCHAT_TYPE_NUMBER;
    return json_is_null(value) ? LUCHAT_TYPE_NULL : 0;
}

static struct luchat_typed value_of(const json_t *value)
{
    struct slice text = {json_string_value(value), json_string_length(value)};
    return (struct luchat_typed){type_of(value), text};
}

static bool check_fields(struct luchat_command *command, const char *kind,
                         const struct luchat_field *fields, json_t *object)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return luchat_fail(command, "%s must be an object", kind);
    json_object_foreach(object, key, value)
    {
        const struct luchat_field *field = luchat_find_field(fields, slice_of(key));
        if (!field)
            return luchat_fail(command, "unknown key \"%.*s\" in %s",
                               (int)text_cut(key, KEY_SHOWN_BYTES), key, kind);
        struct luchat_typed checked = value_of(value);
        if (!luchat_check_value(command, kind, field, &checked))
            return false;
    }
    for (; fields->name; fields++) {
        if (fields->is_required && !json_object_get(object, fields->name))
            return luchat_fail(command, "%s.%s is missing", kind, fields->name);
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
    if (!check_fields(command, "online", luchat_online_fields, online))
        return;
    command->kind = LUCHAT_ONLINE;
    take_user(command, online);
    command->info = json_dumps(online, JSON_COMPACT);
}

static void decode_message(struct luchat_command *command, json_t *message)
{
    if (!check_fields(command, "message", luchat_message_fields, message))
        return;
    if (!json_is_string(json_object_get(message, "message")) &&
        !json_is_string(json_object_get(message, "filelink"))) {
        luchat_fail(command, "message needs a message or a filelink");
        return;
    }
    take_user(command, message);
    command->kind = LUCHAT_MESSAGE;
}

static void decode_token(struct luchat_command *command, json_t *token)
{
    if (!json_is_string(token)) {
        luchat_fail(command, "token must be a string");
        return;
    }
    command->kind = LUCHAT_TOKEN;
    command->info = mem_strdup(json_string_value(token));
}

static void decode_object(struct luchat_command *command, json_t *root)
{
    if (!json_is_object(root)) {
        luchat_fail(command, "a frame must be a JSON object");
        return;
    }
    if (json_object_size(root) != 1) {
        luchat_fail(command, "a frame must have one key: message or online");
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
        luchat_fail(command, "unknown key \"%.*s\"", (int)text_cut(kind, KEY_SHOWN_BYTES),
                    kind);
}

/* jansson's words, without what it quotes of the client's text. */
static void explain(struct luchat_command *command, const json_error_t *problem)
{
    if (json_error_code(problem) == json_error_stack_overflow)
        luchat_fail(command, "not usable: nested too deep");
    else if (json_error_code(problem) == json_error_duplicate_key)
        luchat_fail(command, "not usable: a key stands there twice");
    else
        luchat_fail(command, "not JSON: line %d, column %d", problem->line, problem->column);
}

void luchat_decode(const char *bytes, size_t length, struct luchat_command *command)
{
    json_error_t problem;
    command->info = NULL;
    if (length == 4 && memcmp(bytes, "ping", 4) == 0) {
        command->kind = LUCHAT_PING;
        return;
    }
    if (luchat_decode_plain(bytes, length, command))
        return;
    command->user[0] = '\0';
    command->error[0] = '\0';
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

/* Honest clients may say two things at one time, as 12:00: then they are two messages. */
static void make_key(struct once_key *once, const char *user, const char *time, json_t *content)
{
    char *text = json_dumps(content, JSON_COMPACT | JSON_SORT_KEYS);
    once_key_init(once, ONCE_LUCHAT, user, time, slice_of(text ? text : ""), slice_of(""));
    once_key_bind(once);
    free(text);
}

bool luchat_read_key(struct slice message, struct once_key *ret_once)
{
    json_t *root = json_loadb(message.bytes, message.length, 0, NULL);
    json_t *content = json_object_get(root, "message");
    const char *time = json_string_value(json_object_get(content, "time"));
    struct luchat_command command = {.kind = LUCHAT_MESSAGE};
    bool has_key = time && time[0] && !text_has_control(time, strlen(time));
    if (has_key) {
        take_user(&command, content);
        has_key = strlen(command.user) + strlen(time) <= BROKER_KEY_BYTES_MAX;
    }
    if (has_key)
        make_key(ret_once, command.user, time, content);
    json_decref(root);
    return has_key;
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

static char first_of(struct slice payload)
{
    const char *bytes = payload.bytes;
    const char *end = bytes + payload.length;
    const char *first = json_skip_blanks(bytes, end);
    return (char)(first < end ? *first : '\0');
}

/* What the parser would say is no message, at a hundredth of the cost: all newcomers wait for
 * what others publish to be encoded. */
static bool may_be_message(struct slice payload)
{
    struct json_span message;
    return first_of(payload) == '{' &&
           json_span_member(payload.bytes, payload.length, "message", &message);
}

/* May clients be shown the payload as a message of the user that it names? */
static bool is_as_said(struct slice payload, enum publisher_kind kind, const char *user,
                       bool is_open)
{
    struct luchat_command command;
    if (kind == PUBLISHER_JUDGED)
        return true;
    if (!may_be_message(payload))
        return false;
    luchat_decode(payload.bytes, payload.length, &command);
    luchat_command_finish(&command);
    if (command.kind != LUCHAT_MESSAGE || kind == PUBLISHER_SERVER)
        return command.kind == LUCHAT_MESSAGE;
    return user[0] ? strcmp(user, command.user) == 0 : is_open;
}

/* {"message":{"userid":...,"message":...}} around what was published by another dialect: a
 * string as it is, anything else as JSON in a string. */
static void encode_foreign(struct batch *batch, struct slice payload, const char *user)
{
    bool is_text = first_of(payload) == '"';
    json_t *data =
        is_text ? json_loadb(payload.bytes, payload.length, JSON_DECODE_ANY, NULL) : NULL;
    json_t *text =
        json_is_string(data) ? json_incref(data) : json_stringn(payload.bytes, payload.length);
    json_t *frame =
        json_pack("{s{sssO}}", "message", "userid", user[0] ? user : nobody, "message", text);
    char *json = frame ? json_dumps(frame, JSON_COMPACT) : NULL;
    if (json)
        batch_append_text(batch, &(struct slice){json, strlen(json)}, 1);
    free(json);
    json_decref(frame);
    json_decref(text);
    json_decref(data);
}

void luchat_encode_publication(struct batch *batch, const struct publication *publication,
                               bool is_open)
{
    struct slice payload = publication_payload(publication);
    struct publisher publisher = publisher_of(publication);
    char user[USER_BYTES_MAX + 1] = "";
    if (publisher.kind == PUBLISHER_CLIENT)
        publisher_read_user(&publisher, user);
    if (is_as_said(payload, publisher.kind, user, is_open))
        batch_append_text(batch, &payload, 1);
    else
        encode_foreign(batch, payload, user);
}

/* The id of a user, in the form that its client gave it: a text, or a number. *new* */
static json_t *id_of(const char *user, const json_t *info)
{
    json_t *said = json_object_get(info, "userid");
    char number[LUCHAT_NUMBER_BYTES] = "";
    if (json_is_integer(said))
        (void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(said));
    return strcmp(number, user) == 0 ? json_incref(said) : json_string(user);
}

/* NULL: there is none that a client could have said. */
static json_t *phone_of(const json_t *info)
{
    struct luchat_command unused;
    json_t *phone = json_object_get(info, "userphone");
    struct luchat_typed value = value_of(phone);
    const struct luchat_field *field =
        luchat_find_field(luchat_online_fields, slice_of("userphone"));
    return phone && luchat_check_value(&unused, "online", field, &value) ? phone : NULL;
}

/* Past the text and past what stands in a JSON string up to its end; NULL: it is not there, or
 * not as plain as it looks. */
static const char *skip_plain(const char *at, const char *head)
{
    size_t length = strlen(head);
    if (strncmp(at, head, length) != 0)
        return NULL;
    at += length;
    length = strcspn(at, "\"\\");
    return length <= LUCHAT_PHONE_BYTES_MAX && at[length] == '"' ? at + length + 1 : NULL;
}

/* Is it what LuChat's own clients have, in its usual form? In long lists most are. */
static bool is_usual_identity(const char *user, const char *text)
{
    static const char head[] = "{\"userid\":\"";
    const char *end = skip_plain(text, head);
    size_t length = strlen(user);
    if (!end || (size_t)(end - text) != strlen(head) + length + 1 ||
        memcmp(text + strlen(head), user, length) != 0)
        return false;
    if (strcmp(end, "}") == 0)
        return true;
    end = skip_plain(end, ",\"userphone\":\"");
    return end && strcmp(end, "}") == 0;
}

/* What LuChat knows a user by: the id that was judged when it came in, and a phone. The rest of
 * the info, which may be a token's, is not LuChat's. *new* */
static char *identity_of(const char *user, const char *text)
{
    if (is_usual_identity(user, text))
        return mem_strdup(text);
    json_t *info = json_loads(text, 0, NULL);
    json_t *identity =
        json_pack("{so, sO*}", "userid", id_of(user, info), "userphone", phone_of(info));
    char *printed = json_dumps(identity, JSON_COMPACT);
    json_decref(identity);
    json_decref(info);
    return printed ? printed : mem_strdup("{\"userid\":\"?\"}");
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

static void append_out(struct batch *batch, struct json_out *out)
{
    char *json = json_out_finish(out);
    struct slice part = slice_of(json);
    batch_append_text(batch, &part, 1);
    free(json);
}

void luchat_encode_user_count(struct batch *batch, uint64_t user_count)
{
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_key(&out, "count");
    json_out_open_object(&out);
    json_out_member_uint(&out, "users", user_count);
    json_out_close_object(&out);
    json_out_close_object(&out);
    append_out(batch, &out);
}

/* Each user once, however many connections it has. */
void luchat_encode_users(struct batch *batch, const struct broker_reply *reply)
{
    struct text_map *seen = text_map_create();
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_key(&out, "users");
    json_out_open_array(&out);
    for (size_t i = 0; i < reply->member_count; i++) {
        const struct broker_member *member = &reply->members[i];
        if (member->user[0] == '\0' || text_map_find(seen, member->user))
            continue;
        char *identity = identity_of(member->user, member->info);
        json_out_raw(&out, slice_of(identity));
        free(identity);
        text_map_add(seen, member->user, seen); /* a set: the object is never looked at */
    }
    json_out_close_array(&out);
    json_out_close_object(&out);
    append_out(batch, &out);
    text_map_destroy(seen);
}
