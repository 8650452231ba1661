/*
 * api_orders - what the server API does to connections: disconnect, subscribe, unsubscribe,
 * refresh; see api_job.h. It reads an order; control.h carries it to every node.
 */
#include "api_params.h"
#include "centrifuge_codec.h"
#include "control.h"
#include "log_position.h"
#include "token.h"

#include <string.h>

static void send_order(struct api_job *job, const struct control_order *order)
{
    control_send(job->hub, order, api_job_wait(job, api_print_nothing));
}

/* Whom it is about: a user, one connection, or one connection if it is the user's. A session
 * is a connection by its other name. */
static bool read_target(struct api_job *job, const struct api_request *request,
                        struct control_order *ret_order)
{
    const char *session;
    if (!api_read_text(job, request, "user", &ret_order->user) ||
        !api_read_text(job, request, "client", &ret_order->client) ||
        !api_read_text(job, request, "session", &session))
        return false;
    if (session[0] && ret_order->client[0] && strcmp(session, ret_order->client) != 0) {
        api_job_refuse(job, "client and session are two different connections");
        return false;
    }
    if (session[0])
        ret_order->client = session;
    if (ret_order->user[0] || ret_order->client[0])
        return true;
    api_job_refuse(job, "user, client or session is missing");
    return false;
}

/* --------------------------------------------------------------------------- disconnect */

/* {"code","reason"}, both with the defaults of a close that SDKs take for the last one. */
static bool read_close(struct api_job *job, const json_t *close,
                       struct control_order *ret_order)
{
    const json_t *code = json_object_get(close, "code");
    const json_t *reason = json_object_get(close, "reason");
    json_int_t number = json_integer_value(code);
    if (close && !json_is_object(close) && !json_is_null(close))
        api_job_refuse(job, "disconnect must be an object");
    else if (code && !json_is_integer(code))
        api_job_refuse(job, "disconnect.code must be a whole number");
    else if (number != 0 && (number < CONTROL_CODE_MIN || number > CONTROL_CODE_MAX))
        api_job_refuse(job, "disconnect.code must be %d to %d", CONTROL_CODE_MIN,
                       CONTROL_CODE_MAX);
    else if (reason && !json_is_string(reason))
        api_job_refuse(job, "disconnect.reason must be a string");
    else if (json_string_length(reason) > CONTROL_REASON_BYTES_MAX)
        api_job_refuse(job, "disconnect.reason is longer than %d bytes",
                       CONTROL_REASON_BYTES_MAX);
    else {
        ret_order->code = number == 0 ? CENTRIFUGE_FORCE_DISCONNECT : (int)number;
        ret_order->reason =
            json_string_length(reason) > 0 ? json_string_value(reason) : "force disconnect";
        return true;
    }
    return false;
}

static bool are_clients(const json_t *list)
{
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count; i++) {
        if (!json_is_string(json_array_get(list, i)))
            return false;
    }
    return !list || json_is_null(list) || json_is_array(list);
}

void api_run_disconnect(struct api_job *job, const struct api_request *request)
{
    struct control_order order = {.kind = CONTROL_DISCONNECT, .channel = ""};
    const json_t *whitelist = json_object_get(request->params, "whitelist");
    if (!read_target(job, request, &order) ||
        !read_close(job, json_object_get(request->params, "disconnect"), &order))
        return;
    order.whitelist = json_is_null(whitelist) ? NULL : whitelist;
    if (!are_clients(whitelist))
        api_job_refuse(job, "whitelist must be an array of clients");
    else
        send_order(job, &order);
}

/* ---------------------------------------------------------------- subscribe, unsubscribe */

/* From all channels only if "" says so: a name that is missing may be a slip. */
void api_run_unsubscribe(struct api_job *job, const struct api_request *request)
{
    struct control_order order = {.kind = CONTROL_UNSUBSCRIBE, .channel = "", .reason = ""};
    const json_t *channel = json_object_get(request->params, "channel");
    bool is_all = json_is_string(channel) && json_string_length(channel) == 0;
    if (!read_target(job, request, &order))
        return;
    if (is_all || api_read_channel(job, request, &order.channel))
        send_order(job, &order);
}

void api_run_subscribe(struct api_job *job, const struct api_request *request)
{
    static const char *const unsupported[] = {"info",     "b64info",   "data", "b64data",
                                              "override", "expire_at", NULL};
    struct control_order order = {.kind = CONTROL_SUBSCRIBE, .reason = ""};
    const json_t *position = json_object_get(request->params, "recover_since");
    if (!read_target(job, request, &order) || !api_read_channel(job, request, &order.channel) ||
        !api_has_none_of(job, request, unsupported))
        return;
    if (!api_check_place(job, "recover_since", position))
        return;
    order.has_position = log_position_read(position, &order.position);
    send_order(job, &order);
}

/* ------------------------------------------------------------------------------ refresh */

void api_run_refresh(struct api_job *job, const struct api_request *request)
{
    static const char *const unsupported[] = {"info", NULL};
    struct control_order order = {.kind = CONTROL_REFRESH, .channel = "", .reason = ""};
    const json_t *expires_at = json_object_get(request->params, "expire_at");
    if (!read_target(job, request, &order) || !api_has_none_of(job, request, unsupported) ||
        !api_read_flag(job, request, "expired", &order.is_expired))
        return;
    order.expires_at_s = json_integer_value(expires_at);
    if (expires_at && !json_is_integer(expires_at) && !json_is_null(expires_at))
        api_job_refuse(job, "expire_at must be a whole number");
    else if (order.expires_at_s < 0 || order.expires_at_s > TOKEN_TIME_MAX_S)
        api_job_refuse(job, "expire_at is not a time in seconds since 1970");
    else
        send_order(job, &order);
}
