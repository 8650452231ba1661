/*
 * ctl_doctor_keys - checks of what a channel keeps, and of lifetimes; see ctl_doctor.h.
 */
#include "ctl_doctor.h"

#include "ctl_findings.h"
#include "ctl_store.h"
#include "keys.h"

#include <stdbool.h>
#include <stdlib.h>

/* What PTTL says of a key that never goes; of one that is not there it says -2. */
enum { TTL_NONE = -1, TTL_NO_KEY = -2 };

void check_ttl(const struct doctor *doctor, const char *key, struct findings *findings)
{
    redisReply *ttl = store_ask(doctor->store, "PTTL %s", key);
    if (reply_number(ttl) == TTL_NONE)
        findings_add(findings, "key_without_ttl", key, 0, "it has no TTL: it stays for ever");
    freeReplyObject(ttl);
}

void check_meta(const struct doctor *doctor, const char *channel, struct findings *findings)
{
    char *meta = key_of_channel(doctor->prefix, channel, "meta");
    redisReply *ttl = store_ask(doctor->store, "PTTL %s", meta);
    if (reply_number(ttl) == TTL_NONE)
        findings_add(findings, "meta_without_ttl", meta, 0,
                     "it has no TTL: the channel is never forgotten");
    freeReplyObject(ttl);
    free(meta);
}

static bool is_missing(const redisReply *fields, size_t number)
{
    return fields->type == REDIS_REPLY_ARRAY &&
           fields->element[number]->type == REDIS_REPLY_NIL;
}

/* entries: the newest one, if there is any. */
static int64_t newest_offset(const redisReply *entries)
{
    if (entries->type != REDIS_REPLY_ARRAY || entries->elements == 0 ||
        entries->element[0]->type != REDIS_REPLY_ARRAY || entries->element[0]->elements == 0)
        return 0;
    return strtoll(reply_text(entries->element[0]->element[0]), NULL, 10);
}

void check_log(const struct doctor *doctor, const char *channel, struct findings *findings)
{
    char *log = key_of_channel(doctor->prefix, channel, "log");
    char *meta = key_of_channel(doctor->prefix, channel, "meta");
    store_begin(doctor->store);
    store_send(doctor->store, "PTTL %s", log);
    store_send(doctor->store, "HMGET %s epoch offset", meta);
    store_send(doctor->store, "XREVRANGE %s + - COUNT 1", log);
    redisReply *looked = store_end(doctor->store, 3);
    const redisReply *place = looked->element[1];
    int64_t ttl = reply_number(looked->element[0]);
    int64_t newest = newest_offset(looked->element[2]);
    if (looked->element[2]->type == REDIS_REPLY_ERROR)
        findings_add(findings, "wrong_type", log, 0, "it is not a stream");
    else if (ttl == TTL_NONE)
        findings_add(findings, "log_without_ttl", log, 0, "it has no TTL: it stays for ever");
    if (place->type == REDIS_REPLY_ERROR)
        findings_add(findings, "wrong_type", meta, 0, "it is not a hash");
    else if (ttl != TTL_NO_KEY && is_missing(place, 0))
        findings_add(findings, "log_without_meta", log, 0,
                     "%s has no epoch: nobody can recover from this log", meta);
    else if (newest > 0 && reply_number(place->element[1]) < newest)
        findings_add(findings, "log_beyond_meta", log, 0,
                     "it goes up to %lld, but %s says %lld is the last", (long long)newest,
                     meta, (long long)reply_number(place->element[1]));
    freeReplyObject(looked);
    free(log);
    free(meta);
}
