/*
 * bench_worker - one process's share of the connections; see bench_worker.h.
 *
 * A turn: open what the ramp allows, ping who is due, publish (worker 0), read what came,
 * tell the others. A delivery on its way in:
 *   hub_turn -> client_on_ready -> on_message -> message_parse -> ledger_take
 */
#include "bench_worker.h"

#include "bench_client.h"
#include "bench_frame.h"
#include "bench_hub.h"
#include "bench_ledger.h"
#include "bench_message.h"
#include "bench_options.h"
#include "bench_protocol.h"
#include "bench_publish.h"
#include "bench_shared.h"

#include <arpa/inet.h>
#include <err.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_HANDSHAKES = 1024, /* at a time */
    CONNECT_TURN_MS = 1,
    TURN_MS = 20,
    PORTS_PER_SOURCE = 20000,
};

/* Servers drop clients that have been silent for a minute. Connections that carry messages
 * begin to ping late, so that short runs measure messages alone; idle ones at once. */
static const int64_t PING_INTERVAL_NS = INT64_C(25) * 1000000000;
static const int64_t PING_FIRST_NS = INT64_C(20) * 1000000000;

struct worker {
    const struct bench_options *options;
    const struct plan *plan;
    struct bench_shared *shared;
    struct bench_area *area;
    int number;
    int first;
    int count;
    struct bench_hub *hub;
    struct ledger *ledger;
    struct publishers *publishers; /* NULL but in worker 0 */
    struct client **clients;
    bool *is_subscribed; /* by client */
    enum bench_phase phase;
    int connected; /* clients that have been told to connect */
    int64_t start_ns;
    int64_t ping_start_ns;
    uint64_t ping_turns;
    int64_t lost;
    uint64_t counters[COUNTER_COUNT];
};

/* ---- what clients say ---- */

static void channel_of(const struct worker *worker, int index,
                       char ret_name[PROTOCOL_MAX_CHANNEL])
{
    bench_options_channel_name(worker->options, plan_channel_of(worker->plan, index), ret_name,
                               PROTOCOL_MAX_CHANNEL);
}

/* Opened for what counts: messages have to arrive from now on. */
static void subscribed(struct worker *worker, const struct client *client)
{
    worker->counters[COUNTER_OPENED]++;
    worker->is_subscribed[client_index(client) - worker->first] = true;
}

static void on_open(void *owner, struct client *client)
{
    struct worker *worker = owner;
    const struct protocol *protocol = worker->options->protocol;
    char channel[PROTOCOL_MAX_CHANNEL];
    channel_of(worker, client_index(client), channel);
    protocol->on_open(client, channel);
    if (protocol->has_query) {
        subscribed(worker, client);
    }
    if (worker->options->is_online) {
        char text[96];
        int user = client_index(client);
        int length =
            snprintf(text, sizeof(text),
                     "{\"online\":{\"userid\":\"u%d\",\"userphone\":\"%d\"}}", user, user);
        client_send_text(client, text, (size_t)length);
    }
}

static void on_closed(void *owner, struct client *client, bool was_open, const char *reason)
{
    struct worker *worker = owner;
    int index = client_index(client);
    const char *server =
        worker->options->is_floor
            ? "floor"
            : worker->options->addresses[plan_address_of(worker->plan, index)].name;
    bool was_subscribed = was_open && worker->is_subscribed[index - worker->first];
    worker->counters[was_subscribed ? COUNTER_CLOSED : COUNTER_FAILED]++;
    shared_report(worker->shared, "%s: %s (connection %d)", server, reason, index);
    ledger_drop(worker->ledger, index);
}

static void on_pong(void *owner, struct client *client)
{
    (void)client;
    ((struct worker *)owner)->counters[COUNTER_PONGS]++;
}

/* 429 in LuChat's words, 111 in those of the Centrifuge protocol. */
static bool is_rate_limit(const char *text, size_t length)
{
    return memmem(text, length, "\"code\":429", 10) || memmem(text, length, "\"code\":111", 10);
}

static void report_refusal(struct worker *worker, const char *text, size_t length)
{
    if (is_rate_limit(text, length)) {
        shared_report(worker->shared, "the server limits what one client may send; a server "
                                      "of your own takes more with --publishes-per-s 0 "
                                      "--publish-bytes-per-s 0 --commands-per-s 0");
        return;
    }
    shared_report(worker->shared, "error reply: %.*s", (int)(length < 200 ? length : 200),
                  text);
}

