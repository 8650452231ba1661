/*
 * replies - replies of Redis, written as JSON; see replies.h.
 */
#include "replies.h"

#include "unit.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

static void set_text(redisReply *reply, int type, const char *text)
{
    reply->type = type;
    reply->str = strdup(text);
    reply->len = strlen(text);
}

static void convert(const json_t *json, redisReply *reply)
{
    const char *error = json_string_value(json_object_get(json, "error"));
    const char *status = json_string_value(json_object_get(json, "status"));
    *reply = (redisReply){.type = REDIS_REPLY_NIL};
    if (json_is_integer(json)) {
        reply->type = REDIS_REPLY_INTEGER;
        reply->integer = json_integer_value(json);
    } else if (json_is_array(json)) {
        reply->type = REDIS_REPLY_ARRAY;
        reply->elements = json_array_size(json);
        reply->element = calloc(reply->elements + 1, sizeof(redisReply *));
        for (size_t i = 0; i < reply->elements; i++) {
            reply->element[i] = calloc(1, sizeof(redisReply));
            convert(json_array_get(json, i), reply->element[i]);
        }
    } else if (json_is_string(json)) {
        set_text(reply, REDIS_REPLY_STRING, json_string_value(json));
    } else if (error) {
        set_text(reply, REDIS_REPLY_ERROR, error);
    } else if (status) {
        set_text(reply, REDIS_REPLY_STATUS, status);
    }
}

void replies_parse(const char *json, redisReply *ret_reply)
{
    json_t *root = json_loads(json, JSON_DECODE_ANY, NULL);
    if (!root)
        fail_msg("no JSON: %s", json);
    convert(root, ret_reply);
    json_decref(root);
}

void replies_finish(redisReply *reply)
{
    for (size_t i = 0; i < reply->elements; i++) {
        replies_finish(reply->element[i]);
        free(reply->element[i]);
    }
    free(reply->element);
    free(reply->str);
}
