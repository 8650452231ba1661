/*
 * ws_handshake - may this request become a WebSocket?; see ws_handshake.h.
 */
#include "ws_handshake.h"

#include "clock.h"
#include "degraded.h"
#include "http_cors.h"
#include "http_head.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "names.h"
#include "text_list.h"
#include "ws_server.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    KEY_LENGTH = 24,            /* base64 of 16 octets */
    EXTENSIONS_BYTES_MAX = 256, /* libwebsockets 4.3 copies them over its own answer at 400 */
    PARTS_MAX = 50,
    REFUSALS_EVERY_MS = 1000,   /* lines in the log */
    CONNECTION_BYTES_MAX = 100, /* it reads no more of this header */
};

static const struct handshake_refusal refusals[] = {
#define WRONG_PATH (&refusals[0])
    {404, NULL, "no WebSocket here"},
#define WRONG_METHOD (&refusals[1])
    {405, "Allow: GET", "a WebSocket handshake is a GET"},
#define WRONG_HTTP (&refusals[2])
    {400, NULL, "a WebSocket handshake needs HTTP/1.1"},
#define HAS_BODY (&refusals[3])
    {400, NULL, "a WebSocket handshake has no body"},
#define WRONG_VERSION (&refusals[4])
    {426, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version must be 13"},
#define WRONG_KEY (&refusals[5])
    {400, NULL, "Sec-WebSocket-Key is missing or not 16 octets in base64"},
#define WRONG_HOST (&refusals[6])
    {421, NULL, "this host is not one of ours; see allowed-hosts"},
#define WRONG_ORIGIN (&refusals[7])
    {403, NULL, "this origin is not allowed; see allowed-origins"},
#define UNKNOWN_SUBPROTOCOL (&refusals[8])
    {400, NULL, "no such Sec-WebSocket-Protocol here"},
#define FULL (&refusals[9])
    {503, "Retry-After: 5", "no room for another connection"},
#define DRAINING (&refusals[10])
    {503, "Retry-After: 1", "this node is shutting down"},
#define LONG_EXTENSIONS (&refusals[11])
    {431, NULL, "Sec-WebSocket-Extensions is longer than 256 bytes"},
#define BINARY_FORM (&refusals[12])
    {400, NULL, "the binary (protobuf) form is not spoken here: use the JSON form"},
#define DEGRADED (&refusals[13])
    {503, "Retry-After: 2", "this node cannot serve at the moment"},
};

const struct handshake_refusal ws_handshake_too_fast = {
    503, "Retry-After: 1", "more handshakes in a second than this node works at"};
const struct handshake_refusal ws_handshake_wrong_channel = {
    400, NULL,
    "channel must be 1 to 128 bytes of UTF-8 without control characters, spaces, { and }"};
const struct handshake_refusal ws_handshake_too_many = {
    429, "Retry-After: 10", "too many connections from this address"};

static bool is_letter(char letter)
{
    letter |= 0x20;
    return letter >= 'a' && letter <= 'z';
}

static bool is_key(const char *key)
{
    size_t length = 0;
    while (is_letter(key[length]) || (key[length] >= '0' && key[length] <= '9') ||
           key[length] == '+' || key[length] == '/')
        length++;
    return length == KEY_LENGTH - 2 && strcmp(key + length, "==") == 0;
}

static const struct handshake_refusal *check_protocol(const struct http_head *head)
{
    const char *version = http_head_find(head, "sec-websocket-version");
    const char *key = http_head_find(head, "sec-websocket-key");
    const char *extensions = http_head_find(head, "sec-websocket-extensions");
    const char *protocol = http_head_find(head, "sec-websocket-protocol");
    if (!head->is_http_1_1)
        return WRONG_HTTP;
    if (http_head_has_body(head))
        return HAS_BODY;
    if (!version || strcmp(version, "13") != 0)
        return WRONG_VERSION;
    if (!key || !is_key(key))
        return WRONG_KEY;
    if (extensions && strlen(extensions) > EXTENSIONS_BYTES_MAX)
        return LONG_EXTENSIONS;
    if (protocol && protocol[0])
        return UNKNOWN_SUBPROTOCOL;
    return NULL;
}

/* The Centrifuge protocol has a binary form, too; it is asked for in one of these ways. */
static bool is_binary_form(const struct http_head *head)
{
    static const char *const names[] = {"format", "cf_protocol"};
    bool is_asked = http_head_has_word(head, "sec-websocket-protocol", "centrifuge-protobuf");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *value = http_head_argument(head, names[i]);
        is_asked = is_asked || (value && strcmp(value, "protobuf") == 0);
        free(value);
    }
    return is_asked;
}

bool ws_handshake_is_one(const struct http_head *head, const struct ws_server_options *options)
{
    return ws_handshake_endpoint(head, options) &&
           http_head_has_word(head, "connection", "upgrade") &&
           http_head_has_word(head, "upgrade", "websocket");
}

static bool is_path_served(const struct http_head *head,
                           const struct ws_server_options *options)
{
    const struct ws_endpoint *endpoint = ws_handshake_endpoint(head, options);
    return endpoint && !endpoint->is_off;
}