/* All that is no numbered message of this run. */
static void take_other(struct worker *worker, struct client *client, const char *text,
                       size_t length)
{
    char channel[PROTOCOL_MAX_CHANNEL];
    int index = client_index(client);
    channel_of(worker, index, channel);
    switch (worker->options->protocol->on_text(client, channel, text, length)) {
    case NEWS_SUBSCRIBED:
        if (!worker->is_subscribed[index - worker->first]) {
            subscribed(worker, client);
        }
        break;
    case NEWS_JOINED:
        worker->counters[COUNTER_JOINED]++;
        break;
    case NEWS_PONG:
        worker->counters[COUNTER_PONGS]++;
        break;
    case NEWS_REFUSED:
        worker->counters[COUNTER_REFUSED]++;
        report_refusal(worker, text, length);
        break;
    case NEWS_OTHER:
        worker->counters[COUNTER_OTHER]++;
        break;
    }
}

static void take_text(struct worker *worker, struct client *client, const char *text,
                      size_t length)
{
    struct message_number number;
    if (!message_parse(text, length, shared_run(worker->shared), &number)) {
        take_other(worker, client, text, length);
        return;
    }
    enum ledger_verdict verdict = ledger_take(worker->ledger, client_index(client),
                                              number.publisher, number.sequence, &worker->lost);
    if (verdict == LEDGER_DUPLICATED) {
        worker->counters[COUNTER_DUPLICATED]++;
        return;
    }
    if (verdict == LEDGER_STRAYED) {
        worker->counters[COUNTER_STRAYED]++;
        return;
    }
    worker->counters[COUNTER_DISORDERED] += verdict == LEDGER_DISORDERED ? 1 : 0;
    worker->counters[COUNTER_DELIVERED]++;
    worker->counters[COUNTER_BYTES] += length;
    if (worker->phase == PHASE_MEASURE) {
        int64_t latency_ns =
            hub_now_ns(worker->hub) - shared_epoch_ns(worker->shared) - number.sent_ns;
        histogram_record(&worker->area->latency, latency_ns > 0 ? (uint64_t)latency_ns : 0);
    }
}

static void on_message(void *owner, struct client *client, const char *payload, size_t length)
{
    struct worker *worker = owner;
    const char *text;
    size_t text_length;
    while (protocol_next(worker->options->protocol, &payload, &length, &text, &text_length)) {
        take_text(worker, client, text, text_length);
    }
}

static const struct client_events CLIENT_EVENTS = {
    .on_open = on_open,
    .on_message = on_message,
    .on_pong = on_pong,
    .on_closed = on_closed,
};

/* ---- opening ---- */

/* 127.0.0.2 for the second 20000 connections to a loopback address, and so on: ports run out.
 * False: the kernel may choose. */
static bool source_of(const struct worker *worker, int index,
                      const struct bench_address *address, struct sockaddr_in *ret_source)
{
    const struct sockaddr_in *to = (const struct sockaddr_in *)&address->address;
    uint32_t block = (uint32_t)(index / worker->plan->addresses / PORTS_PER_SOURCE);
    if (block == 0 || to->sin_family != AF_INET || ntohl(to->sin_addr.s_addr) >> 24 != 127) {
        return false;
    }
    *ret_source = (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK + block),
    };
    return true;
}

static void open_one(struct worker *worker, int index)
{
    const struct bench_options *options = worker->options;
    const struct bench_address *address =
        &options->addresses[plan_address_of(worker->plan, index)];
    uint32_t channel = (uint32_t)plan_channel_of(worker->plan, index);
    struct sockaddr_in source;
    bool has_source = source_of(worker, index, address, &source);
    char hello[1024];
    char name[PROTOCOL_MAX_CHANNEL];
    struct client_request request = {
        .address = (const struct sockaddr *)&address->address,
        .address_length = address->address_length,
        .source = has_source ? (const struct sockaddr *)&source : NULL,
        .source_length = sizeof(source),
        .hello = hello,
        .is_bare = options->is_floor,
    };
    if (options->is_floor) {
        memcpy(hello, &channel, sizeof(channel));
        request.hello_length = sizeof(channel);
    } else {
        channel_of(worker, index, name);
        request.hello_length =
            frame_format_request(hello, sizeof(hello), address->name, address->path,
                                 options->protocol->has_query ? name : NULL);
    }
    client_connect(worker->clients[index - worker->first], &request);
}

static bool is_connecting(const struct worker *worker)
{
    return worker->connected < worker->count;
}

static void open_due(struct worker *worker)
{
    double rate = (double)worker->options->ramp / worker->plan->workers;
    int64_t elapsed_ns = hub_now_ns(worker->hub) - worker->start_ns;
    double due = 1 + (double)elapsed_ns * rate / 1e9;
    while (is_connecting(worker) && worker->connected < due) {
        uint64_t settled = worker->counters[COUNTER_OPENED] + worker->counters[COUNTER_FAILED];
        if ((uint64_t)worker->connected >= settled + MAX_HANDSHAKES) {
            return;
        }
        open_one(worker, worker->first + worker->connected++);
    }
}

/* ---- turns ---- */

