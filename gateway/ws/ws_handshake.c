/*
 * ws_handshake - may this request become a WebSocket?; see ws_handshake.h.
 */
#include "ws_handshake.h"

#include "text_list.h"
#include "ws_server.h"

#include <libwebsockets.h>

#include <string.h>
#include <strings.h>

enum {
    HEADER_BYTES = 1024,
    ARGUMENT_BYTES = 8192,      /* no shorter than all headers together may be */
    KEY_LENGTH = 24,            /* base64 of 16 octets */
    EXTENSIONS_BYTES_MAX = 256, /* libwebsockets 4.3 copies them over its own answer at 400 */
};

static const struct handshake_refusal refusals[] = {
#define WRONG_PATH (&refusals[0])
    {404, NULL, "no WebSocket here"},
#define WRONG_METHOD (&refusals[1])
    {405, "Allow: GET", "a WebSocket handshake is a GET"},
#define WRONG_HTTP (&refusals[2])
    {400, NULL, "a WebSocket handshake needs HTTP/1.1"},
#define NO_UPGRADE (&refusals[3])
    {400, NULL, "the Connection header does not say Upgrade"},
#define WRONG_VERSION (&refusals[4])
    {426, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version must be 13"},
#define WRONG_KEY (&refusals[5])
    {400, NULL, "Sec-WebSocket-Key is missing or not 16 octets in base64"},
#define NO_HOST (&refusals[6])
    {400, NULL, "the Host header is missing"},
#define WRONG_ORIGIN (&refusals[7])
    {403, NULL, "this origin is not allowed; see allowed-origins"},
#define UNKNOWN_SUBPROTOCOL (&refusals[8])
    {400, NULL, "no such Sec-WebSocket-Protocol here"},
#define WRONG_CHANNEL (&refusals[9])
    {400, NULL,
     "channel must be 1 to 128 bytes of UTF-8 without control characters, spaces, "
     "{ and }"},
#define FULL (&refusals[10])
    {503, "Retry-After: 5", "no room for another connection"},
#define DRAINING (&refusals[11])
    {503, "Retry-After: 1", "this node is shutting down"},
#define LONG_EXTENSIONS (&refusals[12])
    {431, NULL, "Sec-WebSocket-Extensions is longer than 256 bytes"},
#define BINARY_FORM (&refusals[13])
    {400, NULL, "the binary (protobuf) form is not spoken here: use the JSON form"},
};

const struct handshake_refusal ws_handshake_too_fast = {
    503, "Retry-After: 1", "more handshakes in a second than this node works at"};
const struct handshake_refusal ws_handshake_too_many = {
    429, "Retry-After: 10", "too many connections from this address"};

static bool copy_header(struct lws *wsi, enum lws_token_indexes token, char *out, int size)
{
    out[0] = '\0';
    return lws_hdr_copy(wsi, out, size, token) > 0;
}

static bool is_header(struct lws *wsi, enum lws_token_indexes token, const char *expected)
{
    char value[HEADER_BYTES];
    return copy_header(wsi, token, value, sizeof(value)) && strcasecmp(value, expected) == 0;
}

static bool is_key(const char *key)
{
    static const char base64[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return strlen(key) == KEY_LENGTH && strspn(key, base64) == KEY_LENGTH - 2 &&
           strcmp(key + KEY_LENGTH - 2, "==") == 0;
}

bool ws_handshake_is_origin_allowed(const char *allowed_origins, const char *origin,
                                    const char *host)
{
    const char *origin_host = strstr(origin, "://");
    if (text_list_has(allowed_origins, "*") || text_list_has(allowed_origins, origin))
        return true;
    return origin_host && strcasecmp(origin_host + 3, host) == 0;
}

static bool is_origin_welcome(struct lws *wsi, const char *allowed_origins)
{
    char origin[HEADER_BYTES];
    char host[HEADER_BYTES];
    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) <= 0)
        return true; /* not a page: a program */
    return copy_header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof(origin)) &&
           copy_header(wsi, WSI_TOKEN_HOST, host, sizeof(host)) &&
           ws_handshake_is_origin_allowed(allowed_origins, origin, host);
}