/* Whoever set up a page wants to read what it said, but a stranger must not fill the log. */
static const struct handshake_refusal *refuse_page(const struct http_head *head,
                                                   const struct handshake_refusal *refusal)
{
    static int64_t next_ms;
    const char *origin = http_head_find(head, "origin");
    int64_t now_ms = clock_now_ms();
    metrics.origins_refused_total += refusal == WRONG_ORIGIN;
    metrics.hosts_refused_total += refusal == WRONG_HOST;
    if (now_ms < next_ms)
        return refusal;
    next_ms = now_ms + REFUSALS_EVERY_MS;
    log_event(page_refused, kv_str("origin", origin ? origin : ""),
              kv_str("host", http_head_host(head)), kv_str("err", refusal->message));
    return refusal;
}

const struct handshake_refusal *ws_handshake_check(const struct http_conn *conn,
                                                   const struct http_head *head,
                                                   const struct ws_server_options *options,
                                                   bool has_room, bool is_draining)
{
    if (is_draining)
        return DRAINING;
    if (degraded_is_on(options->hub))
        return DEGRADED;
    if (!has_room)
        return FULL;
    if (head->method != HTTP_GET)
        return WRONG_METHOD;
    if (!is_path_served(head, options))
        return WRONG_PATH;
    if (is_binary_form(head))
        return BINARY_FORM;
    const struct handshake_refusal *refusal = check_protocol(head);
    if (refusal)
        return refusal;
    if (!http_cors_is_host_welcome(conn, head))
        return refuse_page(head, WRONG_HOST);
    if (!http_cors_is_origin_welcome(conn, head))
        return refuse_page(head, WRONG_ORIGIN);
    return NULL;
}

const struct ws_endpoint *ws_handshake_endpoint(const struct http_head *head,
                                                const struct ws_server_options *options)
{
    const char *path = http_head_path(head);
    for (size_t i = 0; i < options->endpoint_count; i++) {
        const struct ws_endpoint *endpoint = &options->endpoints[i];
        if (!endpoint->path || strcmp(path, endpoint->path) == 0)
            return endpoint;
    }
    return NULL;
}

bool ws_handshake_channel(const struct http_head *head,
                          char ret_channel[CHANNEL_NAME_BYTES_MAX + 1])
{
    char *argument = http_head_argument(head, "channel");
    bool is_name = !argument || names_is_channel(argument);
    if (is_name)
        strcpy(ret_channel, argument ? argument : "lobby");
    free(argument);
    return is_name;
}

bool ws_handshake_wants_hello(const struct http_head *head)
{
    char *argument = http_head_argument(head, "hello");
    bool is_wanted = argument && strcmp(argument, "1") == 0;
    free(argument);
    return is_wanted;
}

/* ------------------------------------------------------------------- for libwebsockets */

/* Words with commas between them. */
static bool is_plain_list(const char *list)
{
    for (;;) {
        const char *word = list;
        while (is_letter(*list) || *list == '-')
            list++;
        if (list == word || *list == '\0')
            return list > word;
        if (*list++ != ',')
            return false;
        list += *list == ' ';
    }
}

/* libwebsockets keeps each argument and each header in a place of its own, and has few. */
static bool has_few_parts(const struct http_head *head)
{
    size_t count = head->field_count;
    for (const char *at = head->bytes + head->query; head->query > 0 && *at; at++)
        count += *at == '&' || *at == ';';
    return count <= PARTS_MAX;
}

bool ws_handshake_is_plain(const struct http_head *head)
{
    char *connection = http_head_join(head, "connection");
    char *upgrade = http_head_join(head, "upgrade");
    bool is_plain = head->is_plain && has_few_parts(head) &&
                    strlen(connection) <= CONNECTION_BYTES_MAX && is_plain_list(connection) &&
                    strcasecmp(upgrade, "websocket") == 0;
    free(connection);
    free(upgrade);
    return is_plain;
}

static char *append(char *at, const char *text, size_t length)
{
    memcpy(at, text, length);
    return at + length;
}

size_t ws_handshake_print(const struct http_head *head, char out[WS_HANDSHAKE_BYTES_MAX])
{
    static const char begin[] = "GET / HTTP/1.1\r\nHost:.\r\nConnection:Upgrade\r\n"
                                "Upgrade:websocket\r\nSec-WebSocket-Version:13\r\n"
                                "Sec-WebSocket-Key:";
    static const char offer[] = "\r\nSec-WebSocket-Extensions:";
    static const char end[] = "\r\n\r\n";
    const char *extensions = http_head_find(head, "sec-websocket-extensions");
    size_t length = extensions ? strlen(extensions) : 0;
    assert(length <= EXTENSIONS_BYTES_MAX);
    static_assert(sizeof(begin) + KEY_LENGTH + sizeof(offer) + EXTENSIONS_BYTES_MAX +
                          sizeof(end) <=
                      WS_HANDSHAKE_BYTES_MAX,
                  "the longest handshake fits");
    char *at = append(out, begin, sizeof(begin) - 1);
    at = append(at, http_head_find(head, "sec-websocket-key"), KEY_LENGTH);
    if (length > 0) {
        at = append(at, offer, sizeof(offer) - 1);
        at = append(at, extensions, length);
    }
    at = append(at, end, sizeof(end) - 1);
    return (size_t)(at - out);
}
