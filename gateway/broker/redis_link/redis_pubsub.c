/*
 * redis_pubsub - the subscriptions of a redis_link; see redis_link.h.
 *
 * A subscriber speaks RESP3, where what comes unasked is marked as such. SUBSCRIBE is written
 * past hiredis's own table of subscriptions (redisAppendFormattedCommand), and all pushes come
 * to link_on_push (see REDIS_PUSH_MARK): that table is hashed without a key, and strangers'
 * names in it could stop a node.
 */
#include "redis_link_body.h"
#include "redis_reply.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include <string.h>

void link_on_push(redisAsyncContext *connection, void *reply)
{
    struct redis_link *link = connection->data;
    struct redis_push push;
    if (link->is_broken)
        return;
    if (!redis_push_read(reply, &push) ||
        (push.kind == REDIS_PUSH_SUBSCRIBED && link->subscribing == 0)) {
        link_on_garbled(link, "SUBSCRIBE");
        return;
    }
    if (push.kind == REDIS_PUSH_MESSAGE) {
        link->options.on_message(link->options.context, push.channel, push.message.bytes,
                                 push.message.length);
    } else if (push.kind == REDIS_PUSH_SUBSCRIBED) {
        link->subscribing--;
        link->options.on_subscribed(link->options.context, push.channel);
    }
}

/* False: there is no connection for it. */
static bool pubsub_command(struct redis_link *link, const char *verb, const char *channel)
{
    const char *parts[] = {verb, channel};
    size_t lengths[] = {strlen(verb), strlen(channel)};
    if (link->state != LINK_UP || link->is_broken)
        return false;
    redis_command_print(&link->command, 2, parts, lengths);
    if (redisAppendFormattedCommand(&link->connection->c, link->command.bytes,
                                    link->command.length) != REDIS_OK)
        return false;
    link->has_unwritten = true;
    return true;
}

void redis_link_subscribe(struct redis_link *link, const char *channel)
{
    link->subscribing += pubsub_command(link, "SUBSCRIBE", channel);
}

void redis_link_unsubscribe(struct redis_link *link, const char *channel)
{
    (void)pubsub_command(link, "UNSUBSCRIBE", channel);
}

size_t redis_link_subscribing(const struct redis_link *link)
{
    return link->subscribing;
}
