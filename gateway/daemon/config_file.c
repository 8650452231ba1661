/*
 * config_file - the JSON file of --config as pairs of key and text; see config_file.h.
 *
 * The one place of base/ that knows jansson.
 */
#include "config_file.h"

#include "mem.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* NULL when the array holds anything but strings. */
static char *join(const json_t *array)
{
    char *joined = mem_strdup("");
    size_t i;
    json_t *element;
    json_array_foreach(array, i, element)
    {
        if (!json_is_string(element)) {
            free(joined);
            return NULL;
        }
        char *longer = mem_printf("%s%s%s", joined, i ? "," : "", json_string_value(element));
        free(joined);
        joined = longer;
    }
    return joined;
}

static char *text_of(const json_t *value)
{
    if (json_is_string(value))
        return mem_strdup(json_string_value(value));
    if (json_is_integer(value))
        return mem_printf("%lld", (long long)json_integer_value(value));
    if (json_is_boolean(value))
        return mem_strdup(json_is_true(value) ? "true" : "false");
    if (json_is_object(value))
        return json_dumps(value, JSON_COMPACT);
    return json_is_array(value) ? join(value) : NULL;
}

static char *read_pair(const char *path, const char *key, const json_t *value,
                       char *(*on_pair)(void *context, const char *key, const char *text,
                                        bool is_object),
                       void *context)
{
    char *text = text_of(value);
    if (!text)
        return mem_printf("%s: \"%s\" must be a string, a whole number, true or false, or a "
                          "list of strings",
                          path, key);
    char *error = on_pair(context, key, text, json_is_object(value));
    free(text);
    if (!error)
        return NULL;
    char *with_path = mem_printf("%s: %s", path, error);
    free(error);
    return with_path;
}

static json_t *load(const char *path, char **ret_error)
{
    struct stat status;
    if (stat(path, &status) == 0 && status.st_size > CONFIG_FILE_BYTES_MAX) {
        *ret_error = mem_printf("%s: larger than %d bytes", path, CONFIG_FILE_BYTES_MAX);
        return NULL;
    }
    json_error_t problem;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
    if (!root) {
        *ret_error = problem.line > 0
                         ? mem_printf("%s: line %d: %s", path, problem.line, problem.text)
                         : mem_printf("%s: %s", path, problem.text);
        return NULL;
    }
    if (json_is_object(root))
        return root;
    *ret_error = mem_printf("%s: must hold a JSON object", path);
    json_decref(root);
    return NULL;
}

bool config_file_read(const char *path,
                      char *(*on_pair)(void *context, const char *key, const char *text,
                                       bool is_object),
                      void *context, char **ret_error)
{
    json_t *root = load(path, ret_error);
    if (!root)
        return false;
    const char *key;
    json_t *value;
    char *error = NULL;
    json_object_foreach(root, key, value)
    {
        error = read_pair(path, key, value, on_pair, context);
        if (error)
            break;
    }
    json_decref(root);
    if (error)
        *ret_error = error;
    return !error;
}
