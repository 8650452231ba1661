/*
 * replies - replies of Redis, written as JSON.
 *
 * A number is an integer, a text a bulk string, null nil, an array an array; {"error": TEXT} an
 * error and {"status": TEXT} a status.
 */
#ifndef PARLEY_REPLIES_H
#define PARLEY_REPLIES_H

#include <hiredis/hiredis.h>

/* Fills in the reply, which is to be finished. */
void replies_parse(const char *json, redisReply *ret_reply);
void replies_finish(redisReply *reply);

#endif
