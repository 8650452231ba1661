/*
 * api_params - what a call of the server API says, member by member; see api_params.h.
 */
#include "api_params.h"

#include "hub.h"
#include "names.h"

#include <string.h>

bool api_read_text(struct api_job *job, const struct api_request *request, const char *name,
                   const char **ret_text)
{
    json_t *value = json_object_get(request->params, name);
    if (value && !json_is_string(value) && !json_is_null(value)) {
        api_job_refuse(job, "%s must be a string", name);
        return false;
    }
    *ret_text = json_is_string(value) ? json_string_value(value) : "";
    return true;
}

bool api_read_flag(struct api_job *job, const struct api_request *request, const char *name,
                   bool *ret_flag)
{
    const json_t *value = json_object_get(request->params, name);
    if (value && !json_is_boolean(value) && !json_is_null(value)) {
        api_job_refuse(job, "%s must be true or false", name);
        return false;
    }
    *ret_flag = json_is_true(value);
    return true;
}

bool api_read_whole(struct api_job *job, const struct api_request *request, const char *name,
                    int64_t *ret_number)
{
    const json_t *value = json_object_get(request->params, name);
    if (value && !json_is_integer(value) && !json_is_null(value)) {
        api_job_refuse(job, "%s must be a whole number", name);
        return false;
    }
    *ret_number = json_integer_value(value);
    return true;
}

bool api_check_place(struct api_job *job, const char *name, const json_t *place)
{
    const json_t *offset = json_object_get(place, "offset");
    const json_t *epoch = json_object_get(place, "epoch");
    if (place && !json_is_null(place) && !json_is_object(place))
        api_job_refuse(job, "%s must be an object", name);
    else if (offset && !json_is_null(offset) &&
             (!json_is_integer(offset) || json_integer_value(offset) < 0))
        api_job_refuse(job, "%s.offset must be a whole number from 0 on", name);
    else if (epoch && !json_is_null(epoch) && !json_is_string(epoch))
        api_job_refuse(job, "%s.epoch must be a string", name);
    else
        return true;
    return false;
}

static bool is_name(struct api_job *job, const char *name)
{
    if (names_is_channel(name))
        return true;
    api_job_refuse(job,
                   "channel must be 1 to %d bytes without blanks, braces and control "
                   "characters",
                   CHANNEL_NAME_BYTES_MAX);
    return false;
}

bool api_check_channel(struct api_job *job, const json_t *value)
{
    const char *name = json_string_value(value);
    if (!name) {
        api_job_refuse(job, value ? "channel must be a string" : "channel is missing");
        return false;
    }
    if (!is_name(job, name))
        return false;
    if (hub_namespace(job->hub, name))
        return true;
    api_job_fail(job, API_UNKNOWN_CHANNEL);
    return false;
}

bool api_read_channel(struct api_job *job, const struct api_request *request,
                      const char **ret_channel)
{
    const json_t *value = json_object_get(request->params, "channel");
    if (!api_check_channel(job, value))
        return false;
    *ret_channel = json_string_value(value);
    return true;
}

/* What libraries send for a member that nobody has set does not count. */
static bool says_something(const json_t *value)
{
    if (json_is_string(value))
        return json_string_length(value) > 0;
    if (json_is_number(value))
        return json_number_value(value) != 0;
    if (json_is_object(value))
        return json_object_size(value) > 0;
    return value && !json_is_null(value) && !json_is_false(value);
}

bool api_has_none_of(struct api_job *job, const struct api_request *request,
                     const char *const *names)
{
    for (; *names; names++) {
        if (!says_something(json_object_get(request->params, *names)))
            continue;
        api_job_refuse(job, "%s is not supported", *names);
        return false;
    }
    return true;
}
