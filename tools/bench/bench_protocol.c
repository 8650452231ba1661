/*
 * bench_protocol - the table of protocols; see bench_protocol.h.
 *
 * Texts are told apart by how they begin: enough for servers that answer what was asked, and
 * cheap beside the server that is measured. To add one: its functions, a row in PROTOCOLS.
 */
#include "bench_protocol.h"

#include "bench_client.h"
#include "bench_frame.h"

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 512 }; /* of what the bench itself says; a channel's name fits in it twice */

static bool starts_with(const char *text, size_t length, const char *start)
{
    size_t start_length = strlen(start);
    return length >= start_length && memcmp(text, start, start_length) == 0;
}

static bool contains(const char *text, size_t length, const char *part)
{
    return memmem(text, length, part, strlen(part)) != NULL;
}

static int no_prefix(char *text, size_t size, const char *channel, int payload_bytes)
{
    (void)channel;
    (void)payload_bytes;
    return snprintf(text, size, "%s", "");
}

static void say_nothing(struct client *client, const char *channel)
{
    (void)client;
    (void)channel;
}

/* ---- LuChat: the handshake subscribes, a frame is the message ---- */

static enum protocol_news on_luchat_text(struct client *client, const char *channel,
                                         const char *text, size_t length)
{
    (void)client;
    (void)channel;
    if (length == 4 && starts_with(text, length, "pong")) {
        return NEWS_PONG;
    }
    if (starts_with(text, length, "{\"users\"")) {
        return NEWS_JOINED;
    }
    return starts_with(text, length, "{\"error\"") ? NEWS_REFUSED : NEWS_OTHER;
}

/* ---- raw: the same without any text of the server's own ---- */

static enum protocol_news on_raw_text(struct client *client, const char *channel,
                                      const char *text, size_t length)
{
    (void)client;
    (void)channel;
    (void)text;
    (void)length;
    return NEWS_OTHER;
}

/* ---- Centrifuge: JSON commands and replies, one a line ---- */

/* The id of a publish command is always the same: nobody waits for its reply. */
static int centrifuge_prefix(char *text, size_t size, const char *channel, int payload_bytes)
{
    (void)payload_bytes;
    return snprintf(text, size, "{\"id\":3,\"publish\":{\"channel\":\"%s\",\"data\":", channel);
}

static void on_centrifuge_open(struct client *client, const char *channel)
{
    char text[MAX_TEXT];
    int length = snprintf(text, sizeof(text),
                          "{\"id\":1,\"connect\":{\"name\":\"parley-bench\"}}\n"
                          "{\"id\":2,\"subscribe\":{\"channel\":\"%s\"}}",
                          channel);
    client_send_text(client, text, (size_t)length);
}

static enum protocol_news on_centrifuge_text(struct client *client, const char *channel,
                                             const char *text, size_t length)
{
    (void)channel;
    if (length == 2 && starts_with(text, length, "{}")) {
        client_send_text(client, "{}", 2);
        return NEWS_OTHER;
    }
    if (!starts_with(text, length, "{\"id\":")) {
        return NEWS_OTHER;
    }
    if (contains(text, length, "\"error\":")) {
        return NEWS_REFUSED;
    }
    return starts_with(text, length, "{\"id\":2,") ? NEWS_SUBSCRIBED : NEWS_OTHER;
}

/* ---- NATS: its lines inside WebSocket frames ---- */

static int nats_prefix(char *text, size_t size, const char *channel, int payload_bytes)
{
    return snprintf(text, size, "PUB %s %d\r\n", channel, payload_bytes);
}

/* The answer to the PING says that the lines before it have been read. */
static void on_nats_open(struct client *client, const char *channel)
{
    char text[MAX_TEXT];
    int length = snprintf(text, sizeof(text),
                          "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true}\r\n"
                          "SUB %s 1\r\nPING\r\n",
                          channel);
    client_send_text(client, text, (size_t)length);
}

static enum protocol_news on_nats_text(struct client *client, const char *channel,
                                       const char *text, size_t length)
{
    (void)channel;
    if (starts_with(text, length, "PING")) {
        client_send_text(client, "PONG\r\n", 6);
        return NEWS_OTHER;
    }
    if (starts_with(text, length, "-ERR")) {
        return NEWS_REFUSED;
    }
    return starts_with(text, length, "PONG") ? NEWS_SUBSCRIBED : NEWS_OTHER;
}

/* ---- Socket.IO 4 on Engine.IO 4, of a server that knows "join" and "message" ---- */

static int socketio_prefix(char *text, size_t size, const char *channel, int payload_bytes)
{
    (void)payload_bytes;
    return snprintf(text, size, "42[\"message\",\"%s\",", channel);
}

