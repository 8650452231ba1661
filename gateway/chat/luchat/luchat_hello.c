/*
 * luchat_hello - what a LuChat client gets that connected with hello=1; see luchat_hello.h.
 */
#include "luchat_hello.h"

#include "auth.h"
#include "batch.h"
#include "channel.h"
#include "files.h"
#include "hub.h"
#include "json_out.h"
#include "luchat_session.h"
#include "mem.h"
#include "namespaces.h"
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

static void write_types(struct json_out *out, const char *list)
{
    struct slice word;
    json_out_open_array(out);
    while (text_list_next(&list, &word)) {
        char *type = mem_strndup(word.bytes, word.length);
        json_out_text(out, type);
        free(type);
    }
    json_out_close_array(out);
}

/* What may be sent to /files; null: nothing. */
static void write_files(struct json_out *out, const struct hub *hub)
{
    const struct files_options *limits = files_limits(hub);
    if (!limits) {
        json_out_text(out, NULL);
        return;
    }
    json_out_open_object(out);
    json_out_member_uint(out, "max_bytes", limits->max_bytes);
    json_out_key(out, "types");
    write_types(out, limits->types);
    json_out_close_object(out);
}

void luchat_hello_send(struct subscription *subscription, const struct luchat_session *state,
                       const struct batch *history)
{
    struct session *session = subscription->session;
    const struct hub *hub = session_hub(session);
    struct json_out out = {.bytes = NULL};
    json_out_open_object(&out);
    json_out_key(&out, "hello");
    json_out_open_object(&out);
    json_out_member_text(&out, "node", hub->options->node);
    json_out_member_text(&out, "channel", channel_name(subscription->channel));
    json_out_member_text(&out, "user", state->user);
    json_out_member_uint(&out, "history", history ? batch_message_count(history) : 0);
    json_out_member_uint(&out, "history_size",
                         channel_options(subscription->channel)->policy.history_size);
    if (state->has_missed)
        json_out_member_bool(&out, "missed", true);
    json_out_key(&out, "files");
    write_files(&out, hub);
    if (!state->user && hub->options->token_keys)
        json_out_member_text(&out, "guest", AUTH_GUEST_PREFIX);
    json_out_close_object(&out);
    json_out_close_object(&out);
    char *frame = json_out_finish(&out);
    send_text(session, slice_of(frame));
    free(frame);
}

void luchat_hello_state(struct session *session, bool is_degraded)
{
    send_text(session, slice_of(is_degraded ? "{\"service\":{\"state\":\"degraded\"}}"
                                            : "{\"service\":{\"state\":\"restored\"}}"));
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
