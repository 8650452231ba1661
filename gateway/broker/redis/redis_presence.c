/*
 * redis_presence - members of channels in Redis; see redis_presence.h.
 *
 * The lease's set is written before the members are, and cleared after: whatever the moment a
 * node dies, its set names at least what it left behind.
 *
 *   redis_presence_leave -> say_leave -> leave.lua
 *     nobody is in a grace   -> the entry is removed
 *     somebody is            -> departures_add: the entry is removed when it is over
 *     no answer              -> unsaid, until redis_presence_retry
 *     refused                -> nothing was done: said again a little later, a few times
 */
#include "redis_presence.h"

#include "channel_call.h"
#include "clock.h"
#include "json_out.h"
#include "keys.h"
#include "log.h"
#include "mem.h"
#include "node_lease.h"
#include "redis_departure.h"
#include "redis_log.h"
#include "redis_store.h"
#include "text.h"

#include <hiredis/hiredis.h>
#include <utlist.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOIN_LATE = -2, /* of join.lua */
    REFUSED_AGAIN_MS = 1000,
    REFUSALS_MAX = 60, /* then it is left to whoever cleans up after the lease */
};

struct redis_presence {
    struct redis_store *store;
    struct node_lease *lease;
    struct departures *departures;
    struct departure *unsaid;    /* for want of an answer: until the link has been away */
    struct departure *held_back; /* for want of room: a leave that waits is small */
    struct departure *refused;   /* by Redis, for what is wrong there */
    int64_t refused_due_ms;      /* when they are said again */
};

static const struct broker_policy *policy_of(const struct redis_presence *presence,
                                             const char *channel)
{
    return redis_store_policy(presence->store, channel);
}

static void name_keys(const struct channel_keys *keys, struct redis_call *call)
{
    redis_call_key(call, keys->members);
    redis_call_key(call, keys->users);
    redis_call_key(call, keys->meta);
    redis_call_key(call, keys->leaving);
    redis_call_key(call, keys->grace);
}

/* ------------------------------------------------------------------------------- join */

struct join_call {
    const struct redis_presence *presence;
    char *client;
    char *channel;
    struct broker_waiter waiter;
};

static void answer_join(struct join_call *call, enum broker_status status)
{
    struct broker_reply reply = {.status = status, .channel = call->channel};
    if (call->waiter.on_reply)
        call->waiter.on_reply(call->waiter.owner, call->waiter.tag, &reply);
    free(call->client);
    free(call->channel);
    free(call);
}

/* Too late for the lease: it is as if Redis had not been reached. */
static void on_joined(void *context, enum broker_status status, const redisReply *reply)
{
    struct join_call *call = context;
    bool is_late = status == BROKER_OK && reply->integer == JOIN_LATE;
    if (is_late)
        node_lease_remove_entry(call->presence->lease, call->client, call->channel);
    answer_join(call, is_late ? BROKER_UNAVAILABLE : status);
}

/* generation first and user, info last: the scripts rely on it. */
static char *member_json(const struct redis_presence *presence,
                         const struct broker_member *member, int64_t since_ms)
{
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_member_int(&out, "generation", node_lease_generation(presence->lease));
    json_out_member_text(&out, "node", node_lease_node(presence->lease));
    json_out_member_int(&out, "since", since_ms);
    json_out_member_text(&out, "user", member->user);
    json_out_member_raw(&out, "info", slice_of(member->info));
    json_out_close_object(&out);
    return json_out_finish(&out);
}

static void call_join(const struct redis_presence *presence, const char *channel,
                      const struct broker_member *member, const char *mode,
                      struct join_call *context)
{
    const struct broker_policy *policy = policy_of(presence, channel);
    int64_t since_ms = node_lease_redis_time(presence->lease, member->joined_ms);
    char *json = member_json(presence, member, since_ms);
    struct redis_call call = {.count = 0};
    struct channel_keys keys;
    channel_keys_init(&keys, redis_store_prefix(presence->store), channel);
    name_keys(&keys, &call);
    redis_call_text(&call, member->client);
    redis_call_text(&call, member->user);
    redis_call_text(&call, json);
    redis_call_number(&call, node_lease_generation(presence->lease));
    redis_call_text(&call, keys.pubsub);
    redis_call_text(&call, member->info);
    redis_call_number(&call, policy->is_each_connection_told);
    redis_call_number(&call, redis_log_meta_ttl_ms(policy));
    redis_call_text(&call, mode);
    redis_call_number(&call, since_ms);
    redis_call_number(&call, node_lease_end_ms(presence->lease));
    redis_store_script(presence->store, SCRIPT_JOIN, &call, context ? on_joined : NULL,
                       context);
    channel_keys_finish(&keys);
    free(json);
}

