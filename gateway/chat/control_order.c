/*
 * control_order - an order about a user's connections, and its form on the wire; see
 * control_order.h.
 */
#include "control_order.h"

#include <jansson.h>

static const char *const kinds[] = {
    [CONTROL_DISCONNECT] = "disconnect",
    [CONTROL_UNSUBSCRIBE] = "unsubscribe",
    [CONTROL_SUBSCRIBE] = "subscribe",
    [CONTROL_REFRESH] = "refresh",
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

char *control_order_print(const struct control_order *order)
{
    json_t *root = json_pack(
        "{s:{ss,ss,ss,sO*,si,ss,sO*,sb,sI}}", kinds[order->kind], "user", order->user, "client",
        order->client, "channel", order->channel, "whitelist", (json_t *)order->whitelist,
        "code", order->code, "reason", order->reason, "position", (json_t *)order->position,
        "expired", order->is_expired, "expires_at", (json_int_t)order->expires_at_s);
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
    ret_order->position = json_object_get(content, "position");
    ret_order->is_expired = is_expired != 0;
    ret_order->expires_at_s = expires_at_s;
    return true;
}
