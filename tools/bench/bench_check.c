/*
 * bench_check - does a message sent through any address reach all of them? See bench_check.h.
 *
 * Connection i is publisher i and sends message 1 of it once all are open.
 */
#include "bench_check.h"

#include "bench_client.h"
#include "bench_frame.h"
#include "bench_hub.h"
#include "bench_message.h"
#include "bench_options.h"
#include "bench_protocol.h"
#include "bench_shared.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t TIMEOUT_NS = INT64_C(5) * 1000000000;

enum { CHECK_BYTES = 128 };

struct peer {
    struct client *client;
    char problem[160];
    bool is_subscribed;
    bool has_heard[OPTIONS_MAX_ADDRESSES];
    int heard;
    int64_t last_ns; /* when the last of them came */
};

struct check {
    const struct bench_options *options;
    struct bench_hub *hub;
    char run[16];
    char channel[PROTOCOL_MAX_CHANNEL];
    int subscribed;
    int closed;
    int complete; /* peers that have heard all */
    struct peer peers[OPTIONS_MAX_ADDRESSES];
};

static void subscribed(struct check *check, const struct client *client)
{
    check->peers[client_index(client)].is_subscribed = true;
    check->subscribed++;
}

static void on_open(void *owner, struct client *client)
{
    struct check *check = owner;
    check->options->protocol->on_open(client, check->channel);
    if (check->options->protocol->has_query) {
        subscribed(check, client);
    }
}

static void on_pong(void *owner, struct client *client)
{
    (void)owner;
    (void)client;
}

static void on_closed(void *owner, struct client *client, bool was_open, const char *reason)
{
    struct check *check = owner;
    struct peer *peer = &check->peers[client_index(client)];
    check->closed++;
    (void)snprintf(peer->problem, sizeof(peer->problem), "%s%s",
                   was_open ? "" : "cannot connect: ", reason);
}

static void take_other(struct check *check, struct client *client, const char *text,
                       size_t length)
{
    struct peer *peer = &check->peers[client_index(client)];
    enum protocol_news news =
        check->options->protocol->on_text(client, check->channel, text, length);
    if (news == NEWS_REFUSED) {
        (void)snprintf(peer->problem, sizeof(peer->problem), "answered %.*s",
                       (int)(length < 140 ? length : 140), text);
    } else if (news == NEWS_SUBSCRIBED && !peer->is_subscribed) {
        subscribed(check, client);
    }
}

static void take_text(struct check *check, struct client *client, const char *text,
                      size_t length)
{
    struct peer *peer = &check->peers[client_index(client)];
    struct message_number number;
    if (!message_parse(text, length, check->run, &number)) {
        take_other(check, client, text, length);
        return;
    }
    int publisher = number.publisher;
    if (publisher < 0 || publisher >= check->options->address_count ||
        peer->has_heard[publisher]) {
        return;
    }
    peer->has_heard[publisher] = true;
    peer->last_ns = hub_now_ns(check->hub);
    if (++peer->heard == check->options->address_count) {
        check->complete++;
    }
}

static void on_message(void *owner, struct client *client, const char *payload, size_t length)
{
    struct check *check = owner;
    const char *text;
    size_t text_length;
    while (protocol_next(check->options->protocol, &payload, &length, &text, &text_length)) {
        take_text(check, client, text, text_length);
    }
}

static const struct client_events CLIENT_EVENTS = {
    .on_open = on_open,
    .on_message = on_message,
    .on_pong = on_pong,
    .on_closed = on_closed,
};

static void connect_all(struct check *check)
{
    const struct bench_options *options = check->options;
    for (int i = 0; i < options->address_count; i++) {
        const struct bench_address *address = &options->addresses[i];
        char hello[1024];
        size_t length =
            frame_format_request(hello, sizeof(hello), address->name, address->path,
                                 options->protocol->has_query ? check->channel : NULL);
        struct client_request request = {
            .address = (const struct sockaddr *)&address->address,
            .address_length = address->address_length,
            .hello = hello,
            .hello_length = length,
        };
        check->peers[i].client = client_create(check->hub, &CLIENT_EVENTS, check, i);
        client_connect(check->peers[i].client, &request);
    }
}

typedef bool condition_fn(const struct check *check);

static bool is_settled(const struct check *check)
{
    return check->subscribed + check->closed >= check->options->address_count;
}

static bool is_complete(const struct check *check)
{
    return check->complete == check->options->address_count || check->closed > 0;
}

static void wait_for(struct check *check, condition_fn *condition)
{
    int64_t deadline_ns = bench_now_ns() + TIMEOUT_NS;
    while (!condition(check) && bench_now_ns() < deadline_ns) {
        hub_turn(check->hub, 50);
    }
}

static void send_all(struct check *check)
{
    struct protocol_frame frame = protocol_frame(check->options->protocol, check->channel,
                                                 CHECK_BYTES, /* is_masked= */ true);
    for (int i = 0; i < check->options->address_count; i++) {
        message_format(frame.bytes + frame.payload_at, CHECK_BYTES, check->run, i);
        message_stamp(frame.bytes + frame.payload_at, 1, 0);
        client_write(check->peers[i].client, frame.bytes, frame.length);
    }
    free(frame.bytes);
}

static void print_peers(const struct check *check, bool was_open, int64_t sent_ns)
{
    int all = check->options->address_count;
    for (int i = 0; i < all; i++) {
        const struct peer *peer = &check->peers[i];
        printf("%-24s ", check->options->addresses[i].name);
        if (peer->problem[0] != '\0') {
            printf("%s\n", peer->problem);
        } else if (!was_open) {
            printf("%s\n", client_is_open(peer->client) ? "connected, not subscribed"
                                                        : "no answer to the handshake");
        } else {
            printf("heard %d of %d", peer->heard, all);
            printf(peer->heard == all ? " in %.1f ms\n" : "\n",
                   (double)(peer->last_ns - sent_ns) / 1e6);
        }
    }
}

bool check_run(const struct bench_options *options)
{
    static struct check check;
    int all = options->address_count;
    check.options = options;
    bench_options_channel_name(options, 0, check.channel, sizeof(check.channel));
    check.hub = hub_create(CHECK_BYTES);
    (void)snprintf(check.run, sizeof(check.run), "%s", shared_run(shared_create(1, 1)));
    (void)signal(SIGPIPE, SIG_IGN);
    connect_all(&check);
    wait_for(&check, is_settled);
    int64_t sent_ns = bench_now_ns();
    bool is_open = check.subscribed == all && check.closed == 0;
    if (is_open) {
        send_all(&check);
        wait_for(&check, is_complete);
    }
    print_peers(&check, is_open, sent_ns);
    for (int i = 0; i < all; i++) {
        client_close(check.peers[i].client);
        client_destroy(check.peers[i].client);
    }
    bool is_ok = check.complete == all;
    printf("%s\n", is_ok ? "ok" : "FAILED");
    return is_ok;
}
