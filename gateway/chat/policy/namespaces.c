/*
 * namespaces - what holds for a channel, by its name; see namespaces.h.
 *
 * One table of keys serves reading and checking.
 */
#include "namespaces.h"

#include "mem.h"
#include "text.h"
#include "text_map.h"

#include <jansson.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct namespaces {
    struct namespace_options defaults;
    struct text_map *named; /* "chat", "", "*" -> struct namespace_options */
    bool is_open;           /* none is named: every channel is known */
};

bool namespace_pushes_presence(const struct namespace_options *options)
{
    return options->has_join_leave &&
           (options->see_presence == RIGHT_ANYONE || options->see_presence == RIGHT_SUBSCRIBER);
}

/* -------------------------------------------------------------------------- the keys */

static bool read_right(const json_t *value, enum namespace_right *ret_right)
{
    static const char *const names[] = {
        [RIGHT_ANYONE] = "anyone",
        [RIGHT_AUTHENTICATED] = "authenticated",
        [RIGHT_SUBSCRIBER] = "subscriber",
        [RIGHT_TOKEN] = "token",
    };
    const char *text = json_string_value(value);
    for (int i = RIGHT_ANYONE; text && i <= RIGHT_TOKEN; i++) {
        if (strcmp(text, names[i]) != 0)
            continue;
        *ret_right = (enum namespace_right)i;
        return true;
    }
    return false;
}

static bool read_number(const json_t *value, int64_t min, int64_t max, int64_t *ret_number)
{
    int64_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < min || number > max)
        return false;
    *ret_number = number;
    return true;
}

static bool read_size(const json_t *value, size_t max, size_t *ret_size)
{
    int64_t number;
    if (!read_number(value, 0, (int64_t)max, &number))
        return false;
    *ret_size = (size_t)number;
    return true;
}

static bool set_history_size(const json_t *value, struct namespace_options *options)
{
    return read_size(value, NAMESPACE_HISTORY_MAX, &options->policy.history_size);
}

static bool set_history_ttl(const json_t *value, struct namespace_options *options)
{
    int64_t seconds;
    if (!read_number(value, 1, NAMESPACE_HISTORY_TTL_S_MAX, &seconds))
        return false;
    options->policy.history_ttl_ms = seconds * 1000;
    return true;
}

static bool set_subscribe(const json_t *value, struct namespace_options *options)
{
    return read_right(value, &options->subscribe) && options->subscribe != RIGHT_SUBSCRIBER;
}

static bool set_publish(const json_t *value, struct namespace_options *options)
{
    return read_right(value, &options->publish);
}

static bool set_history(const json_t *value, struct namespace_options *options)
{
    return read_right(value, &options->history);
}

static bool set_see_presence(const json_t *value, struct namespace_options *options)
{
    return read_right(value, &options->see_presence);
}

static bool set_join_leave(const json_t *value, struct namespace_options *options)
{
    options->has_join_leave = json_is_true(value);
    return json_is_boolean(value);
}

static bool set_reply_publications(const json_t *value, struct namespace_options *options)
{
    return read_size(value, NAMESPACE_HISTORY_MAX, &options->reply_publications);
}

static bool set_presence_limit(const json_t *value, struct namespace_options *options)
{
    return read_size(value, NAMESPACE_USERS_MAX, &options->presence_limit) &&
           options->presence_limit > 0;
}

static bool set_names_limit(const json_t *value, struct namespace_options *options)
{
    return read_size(value, NAMESPACE_USERS_MAX, &options->presence_names_limit);
}

static bool set_grace(const json_t *value, struct namespace_options *options)
{
    return read_number(value, 0, NAMESPACE_GRACE_MS_MAX, &options->policy.presence_grace_ms);
}

static bool set_events(const json_t *value, struct namespace_options *options)
{
    const char *text = json_string_value(value);
    bool is_connection = text && strcmp(text, "connection") == 0;
    options->policy.is_each_connection_told = is_connection;
    return is_connection || (text && strcmp(text, "user") == 0);
}

static const char a_right[] = "one of anyone, authenticated, subscriber, token";

static const struct key {
    const char *name;
    bool (*set)(const json_t *value, struct namespace_options *options);
    const char *wanted;
} keys[] = {
    {"history_size", set_history_size, "a whole number from 0 to 10000"},
    {"history_ttl_s", set_history_ttl, "a whole number from 1 to 31536000"},
    {"subscribe", set_subscribe, "one of anyone, authenticated, token"},
    {"publish", set_publish, a_right},
    {"history", set_history, a_right},
    {"see_presence", set_see_presence, a_right},
    {"join_leave", set_join_leave, "true or false"},
    {"reply_publications", set_reply_publications, "a whole number from 0 to 10000"},
    {"presence_limit", set_presence_limit, "a whole number from 1 to 100000"},
    {"presence_names_limit", set_names_limit, "a whole number from 0 to 100000"},
    {"presence_grace_ms", set_grace, "a whole number from 0 to 600000"},
    {"presence_events", set_events, "user or connection"},
};

