/*
 * control_order - an order about a user's connections, and its form on the wire; see
 * control_order.h.
 */
#include "control_order.h"

#include "log_position.h"
#include "names.h"
#include "token.h"

#include <jansson.h>

#include <assert.h>
#include <string.h>

static const char *const kinds[] = {
    [CONTROL_DISCONNECT] = "disconnect",
    [CONTROL_UNSUBSCRIBE] = "unsubscribe",
    [CONTROL_SUBSCRIBE] = "subscribe",
    [CONTROL_REFRESH] = "refresh",
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };
static_assert(KIND_COUNT == CONTROL_REFRESH + 1, "each kind has a name");

static json_t *print_position(const struct broker_position *position)
{
    return json_pack("{sI,ss}", "offset", (json_int_t)position->offset, "epoch",
                     position->epoch);
}

char *control_order_print(const struct control_order *order)
{
    json_t *position = order->has_position ? print_position(&order->position) : NULL;
    json_t *root = json_pack("{s:{ss,ss,ss,sO*,si,ss,so*,sb,sI}}", kinds[order->kind], "user",
                             order->user, "client", order->client, "channel", order->channel,
                             "whitelist", (json_t *)order->whitelist, "code", order->code,
                             "reason", order->reason, "position", position, "expired",
                             order->is_expired, "expires_at", (json_int_t)order->expires_at_s);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

static bool read_kind(const json_t *root, struct control_order *ret_order, json_t **ret_content)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        json_t *content = json_object_get(root, kinds[kind]);
        if (!content)
            continue;
        ret_order->kind = (enum control_kind)kind;
        *ret_content = content;
        return true;
    }
    return false;
}

static bool are_texts(const json_t *list)
{
    size_t count = json_array_size(list);
    size_t i = 0;
    while (i < count && json_is_string(json_array_get(list, i)))
        i++;
    return !list || (json_is_array(list) && i == count);
}

static bool is_channel(const struct control_order *order)
{
    bool is_wanted = order->kind == CONTROL_SUBSCRIBE || order->kind == CONTROL_UNSUBSCRIBE;
    bool may_be_all = order->kind == CONTROL_UNSUBSCRIBE && order->channel[0] == '\0';
    return !is_wanted || may_be_all || names_is_channel(order->channel);
}

static bool is_close(const struct control_order *order)
{
    size_t length = strlen(order->reason);
    return order->kind != CONTROL_DISCONNECT ||
           (order->code >= CONTROL_CODE_MIN && order->code <= CONTROL_CODE_MAX && length > 0 &&
            length <= CONTROL_REASON_BYTES_MAX);
}

static bool read_position(const json_t *root, struct control_order *order)
{
    if (!root)
        return true;
    order->has_position = true;
    return log_position_read(root, &order->position);
}

/* Whatever comes from Redis may be another version's, or made by hand. */
static bool is_sound(const struct control_order *order)
{
    bool is_about_somebody = order->user[0] != '\0' || order->client[0] != '\0';
    return is_about_somebody && is_channel(order) && is_close(order) &&
           are_texts(order->whitelist) && order->expires_at_s >= 0 &&
           order->expires_at_s <= TOKEN_TIME_MAX_S;
}

bool control_order_read(json_t *root, struct control_order *ret_order)
{
    json_t *content = NULL;
    int is_expired = 0;
    json_int_t expires_at_s = 0;
    if (!read_kind(root, ret_order, &content) ||
        json_unpack(content, "{s:s,s:s,s:s,s:i,s:s,s:b,s:I}", "user", &ret_order->user,
                    "client", &ret_order->client, "channel", &ret_order->channel, "code",
                    &ret_order->code, "reason", &ret_order->reason, "expired", &is_expired,
                    "expires_at", &expires_at_s) != 0)
        return false;
    ret_order->whitelist = json_object_get(content, "whitelist");
    ret_order->is_expired = is_expired != 0;
    ret_order->expires_at_s = expires_at_s;
    return read_position(json_object_get(content, "position"), ret_order) &&
           is_sound(ret_order);
}
