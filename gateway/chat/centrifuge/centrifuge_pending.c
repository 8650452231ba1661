/*
 * centrifuge_pending - commands of the Centrifuge protocol that wait for the broker; see
 * centrifuge_pending.h.
 */
#include "centrifuge_pending.h"

#include "centrifuge_codec.h"
#include "centrifuge_session.h"
#include "hub.h"
#include "mem.h"
#include "quota.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

static enum centrifuge_error error_of(enum broker_status status)
{
    return status == BROKER_REFUSED ? CENTRIFUGE_NOT_AVAILABLE : CENTRIFUGE_INTERNAL;
}

static void note_answer(struct session *session, const struct centrifuge_pending *pending,
                        const struct broker_reply *reply, const char *result)
{
    size_t bytes = result ? strlen(result) : 0;
    if (pending->is_long) /* who is gone does not tell how long it was */
        quota_reply_came(pending->hub, pending->expected, session ? bytes : pending->expected);
    if (session && pending->is_long)
        quota_end_reply(session, bytes, reply->publication_count + reply->member_count);
    else if (session)
        quota_end(session);
}

/* owner is the struct centrifuge_pending: it ends here. */
static void on_answer(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct centrifuge_pending *pending = owner;
    struct session *session = session_find(pending->hub, tag);
    char *result = NULL;
    if (session && reply->status == BROKER_OK && !reply->is_conflict)
        result = pending->print(pending, reply);
    note_answer(session, pending, reply, result);
    if (result)
        centrifuge_send_reply(session, pending->command_id, pending->method, result);
    else if (session && reply->is_conflict)
        centrifuge_send_error(session, pending->command_id, CENTRIFUGE_KEY_CONFLICT);
    else if (session)
        centrifuge_send_error(session, pending->command_id,
                              reply->status == BROKER_OK ? CENTRIFUGE_UNRECOVERABLE_POSITION
                                                         : error_of(reply->status));
    free(result);
    free(pending->epoch);
    free(pending);
}

bool centrifuge_has_long_answer(const char *method)
{
    return strcmp(method, "history") == 0 || strcmp(method, "presence") == 0;
}

struct broker_waiter centrifuge_wait_for(struct session *session,
                                         const struct centrifuge_command *command,
                                         const char *method, centrifuge_print_fn print)
{
    struct centrifuge_pending *pending = mem_zalloc(sizeof(*pending));
    pending->hub = session_hub(session);
    pending->command_id = command->id;
    pending->method = method;
    pending->print = print;
    pending->is_long = centrifuge_has_long_answer(command->method);
    if (pending->is_long)
        pending->expected = quota_begin_reply(session);
    else
        quota_begin(session);
    return (struct broker_waiter){on_answer, pending, session_id(session)};
}