/* A client that is back before its refused leave was said again has not left. */
static void forget_refused(struct redis_presence *presence, const char *channel,
                           const char *client)
{
    struct departure *departure;
    struct departure *next;
    DL_FOREACH_SAFE(presence->refused, departure, next)
    {
        if (strcmp(departure->client, client) != 0 || strcmp(departure->channel, channel) != 0)
            continue;
        DL_DELETE(presence->refused, departure);
        departure_destroy(departure);
    }
}

/* From a lease that is over, others may have cleaned up already: nothing is put in its name.
 * Nor does a join overtake a leave that is still to be said. */
void redis_presence_join(struct redis_presence *presence, const char *channel,
                         const struct broker_member *member, bool is_put_back,
                         struct broker_waiter waiter)
{
    struct join_call *call = mem_alloc(sizeof(*call));
    *call =
        (struct join_call){presence, mem_strdup(member->client), mem_strdup(channel), waiter};
    if (presence->unsaid || presence->held_back || !node_lease_is_held(presence->lease)) {
        redis_store_answer_later(presence->store, on_joined, call);
        return;
    }
    forget_refused(presence, channel, member->client);
    node_lease_add_entry(presence->lease, member->client, channel);
    call_join(presence, channel, member, is_put_back ? "rejoin" : "join", call);
}

static void on_checked(void *context, enum broker_status status, const redisReply *reply)
{
    channel_call_answer(context, &(struct broker_reply){
                                     .status = status,
                                     .is_taken = status == BROKER_OK && reply->integer == 1,
                                 });
}

void redis_presence_check(const struct redis_presence *presence, const char *channel,
                          const struct broker_member *member, struct broker_waiter waiter)
{
    struct redis_call call = {.count = 0};
    struct channel_keys keys;
    channel_keys_init(&keys, redis_store_prefix(presence->store), channel);
    name_keys(&keys, &call);
    redis_call_text(&call, member->client);
    redis_call_number(&call, redis_log_meta_ttl_ms(policy_of(presence, channel)));
    redis_store_script(presence->store, SCRIPT_MEMBERS_CHECK, &call, on_checked,
                       channel_call_create(channel, waiter));
    channel_keys_finish(&keys);
}

/* ------------------------------------------------------------------------------ leave */

void redis_presence_remove(const struct redis_presence *presence,
                           const struct redis_remains *remains, redis_reply_fn on_done,
                           void *context)
{
    assert(remains->client_count >= 1 && remains->client_count <= REDIS_REMAINS_MAX);
    const struct broker_policy *policy = policy_of(presence, remains->channel);
    struct redis_call call = {.count = 0};
    struct channel_keys keys;
    channel_keys_init(&keys, redis_store_prefix(presence->store), remains->channel);
    name_keys(&keys, &call);
    redis_call_text(&call, keys.pubsub);
    redis_call_number(&call, policy->is_each_connection_told);
    redis_call_number(&call, policy->presence_grace_ms);
    redis_call_number(&call, redis_log_meta_ttl_ms(policy));
    if (remains->generation == 0)
        redis_call_text(&call, "");
    else
        redis_call_number(&call, remains->generation);
    redis_call_number(&call, remains->began_ms);
    for (size_t i = 0; i < remains->client_count; i++)
        redis_call_text(&call, remains->clients[i]);
    redis_store_script(presence->store, SCRIPT_LEAVE, &call, on_done, context);
    channel_keys_finish(&keys);
}

static bool may_begin_grace(const struct redis_presence *presence,
                            const struct departure *departure)
{
    const struct broker_policy *policy = policy_of(presence, departure->channel);
    return policy->presence_grace_ms > 0 && !policy->is_each_connection_told &&
           departure->user[0] != '\0';
}

/* Others go on meanwhile: what is wrong may be one channel's keys. */
static void keep_refused(struct redis_presence *presence, struct departure *departure,
                         const char *why)
{
    if (++departure->refusals < REFUSALS_MAX) {
        if (!presence->refused)
            presence->refused_due_ms = clock_now_ms() + REFUSED_AGAIN_MS;
        DL_APPEND(presence->refused, departure);
        return;
    }
    log_event(leave_given_up, kv_str("channel", departure->channel), kv_str("err", why));
    node_lease_add_entry(presence->lease, departure->client, departure->channel);
    departure_destroy(departure);
}

/* The member may still be there. Without an answer it is said again when the link has been
 * away. */