/* ---------------------------------------------------------------------------- reading */

static char *set_key(const char *name, const char *key, const json_t *value,
                     struct namespace_options *options)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strcmp(key, keys[i].name) != 0)
            continue;
        if (keys[i].set(value, options))
            return NULL;
        return mem_printf("namespace \"%s\": \"%s\" must be %s", name, key, keys[i].wanted);
    }
    return mem_printf("namespace \"%s\": unknown option \"%.100s\"", name, key);
}

static bool is_name(const char *name)
{
    size_t length = strlen(name);
    return length <= NAMESPACE_NAME_BYTES_MAX && !text_has_control(name, length) &&
           !strpbrk(name, " {}:");
}

static char *add_namespace(struct namespaces *namespaces, const char *name, json_t *content)
{
    const char *key;
    json_t *value;
    char *error = NULL;
    if (!is_name(name))
        return mem_printf("namespaces: a name is at most %d octets without spaces, braces and "
                          "colons",
                          NAMESPACE_NAME_BYTES_MAX);
    if (!json_is_object(content))
        return mem_printf("namespace \"%s\" must be an object", name);
    struct namespace_options *options = mem_alloc(sizeof(*options));
    *options = namespaces->defaults;
    text_map_add(namespaces->named, name, options);
    json_object_foreach(content, key, value)
    {
        error = set_key(name, key, value, options);
        if (error)
            break;
    }
    return error;
}

static char *add_all(struct namespaces *namespaces, json_t *root)
{
    const char *name;
    json_t *content;
    char *error = NULL;
    if (!json_is_object(root))
        return mem_strdup("namespaces must be a JSON object");
    if (json_object_size(root) > NAMESPACES_MAX)
        return mem_printf("namespaces: more than %d", NAMESPACES_MAX);
    json_object_foreach(root, name, content)
    {
        error = add_namespace(namespaces, name, content);
        if (error)
            break;
    }
    namespaces->is_open = json_object_size(root) == 0;
    return error;
}

static char *read_json(struct namespaces *namespaces, const char *json)
{
    json_error_t problem;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &problem);
    char *error = root ? add_all(namespaces, root)
                       : mem_printf("namespaces: line %d, column %d: %s", problem.line,
                                    problem.column, problem.text);
    json_decref(root);
    return error;
}

struct namespaces *namespaces_create(const char *json, const struct namespace_options *defaults,
                                     char **ret_error)
{
    struct namespaces *namespaces = mem_zalloc(sizeof(*namespaces));
    namespaces->defaults = *defaults;
    namespaces->named = text_map_create();
    namespaces->is_open = true;
    char *error = json[0] ? read_json(namespaces, json) : NULL;
    if (!error)
        return namespaces;
    *ret_error = error;
    namespaces_destroy(namespaces);
    return NULL;
}

void namespaces_destroy(struct namespaces *namespaces)
{
    const void *cursor = NULL;
    struct namespace_options *options;
    if (!namespaces)
        return;
    while ((options = text_map_next(namespaces->named, &cursor)))
        free(options);
    text_map_destroy(namespaces->named);
    free(namespaces);
}

/* ---------------------------------------------------------------------------- look-up */

const struct namespace_options *namespaces_find(const struct namespaces *namespaces,
                                                const char *channel)
{
    char name[NAMESPACE_NAME_BYTES_MAX + 1] = "";
    const char *colon = strchr(channel, ':');
    if (namespaces->is_open)
        return &namespaces->defaults;
    if (colon && colon - channel <= NAMESPACE_NAME_BYTES_MAX)
        memcpy(name, channel, (size_t)(colon - channel));
    const struct namespace_options *options = text_map_find(namespaces->named, name);
    if (options && (!colon || name[0]))
        return options;
    return colon ? text_map_find(namespaces->named, "*") : &namespaces->defaults;
}

static const struct broker_policy *find_policy(void *context, const char *channel)
{
    const struct namespaces *namespaces = context;
    const struct namespace_options *options = namespaces_find(namespaces, channel);
    return options ? &options->policy : &namespaces->defaults.policy;
}

struct broker_policies namespaces_policies(struct namespaces *namespaces)
{
    return (struct broker_policies){find_policy, namespaces};
}