static const struct handshake_refusal *check_protocol(struct lws *wsi)
{
    char value[HEADER_BYTES];
    if (!is_header(wsi, WSI_TOKEN_HTTP, "HTTP/1.1"))
        return WRONG_HTTP;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HOST) <= 0)
        return NO_HOST;
    if (!copy_header(wsi, WSI_TOKEN_CONNECTION, value, sizeof(value)) ||
        !text_list_has(value, "upgrade"))
        return NO_UPGRADE;
    if (!is_header(wsi, WSI_TOKEN_VERSION, "13"))
        return WRONG_VERSION;
    if (!copy_header(wsi, WSI_TOKEN_KEY, value, sizeof(value)) || !is_key(value))
        return WRONG_KEY;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_EXTENSIONS) > EXTENSIONS_BYTES_MAX)
        return LONG_EXTENSIONS;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > 0)
        return UNKNOWN_SUBPROTOCOL;
    return NULL;
}

/* The Centrifuge protocol has a binary form, too; it is asked for in one of these ways. */
static bool is_binary_form(struct lws *wsi)
{
    char value[HEADER_BYTES];
    static const char *const names[] = {"format=", "cf_protocol="};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (lws_get_urlarg_by_name_safe(wsi, names[i], value, sizeof(value)) > 0 &&
            strcmp(value, "protobuf") == 0)
            return true;
    }
    return copy_header(wsi, WSI_TOKEN_PROTOCOL, value, sizeof(value)) &&
           text_list_has(value, "centrifuge-protobuf");
}

const struct handshake_refusal *ws_handshake_check(struct lws *wsi,
                                                   const struct ws_server_options *options,
                                                   bool has_room, bool is_draining)
{
    char channel[CHANNEL_NAME_BYTES_MAX + 1];
    if (is_draining)
        return DRAINING;
    if (!has_room)
        return FULL;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) <= 0)
        return WRONG_METHOD;
    const struct dialect *dialect = ws_handshake_dialect(wsi, options);
    if (!dialect || (dialect == &dialect_luchat && !options->is_luchat_on) ||
        (dialect == &dialect_centrifuge && !options->is_centrifuge_on))
        return WRONG_PATH;
    if (is_binary_form(wsi))
        return BINARY_FORM;
    const struct handshake_refusal *refusal = check_protocol(wsi);
    if (refusal)
        return refusal;
    if (!is_origin_welcome(wsi, options->allowed_origins))
        return WRONG_ORIGIN;
    return ws_handshake_channel(wsi, channel) ? NULL : WRONG_CHANNEL;
}

const struct dialect *ws_handshake_dialect(struct lws *wsi,
                                           const struct ws_server_options *options)
{
    char path[HEADER_BYTES];
    if (options->only_dialect)
        return options->only_dialect;
    if (!copy_header(wsi, WSI_TOKEN_GET_URI, path, sizeof(path)))
        return NULL;
    if (strcmp(path, "/ws") == 0)
        return &dialect_luchat;
    return strcmp(path, "/connection/websocket") == 0 ? &dialect_centrifuge : NULL;
}

bool ws_handshake_channel(struct lws *wsi, char ret_channel[CHANNEL_NAME_BYTES_MAX + 1])
{
    char argument[ARGUMENT_BYTES];
    int length = lws_get_urlarg_by_name_safe(wsi, "channel=", argument, sizeof(argument));
    if (length < 0) {
        strcpy(ret_channel, "lobby");
        return true;
    }
    if ((size_t)length != strlen(argument) || !chat_is_channel_name(argument))
        return false;
    strcpy(ret_channel, argument);
    return true;
}

bool ws_handshake_wants_hello(struct lws *wsi)
{
    char argument[ARGUMENT_BYTES];
    return lws_get_urlarg_by_name_safe(wsi, "hello=", argument, sizeof(argument)) == 1 &&
           argument[0] == '1';
}
