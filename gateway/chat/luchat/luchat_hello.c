/*
 * luchat_hello - what a LuChat client gets that connected with hello=1; see luchat_hello.h.
 */
#include "luchat_hello.h"

#include "auth.h"
#include "batch.h"
#include "channel.h"
#include "files.h"
#include "hub.h"
#include "mem.h"
#include "session.h"
#include "text.h"
#include "text_list.h"

#include <stdlib.h>
#include <string.h>

/* A message that may have been said before. */
struct said {
    struct hub *hub;
    struct broker_waiter waiter;
    size_t length;
    char bytes[];
};

static void send_text(struct session *session, struct slice text)
{
    struct batch *batch = session_batch(session);
    batch_append_text(batch, &text, 1);
    session_send(session, batch);
    batch_unref(batch);
}

/* The types of a list as a JSON array. *new* */
static char *print_types(const char *list)
{
    char *json = mem_strdup("[");
    struct slice word;
    bool is_first = true;
    while (text_list_next(&list, &word)) {
        char *longer = mem_printf("%s%s\"%.*s\"", json, is_first ? "" : ",", (int)word.length,
                                  (const char *)word.bytes);
        free(json);
        json = longer;
        is_first = false;
    }
    char *whole = mem_printf("%s]", json);
    free(json);
    return whole;
}

/* What may be sent to /files; null: nothing. *new* */
static char *print_files(const struct hub *hub)
{
    const struct files_options *limits = files_limits(hub);
    if (!limits)
        return mem_strdup("null");
    char *types = print_types(limits->types);
    char *json = mem_printf("{\"max_bytes\":%zu,\"types\":%s}", limits->max_bytes, types);
    free(types);
    return json;
}

void luchat_hello_send(struct subscription *subscription, const char *user,
                       const struct batch *history)
{
    struct session *session = subscription->session;
    char *node = text_to_json(session_hub(session)->options->node);
    char *channel = text_to_json(channel_name(subscription->channel));
    char *name = user ? text_to_json(user) : mem_strdup("null");
    char *files = print_files(session_hub(session));
    bool is_guest = !user && session_hub(session)->options->token_keys;
    char *frame = mem_printf("{\"hello\":{\"node\":%s,\"channel\":%s,\"user\":%s,"
                             "\"history\":%u,\"files\":%s%s}}",
                             node, channel, name, history ? batch_message_count(history) : 0,
                             files, is_guest ? ",\"guest\":\"" AUTH_GUEST_PREFIX "\"" : "");
    send_text(session, slice_of(frame));
    free(frame);
    free(files);
    free(name);
    free(channel);
    free(node);
}

static void on_said(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct said *said = owner;
    struct session *session = session_find(said->hub, tag);
    if (session && reply->status == BROKER_OK && reply->is_duplicate)
        send_text(session, (struct slice){said->bytes, said->length});
    said->waiter.on_reply(said->waiter.owner, said->waiter.tag, reply);
    free(said);
}

void luchat_hello_publish(struct session *session, const char *channel,
                          const struct broker_message *message, struct broker_waiter waiter)
{
    struct hub *hub = session_hub(session);
    struct slice payload = message->payload;
    struct said *said = mem_alloc(sizeof(*said) + payload.length);
    said->hub = hub;
    said->waiter = waiter;
    said->length = payload.length;
    memcpy(said->bytes, payload.bytes, payload.length);
    broker_publish(hub->broker, channel, message,
                   (struct broker_waiter){on_said, said, session_id(session)});
}
