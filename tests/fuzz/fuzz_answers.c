/*
 * fuzz_answers - any bytes as what Redis answers to each command of every kind, one reply
 * after the other, as far as the bytes go.
 */
#include "fuzz.h"

#include "broker.h"
#include "fake_clock.h"
#include "fake_link.h"
#include "fake_loop.h"
#include "log.h"
#include "node_lease.h"
#include "redis_census.h"
#include "redis_files.h"
#include "redis_log.h"
#include "redis_members.h"
#include "redis_presence.h"
#include "redis_reaper.h"
#include "redis_replies.h"
#include "redis_reply.h"
#include "redis_store.h"

#include <stdlib.h>
#include <string.h>

enum { LEASE_TTL_MS = 8000, STEP_MS = 100, STEPS = 25 };

struct site {
    redisReader *reader;
    struct redis_replies *replies;
    void *reply; /* the last one */
    struct redis_link *link;
    struct node_lease *lease;
    struct redis_store *store;
    struct redis_presence *presence;
    struct redis_reaper *reaper;
    size_t touched; /* so that what was answered is read */
};

static void let_go(struct site *site)
{
    if (site->reply)
        site->reader->fn->freeObject(site->reply);
    site->reply = NULL;
}

static void on_command(void *context, const struct fake_command *command, redisReply *reply)
{
    struct site *site = context;
    struct redis_push push;
    (void)command;
    let_go(site);
    if (redisReaderGetReply(site->reader, &site->reply) != REDIS_OK || !site->reply)
        return;
    if (redis_push_read(site->reply, &push) && push.channel)
        site->touched += strlen(push.channel);
    *reply = *(const redisReply *)site->reply;
}

static void touch_lists(struct site *site, const struct broker_reply *reply)
{
    for (size_t i = 0; i < reply->publication_count; i++)
        site->touched += publication_payload(reply->publications[i]).length;
    for (size_t i = 0; i < reply->member_count; i++)
        site->touched += strlen(reply->members[i].client) + strlen(reply->members[i].user) +
                         strlen(reply->members[i].info);
    for (size_t i = 0; i < reply->channel_count; i++)
        site->touched += strlen(reply->channels[i].name);
    for (size_t i = 0; i < reply->node_count; i++)
        site->touched += strlen(reply->nodes[i].name) + strlen(reply->nodes[i].version);
}

static void on_answer(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct site *site = owner;
    (void)tag;
    if (reply->epoch && strlen(reply->epoch) >= BROKER_EPOCH_BYTES)
        abort();
    uint64_t same_until;
    if (broker_same_until(reply->renames, "e1", &same_until) && same_until == UINT64_MAX)
        abort();
    if (reply->status == BROKER_OK)
        touch_lists(site, reply);
}

static const struct broker_policy *find_policy(void *context, const char *channel)
{
    static const struct broker_policy policy = {
        .history_size = 10, .history_ttl_ms = 1000, .presence_grace_ms = 200};
    (void)context;
    (void)channel;
    return &policy;
}

static void on_lease_taken(void *context)
{
    redis_presence_move(((struct site *)context)->presence);
}

static void on_lease_confirmed(void *context)
{
    redis_presence_retry(((struct site *)context)->presence);
}

static void on_lease_ended(void *context, const char *name, int64_t end_ms)
{
    redis_reaper_on_ended(((struct site *)context)->reaper, name, end_ms);
}

static void on_name_taken(void *context)
{
    (void)context;
}

static void ask_all(struct site *site, struct redis_log *log)
{
    const struct broker_waiter waiter = {on_answer, site, 0};
    const struct broker_member member = {"client", "user", "{}", 0};
    const struct broker_message message = {
        .payload = slice_of("{}"), .key = "key", .digest = "d"};
    const struct broker_file file = {
        .id = "id", .bytes = 10, .ttl_ms = 10, .bytes_of_all = 99, .owner = "a:1"};
    redis_log_publish(log, "c", &message, waiter);
    redis_log_history(log, "c", &(struct broker_range){.limit = 10}, waiter);
    redis_presence_join(site->presence, "c", &member, false, waiter);
    redis_members_read(site->store, site->lease, "c", 10, waiter);
    redis_presence_leave(site->presence, "c", &member);
    redis_files_reserve(site->store, &file, false, waiter);
    redis_files_append(site->store, &file, 0, slice_of("piece"), waiter);
    redis_files_read(site->store, "id", 0, 10, waiter);
    redis_census_channels(site->store, "*", 10, waiter);
    redis_census_nodes(site->store, waiter);
    redis_reaper_on_ended(site->reaper, "other:7", 1000);
}

static void run(struct site *site)
{
    struct node_lease_options lease_options = {.node = "node",
                                               .address = "",
                                               .ttl_ms = LEASE_TTL_MS,
                                               .renew_ms = 10 * STEP_MS,
                                               .context = site,
                                               .on_taken = on_lease_taken,
                                               .on_confirmed = on_lease_confirmed,
                                               .on_ended = on_lease_ended,
                                               .on_name_taken = on_name_taken};
    site->store = redis_store_create(&(struct redis_store_options){
        .prefix = "p", .policies = {find_policy, NULL}, .commands = site->link});
    site->lease = node_lease_create(NULL, site->store, &lease_options);
    site->presence = redis_presence_create(NULL, site->store, site->lease);
    site->reaper = redis_reaper_create(site->store, site->presence, "node", LEASE_TTL_MS);
    struct redis_log *log = redis_log_create(site->store);
    node_lease_renew_after_silence(site->lease);
    fake_link_answer_all(site->link);
    ask_all(site, log);
    for (int i = 0; i < STEPS; i++) {
        fake_link_answer_all(site->link);
        fake_loop_advance(STEP_MS);
    }
    node_lease_release(site->lease);
    redis_link_destroy(site->link);
    redis_log_destroy(log);
    redis_reaper_destroy(site->reaper);
    redis_presence_destroy(site->presence);
    node_lease_destroy(site->lease);
    redis_store_destroy(site->store);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct site site = {.replies = redis_replies_create(), .reader = redisReaderCreate()};
    log_configure(LOG_ERROR, LOG_LOGFMT);
    redis_replies_use(site.replies, site.reader, (struct redis_awaited){.reply_count = NULL});
    redisReaderFeed(site.reader, (const char *)bytes, length);
    site.link = fake_link_create(on_command, &site);
    run(&site);
    let_go(&site);
    redisReaderFree(site.reader);
    redis_replies_destroy(site.replies);
    return 0;
}
