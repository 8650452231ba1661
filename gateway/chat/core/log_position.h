/*
 * log_position - a place in a channel's log, as the server API and orders between nodes write
 * it in JSON.
 */
#ifndef PARLEY_LOG_POSITION_H
#define PARLEY_LOG_POSITION_H

#include "broker.h"

#include <stdbool.h>

struct json_t;

/* Of {"offset":...,"epoch":...}, where either may be missing or null. False: it is none. */
__attribute__((warn_unused_result)) bool
log_position_read(const struct json_t *json, struct broker_position *ret_position);

#endif