static enum protocol_news on_socketio_text(struct client *client, const char *channel,
                                           const char *text, size_t length)
{
    char join[MAX_TEXT];
    if (starts_with(text, length, "2") && length == 1) {
        client_send_text(client, "3", 1);
    } else if (starts_with(text, length, "0")) {
        client_send_text(client, "40", 2);
    } else if (starts_with(text, length, "40")) {
        int join_length = snprintf(join, sizeof(join), "42[\"join\",\"%s\"]", channel);
        client_send_text(client, join, (size_t)join_length);
    } else if (starts_with(text, length, "42[\"joined\"")) {
        return NEWS_SUBSCRIBED;
    } else if (starts_with(text, length, "44")) {
        return NEWS_REFUSED;
    }
    return NEWS_OTHER;
}

/* ---- the table ---- */

static const struct protocol PROTOCOLS[] = {
    {
        .name = "luchat",
        .about = "Parley's /ws",
        .path = "/ws",
        .has_query = true,
        .has_online = true,
        .suffix = "",
        .ping_kind = PING_TEXT,
        .ping = "ping",
        .prefix = no_prefix,
        .on_open = say_nothing,
        .on_text = on_luchat_text,
    },
    {
        .name = "centrifuge",
        .about = "the Centrifuge client protocol, in JSON",
        .path = "/connection/websocket",
        .separator = '\n',
        .suffix = "}}",
        .ping_kind = PING_FROM_SERVER,
        .prefix = centrifuge_prefix,
        .on_open = on_centrifuge_open,
        .on_text = on_centrifuge_text,
    },
    {
        .name = "raw",
        .about = "frames go to everyone as they came; ?channel= names the channel",
        .path = "/ws",
        .has_query = true,
        .suffix = "",
        .ping_kind = PING_FRAME,
        .prefix = no_prefix,
        .on_open = say_nothing,
        .on_text = on_raw_text,
    },
    {
        .name = "nats",
        .about = "NATS over WebSocket",
        .path = "/",
        .separator = '\n',
        .suffix = "\r\n",
        .ping_kind = PING_FRAME,
        .prefix = nats_prefix,
        .on_open = on_nats_open,
        .on_text = on_nats_text,
    },
    {
        .name = "socketio",
        .about = "Socket.IO 4; the server has \"join\" and \"message\"",
        .path = "/socket.io/?EIO=4&transport=websocket",
        .suffix = "]",
        .ping_kind = PING_FROM_SERVER,
        .prefix = socketio_prefix,
        .on_open = say_nothing,
        .on_text = on_socketio_text,
    },
};

enum { PROTOCOL_COUNT = sizeof(PROTOCOLS) / sizeof(PROTOCOLS[0]) };

const struct protocol *protocol_at(int index)
{
    return index < PROTOCOL_COUNT ? &PROTOCOLS[index] : NULL;
}

const struct protocol *protocol_find(const char *name)
{
    for (int i = 0; i < PROTOCOL_COUNT; i++) {
        if (strcmp(PROTOCOLS[i].name, name) == 0) {
            return &PROTOCOLS[i];
        }
    }
    return NULL;
}

bool protocol_next(const struct protocol *protocol, const char **payload, size_t *length,
                   const char **ret_text, size_t *ret_length)
{
    if (*length == 0) {
        return false;
    }
    const char *end =
        protocol->separator != '\0' ? memchr(*payload, protocol->separator, *length) : NULL;
    *ret_text = *payload;
    *ret_length = end != NULL ? (size_t)(end - *payload) : *length;
    size_t taken = end != NULL ? *ret_length + 1 : *length;
    *payload += taken;
    *length -= taken;
    return true;
}

struct protocol_frame protocol_frame(const struct protocol *protocol, const char *channel,
                                     int size, bool is_masked)
{
    char prefix[MAX_TEXT];
    uint8_t header[FRAME_MAX_HEADER];
    size_t prefix_length = (size_t)protocol->prefix(prefix, sizeof(prefix), channel, size);
    size_t suffix_length = strlen(protocol->suffix);
    size_t text_length = prefix_length + (size_t)size + suffix_length;
    size_t header_length = frame_put_header(header, FRAME_TEXT, text_length, is_masked);
    struct protocol_frame frame = {
        .bytes = calloc(1, header_length + text_length),
        .length = header_length + text_length,
        .payload_at = header_length + prefix_length,
    };
    if (frame.bytes == NULL) {
        errx(1, "out of memory");
    }
    memcpy(frame.bytes, header, header_length);
    memcpy(frame.bytes + header_length, prefix, prefix_length);
    memcpy(frame.bytes + frame.payload_at + size, protocol->suffix, suffix_length);
    return frame;
}