static void keep_failed(struct redis_presence *presence, struct departure *departure,
                        const redisReply *refusal)
{
    if (may_begin_grace(presence, departure))
        departures_end(presence->departures, departure->channel);
    if (refusal)
        keep_refused(presence, departure, refusal->str);
    else
        DL_APPEND(presence->unsaid, departure);
}

static void on_left(void *context, enum broker_status status, const redisReply *reply)
{
    struct departure *departure = context;
    struct redis_presence *presence = departure->owner;
    if (status != BROKER_OK) {
        keep_failed(presence, departure, status == BROKER_REFUSED ? reply : NULL);
        return;
    }
    bool has_grace = may_begin_grace(presence, departure);
    if (has_grace && reply->integer > 0) {
        departures_wait(presence->departures, departure->channel, departure,
                        policy_of(presence, departure->channel)->presence_grace_ms);
        return;
    }
    if (has_grace)
        departures_end(presence->departures, departure->channel);
    departure_destroy(departure);
}

/* The entry goes right behind the leave, not when that is answered: by then the same
 * connection may have joined again, and put its entry anew. */
static void say_leave(struct redis_presence *presence, struct departure *departure)
{
    const char *client = departure->client;
    departure->owner = presence;
    if (may_begin_grace(presence, departure))
        departures_begin(presence->departures, departure->channel);
    redis_presence_remove(presence,
                          &(struct redis_remains){.channel = departure->channel,
                                                  .clients = &client,
                                                  .client_count = 1},
                          on_left, departure);
    node_lease_remove_entry(presence->lease, departure->client, departure->channel);
}

void redis_presence_leave(struct redis_presence *presence, const char *channel,
                          const struct broker_member *member)
{
    struct departure *departure = departure_create(channel, member);
    if (presence->held_back || !redis_store_has_room(presence->store))
        DL_APPEND(presence->held_back, departure);
    else
        say_leave(presence, departure);
}

static void say_refused_again(struct redis_presence *presence)
{
    if (!presence->refused || clock_now_ms() < presence->refused_due_ms)
        return;
    DL_CONCAT(presence->held_back, presence->refused);
    presence->refused = NULL;
}

void redis_presence_turn(struct redis_presence *presence)
{
    say_refused_again(presence);
    while (presence->held_back && redis_store_has_room(presence->store)) {
        struct departure *departure = presence->held_back;
        DL_DELETE(presence->held_back, departure);
        say_leave(presence, departure);
    }
}

void redis_presence_adopt(struct redis_presence *presence, const char *channel)
{
    departures_begin(presence->departures, channel);
    departures_wait(presence->departures, channel, /* departure= */ NULL, /* delay_ms= */ 0);
}

/* -------------------------------------------------------------------------- once more */

/* If the store has lost the member, it is put back first: its leave is still to be told. If
 * others have told it already, nothing is left to say. */
static void say_again(struct redis_presence *presence, struct departure *departure)
{
    const struct broker_member member = {.client = departure->client,
                                         .user = departure->user,
                                         .info = departure->info,
                                         .joined_ms = departure->joined_ms};
    node_lease_add_entry(presence->lease, departure->client, departure->channel);
    call_join(presence, departure->channel, &member, "restore", NULL);
    say_leave(presence, departure);
}

static void say_all_again(struct redis_presence *presence, struct departure *all)
{
    struct departure *departure;
    struct departure *next;
    DL_FOREACH_SAFE(all, departure, next)
    say_again(presence, departure);
}

void redis_presence_retry(struct redis_presence *presence)
{
    struct departure *unsaid = presence->unsaid;
    DL_CONCAT(unsaid, presence->held_back);
    DL_CONCAT(unsaid, presence->refused);
    presence->unsaid = NULL;
    presence->held_back = NULL;
    presence->refused = NULL;
    say_all_again(presence, unsaid);
}

void redis_presence_move(struct redis_presence *presence)
{
    say_all_again(presence, departures_move(presence->departures));
    redis_presence_retry(presence);
}

/* ------------------------------------------------------------------------------- life */

struct redis_presence *redis_presence_create(struct loop *loop, struct redis_store *store,
                                             struct node_lease *lease)
{
    struct redis_presence *presence = mem_zalloc(sizeof(*presence));
    presence->store = store;
    presence->lease = lease;
    presence->departures = departures_create(loop, store, lease);
    return presence;
}

void redis_presence_destroy(struct redis_presence *presence)
{
    struct departure *departure;
    struct departure *next;
    if (!presence)
        return;
    DL_CONCAT(presence->unsaid, presence->held_back);
    DL_CONCAT(presence->unsaid, presence->refused);
    DL_FOREACH_SAFE(presence->unsaid, departure, next)
    departure_destroy(departure);
    departures_destroy(presence->departures);
    free(presence);
}
