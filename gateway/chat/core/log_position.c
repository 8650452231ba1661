/*
 * log_position - a place in a channel's log in JSON; see log_position.h.
 */
#include "log_position.h"

#include <jansson.h>

#include <stdio.h>

bool log_position_read(const json_t *json, struct broker_position *ret_position)
{
    const json_t *offset = json_object_get(json, "offset");
    const json_t *epoch = json_object_get(json, "epoch");
    bool has_offset = offset && !json_is_null(offset);
    bool has_epoch = epoch && !json_is_null(epoch);
    if (!json_is_object(json) || (has_epoch && !json_is_string(epoch)) ||
        (has_offset && (!json_is_integer(offset) || json_integer_value(offset) < 0)))
        return false;
    ret_position->offset = has_offset ? (uint64_t)json_integer_value(offset) : 0;
    (void)snprintf(ret_position->epoch, sizeof(ret_position->epoch), "%s",
                   has_epoch ? json_string_value(epoch) : "");
    return true;
}
