/*
 * bench_publish - when which publisher sends what; see bench_publish.h.
 *
 * A publisher's message is one template, its frame's header included; sending stamps it.
 * What a turn of the window has room for leaves in one write per publisher.
 */
#include "bench_publish.h"

#include "bench_client.h"
#include "bench_hub.h"
#include "bench_message.h"
#include "bench_options.h"
#include "bench_protocol.h"
#include "bench_shared.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>

enum {
    MIN_TICK_NS = 100 * 1000,
    MIN_BATCH_BYTES = 64 * 1024,
};

struct publisher {
    struct client *client;
    struct protocol_frame frame;
    uint32_t sent;
    uint32_t share;
};

struct publishers {
    struct bench_shared *shared;
    struct bench_hub *hub;
    double rate;
    bool has_window;
    bool is_running;
    int64_t start_ns;
    uint64_t sent; /* by all */
    int timer_fd;  /* -1 with a window */
    int count;
    char *batch;
    size_t batch_size;
    struct publisher each[];
};

int publishers_share(const struct bench_options *options, int number)
{
    int whole = options->window / options->publishers;
    return whole + (number < options->window % options->publishers ? 1 : 0);
}

static void *allocate(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (memory == NULL) {
        errx(1, "out of memory");
    }
    return memory;
}

/* Returns the length of the longest: they differ by their channels' names. */
static size_t create_frames(struct publishers *publishers, const struct bench_options *options,
                            const struct plan *plan)
{
    size_t longest = 0;
    for (int i = 0; i < publishers->count; i++) {
        char channel[PROTOCOL_MAX_CHANNEL];
        bench_options_channel_name(options, plan_channel_of(plan, i), channel, sizeof(channel));
        /* What the floor's sender gets is what it sends on: a server's frame, unmasked. */
        struct protocol_frame frame =
            protocol_frame(options->protocol, channel, options->size, !options->is_floor);
        message_format(frame.bytes + frame.payload_at, (size_t)options->size,
                       shared_run(publishers->shared), i);
        publishers->each[i].frame = frame;
        publishers->each[i].share = (uint32_t)publishers_share(options, i);
        longest = frame.length > longest ? frame.length : longest;
    }
    return longest;
}

struct publishers *publishers_create(const struct bench_options *options,
                                     const struct plan *plan, struct bench_shared *shared,
                                     struct bench_hub *hub)
{
    struct publishers *publishers =
        allocate(sizeof(*publishers) + (size_t)plan->publishers * sizeof(struct publisher));
    publishers->shared = shared;
    publishers->hub = hub;
    publishers->rate = options->rate;
    publishers->has_window = options->window > 0;
    publishers->timer_fd = -1;
    publishers->count = plan->publishers;
    size_t longest = create_frames(publishers, options, plan);
    publishers->batch_size = longest > MIN_BATCH_BYTES ? longest : (size_t)MIN_BATCH_BYTES;
    publishers->batch = allocate(publishers->batch_size);
    hub_watch(hub, shared_wake_fd(shared));
    return publishers;
}

void publishers_attach(struct publishers *publishers, int number, struct client *client)
{
    publishers->each[number].client = client;
}

static void start_timer(struct publishers *publishers)
{
    int64_t tick_ns = (int64_t)(1e9 / publishers->rate);
    tick_ns = tick_ns < MIN_TICK_NS ? MIN_TICK_NS : tick_ns;
    struct timespec tick = {.tv_sec = tick_ns / 1000000000, .tv_nsec = tick_ns % 1000000000};
    struct itimerspec periodic = {.it_interval = tick, .it_value = tick};
    publishers->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (publishers->timer_fd < 0 ||
        timerfd_settime(publishers->timer_fd, 0, &periodic, NULL) != 0) {
        err(1, "timerfd");
    }
    hub_watch(publishers->hub, publishers->timer_fd);
}

void publishers_start(struct publishers *publishers)
{
    publishers->is_running = true;
    publishers->start_ns = bench_now_ns();
    if (!publishers->has_window) {
        start_timer(publishers);
    }
}

static void send_messages(struct publishers *publishers, int number, uint32_t count)
{
    struct publisher *publisher = &publishers->each[number];
    const struct protocol_frame *frame = &publisher->frame;
    int64_t since_ns = bench_now_ns() - shared_epoch_ns(publishers->shared);
    size_t filled = 0;
    publishers->sent += count;
    /* Told before it is done: another worker may hear a message at once. */
    shared_set_sent(publishers->shared, number, publisher->sent + count);
    for (; count > 0; count--) {
        if (filled + frame->length > publishers->batch_size) {
            client_write(publisher->client, publishers->batch, filled);
            filled = 0;
        }
        message_stamp(frame->bytes + frame->payload_at, ++publisher->sent, since_ns);
        memcpy(publishers->batch + filled, frame->bytes, frame->length);
        filled += frame->length;
    }
    client_write(publisher->client, publishers->batch, filled);
}

static bool can_send(const struct publisher *publisher)
{
    return client_is_open(publisher->client) && publisher->sent < MESSAGE_MAX_SEQUENCE;
}

static void fill_window(struct publishers *publishers)
{
    for (int i = 0; i < publishers->count; i++) {
        struct publisher *publisher = &publishers->each[i];
        uint32_t done = shared_done(publishers->shared, i);
        uint32_t on_way = done > publisher->sent ? 0 : publisher->sent - done;
        if (on_way < publisher->share && can_send(publisher)) {
            send_messages(publishers, i, publisher->share - on_way);
        }
    }
}

static void keep_rate(struct publishers *publishers)
{
    int64_t elapsed_ns = bench_now_ns() - publishers->start_ns;
    uint64_t due = (uint64_t)((double)elapsed_ns * publishers->rate / 1e9);
    for (int tries = publishers->count; publishers->sent < due && tries > 0;) {
        int number = (int)(publishers->sent % (uint64_t)publishers->count);
        if (can_send(&publishers->each[number])) {
            send_messages(publishers, number, 1);
            tries = publishers->count;
        } else {
            publishers->sent++; /* its turn passes */
            tries--;
        }
    }
}

void publishers_run(struct publishers *publishers)
{
    if (!publishers->is_running) {
        return;
    }
    if (publishers->has_window) {
        fill_window(publishers);
    } else {
        keep_rate(publishers);
    }
}

void publishers_stop(struct publishers *publishers)
{
    publishers->is_running = false;
    if (publishers->timer_fd >= 0) {
        struct itimerspec never = {0};
        timerfd_settime(publishers->timer_fd, 0, &never, NULL);
    }
    shared_set_sent_final(publishers->shared);
}