static void ping(struct worker *worker, struct client *client)
{
    const struct protocol *protocol = worker->options->protocol;
    if (protocol->ping_kind == PING_TEXT) {
        client_send_text(client, protocol->ping, strlen(protocol->ping));
    } else {
        client_send_ping(client);
    }
    worker->counters[COUNTER_PINGS]++;
}

/* Round and round at an even pace: each connection has its turn every 25 s. */
static void ping_due(struct worker *worker)
{
    int64_t elapsed_ns = hub_now_ns(worker->hub) - worker->ping_start_ns;
    bool is_ours =
        !worker->options->is_floor && worker->options->protocol->ping_kind != PING_FROM_SERVER;
    if (elapsed_ns <= 0 || !is_ours) {
        return;
    }
    double due = (double)elapsed_ns / (double)PING_INTERVAL_NS * worker->count;
    while ((double)worker->ping_turns < due) {
        struct client *client = worker->clients[worker->ping_turns++ % (uint64_t)worker->count];
        if (client_is_open(client)) {
            ping(worker, client);
        }
    }
}

static void enter_phase(struct worker *worker, enum bench_phase phase)
{
    worker->phase = phase;
    if (phase == PHASE_IDLE && worker->options->idle_s > 0) {
        worker->ping_start_ns = hub_now_ns(worker->hub);
    }
    if (phase >= PHASE_DRAIN) {
        worker->ping_start_ns = INT64_MAX / 2; /* late pings have no time to be answered */
    }
    if (worker->publishers != NULL && phase == PHASE_WARMUP) {
        publishers_start(worker->publishers);
    } else if (worker->publishers != NULL && phase >= PHASE_DRAIN) {
        publishers_stop(worker->publishers);
    }
}

/* Counters are this process's own; others read them as of the end of a turn. */
static void tell_others(struct worker *worker)
{
    worker->counters[COUNTER_LOST] = worker->lost > 0 ? (uint64_t)worker->lost : 0;
    for (int i = 0; i < COUNTER_COUNT; i++) {
        atomic_store_explicit(&worker->area->counters[i], worker->counters[i],
                              memory_order_release);
    }
    if (worker->publishers == NULL && ledger_has_advanced(worker->ledger)) {
        uint64_t one = 1;
        ssize_t written = write(shared_wake_fd(worker->shared), &one, sizeof(one));
        (void)written; /* full is as good: it wakes */
    }
}

static void turn(struct worker *worker)
{
    enum bench_phase phase = shared_phase(worker->shared);
    while (worker->phase < phase) {
        enter_phase(worker, worker->phase + 1);
    }
    if (phase == PHASE_CONNECT) {
        open_due(worker);
    }
    ping_due(worker);
    if (worker->publishers != NULL) {
        publishers_run(worker->publishers);
    }
    hub_turn(worker->hub, is_connecting(worker) ? CONNECT_TURN_MS : TURN_MS);
    tell_others(worker);
}

static void init(struct worker *worker)
{
    const struct bench_options *options = worker->options;
    worker->area = shared_area(worker->shared, worker->number);
    worker->first = plan_first(worker->plan, worker->number);
    worker->count = plan_first(worker->plan, worker->number + 1) - worker->first;
    worker->hub = hub_create((size_t)options->size);
    worker->ledger = ledger_create(worker->plan, worker->shared, worker->number,
                                   publishers_share(options, 0));
    worker->clients = calloc((size_t)worker->count, sizeof(struct client *));
    worker->is_subscribed = calloc((size_t)worker->count, sizeof(bool));
    if (worker->clients == NULL || worker->is_subscribed == NULL) {
        errx(1, "out of memory");
    }
    if (worker->number == 0) {
        worker->publishers =
            publishers_create(options, worker->plan, worker->shared, worker->hub);
    }
    for (int i = 0; i < worker->count; i++) {
        int index = worker->first + i;
        worker->clients[i] = client_create(worker->hub, &CLIENT_EVENTS, worker, index);
        if (worker->publishers != NULL && index < worker->plan->publishers) {
            publishers_attach(worker->publishers, index, worker->clients[i]);
        }
    }
    worker->start_ns = bench_now_ns();
    worker->ping_start_ns = worker->start_ns + PING_FIRST_NS;
}

void worker_run(const struct bench_options *options, const struct plan *plan,
                struct bench_shared *shared, int number)
{
    struct worker worker = {
        .options = options, .plan = plan, .shared = shared, .number = number};
    init(&worker);
    while (worker.phase != PHASE_FINISH) {
        turn(&worker);
    }
    while (!shared_is_sent_final(shared)) {
        usleep(1000); /* worker 0 is about to say how many there were */
    }
    worker.lost += (int64_t)ledger_outstanding(worker.ledger);
    tell_others(&worker);
    for (int i = 0; i < worker.count; i++) {
        client_close(worker.clients[i]);
    }
    ledger_destroy(worker.ledger);
}
