/*
 * ws_admission - who is let in at the ports; see ws_admission.h.
 *
 * The pending ones stand in a queue in the order in which they came. Who has asked, or is gone,
 * stays in it until he comes to its front, or until half of the queue are such.
 */
#include "ws_admission.h"

#include "clock.h"
#include "keyed_hash.h"
#include "limit.h"
#include "log.h"
#include "mem.h"
#include "network.h"
#include "peer_counts.h"

#include <stdlib.h>

enum {
    DESCRIPTORS_KEPT = 24, /* for Redis, logs, and to turn others away politely */
    OVER_MAX = 64,         /* of one address, waiting to be told that they are too many */
    SECOND_US = 1000000,
    BUCKETS = 1024,
    OWN_SHARE = 2,     /* one address gets half of the handshakes */
    PENDING_SHARE = 4, /* and no more places than a quarter, when all are taken */
};

/* One open connection. */
struct guest {
    uint64_t customer; /* 0: counted for nobody */
    uint32_t serial;   /* how often the descriptor was used */
    bool is_in;
    bool is_pending;
};

struct pending {
    int descriptor; /* its own as long as the guest has this serial and is pending */
    uint32_t serial;
};

struct ws_admission {
    struct ws_admission_options options;
    struct peer_counts *counts;
    struct guest *guests; /* by descriptor */
    struct pending *queue;
    size_t queue_start; /* those before it are done with */
    size_t queue_end;
    size_t queue_capacity;
    int64_t pending_count;
    int64_t handshakes_full_at_us;  /* see has_drop */
    int64_t handshakes_of[BUCKETS]; /* the same of each address */
    bool is_turning_away;
};

struct ws_admission *ws_admission_create(const struct ws_admission_options *options)
{
    struct ws_admission *admission = mem_zalloc(sizeof(*admission));
    admission->options = *options;
    admission->counts = peer_counts_create();
    admission->guests = mem_zalloc(options->descriptor_limit * sizeof(struct guest));
    return admission;
}

void ws_admission_destroy(struct ws_admission *admission)
{
    if (!admission)
        return;
    peer_counts_destroy(admission->counts);
    free(admission->guests);
    free(admission->queue);
    free(admission);
}

static struct guest *guest_of(struct ws_admission *admission, int descriptor)
{
    if (descriptor < 0 || (size_t)descriptor >= admission->options.descriptor_limit)
        return NULL;
    return &admission->guests[descriptor];
}

/* Told once, until there is room again. */
bool ws_admission_has_descriptor(struct ws_admission *admission, enum ws_port port,
                                 size_t open_count)
{
    const struct ws_admission_options *options = &admission->options;
    size_t kept = DESCRIPTORS_KEPT;
    if (port == WS_PORT_PUBLIC)
        kept += options->internal_descriptors;
    bool is_full = open_count + kept > options->descriptor_limit;
    if (is_full && !admission->is_turning_away)
        log_event(descriptors_exhausted, kv_int("limit", (int64_t)options->descriptor_limit),
                  kv_str("err", "new connections are closed at once"));
    if (is_full && port == WS_PORT_PUBLIC)
        limit_hit(LIMIT_internal_descriptors);
    admission->is_turning_away = is_full;
    return !is_full;
}

/* ---------------------------------------------------------------------------- addresses */

static bool is_over_by(const struct ws_admission *admission, uint64_t customer, int64_t most)
{
    int64_t limit = admission->options.connections_per_address;
    return limit > 0 && customer != 0 &&
           peer_counts_get(admission->counts, customer) > limit + most;
}

static void count_for(struct ws_admission *admission, struct guest *guest, uint64_t customer)
{
    if (guest->customer)
        peer_counts_remove(admission->counts, guest->customer);
    guest->customer = customer;
    if (customer)
        peer_counts_add(admission->counts, customer);
}

/* When all places for those who have asked for nothing yet are taken, an address that has many
 * connections gets no other, so that it cannot push out those of other addresses. */
static bool is_crowd(const struct ws_admission *admission, uint64_t customer)
{
    int64_t most = admission->options.handshakes_pending;
    return admission->options.connections_per_address > 0 && most > 0 && customer != 0 &&
           admission->pending_count >= most &&
           peer_counts_get(admission->counts, customer) > most / PENDING_SHARE;
}

bool ws_admission_enter(struct ws_admission *admission, int descriptor, const struct peer *peer)
{
    struct guest *guest = guest_of(admission, descriptor);
    if (!guest)
        return false;
    *guest = (struct guest){.serial = guest->serial + 1, .is_in = true};
    if (networks_have(admission->options.trusted_proxies, peer))
        return true; /* whose it is will be known when it asks */
    count_for(admission, guest, peer_customer(peer));
    bool is_over = is_over_by(admission, guest->customer, OVER_MAX);
    if (!is_over && !is_crowd(admission, guest->customer))
        return true;
    limit_hit(is_over ? LIMIT_connections_per_address : LIMIT_handshakes_pending);
    ws_admission_leave(admission, descriptor);
    return false;
}

void ws_admission_leave(struct ws_admission *admission, int descriptor)
{
    struct guest *guest = guest_of(admission, descriptor);
    if (!guest || !guest->is_in)
        return;
    ws_admission_settle(admission, descriptor);
    count_for(admission, guest, 0);
    guest->is_in = false;
}

bool ws_admission_is_over(struct ws_admission *admission, int descriptor)
{
    const struct guest *guest = guest_of(admission, descriptor);
    bool is_over = guest && is_over_by(admission, guest->customer, 0);
    if (is_over)
        limit_hit(LIMIT_connections_per_address);
    return is_over;
}

bool ws_admission_assign(struct ws_admission *admission, int descriptor,
                         const struct peer *peer)
{
    struct guest *guest = guest_of(admission, descriptor);
    if (!guest || !guest->is_in || guest->customer)
        return true;
    count_for(admission, guest, peer_customer(peer));
    if (!ws_admission_is_over(admission, descriptor))
        return true;
    count_for(admission, guest, 0); /* the proxy may use the connection for others */
    return false;
}

/* ------------------------------------------------------------------------------ pending */

static bool is_waiting(const struct ws_admission *admission, const struct pending *pending)
{
    const struct guest *guest = &admission->guests[pending->descriptor];
    return guest->serial == pending->serial && guest->is_pending;
}

/* Leaves in the queue only who is pending. */
static void tidy_queue(struct ws_admission *admission)
{
    size_t kept = 0;
    for (size_t i = admission->queue_start; i < admission->queue_end; i++) {
        if (is_waiting(admission, &admission->queue[i]))
            admission->queue[kept++] = admission->queue[i];
    }
    admission->queue_start = 0;
    admission->queue_end = kept;
}

static void enqueue(struct ws_admission *admission, const struct pending *pending)
{
    size_t half = admission->queue_capacity / 2;
    if (admission->queue_end == admission->queue_capacity) {
        if ((size_t)admission->pending_count < half)
            tidy_queue(admission);
        admission->queue = mem_grow(admission->queue, admission->queue_end,
                                    &admission->queue_capacity, sizeof(*admission->queue));
    }
    admission->queue[admission->queue_end++] = *pending;
}

static int settle_oldest(struct ws_admission *admission)
{
    while (admission->queue_start < admission->queue_end) {
        const struct pending *oldest = &admission->queue[admission->queue_start++];
        if (!is_waiting(admission, oldest))
            continue;
        limit_hit(LIMIT_handshakes_pending);
        ws_admission_settle(admission, oldest->descriptor);
        return oldest->descriptor;
    }
    return -1;
}

int ws_admission_pend(struct ws_admission *admission, int descriptor)
{
    int64_t most = admission->options.handshakes_pending;
    struct guest *guest = guest_of(admission, descriptor);
    if (!guest || !guest->is_in)
        return -1;
    guest->is_pending = true;
    admission->pending_count++;
    if (most == 0)
        return -1;
    enqueue(admission, &(struct pending){descriptor, guest->serial});
    return admission->pending_count > most ? settle_oldest(admission) : -1;
}

void ws_admission_settle(struct ws_admission *admission, int descriptor)
{
    struct guest *guest = guest_of(admission, descriptor);
    if (!guest || !guest->is_pending)
        return;
    guest->is_pending = false;
    admission->pending_count--;
}

/* --------------------------------------------------------------------------- handshakes */

/* A bucket as in rate_limit.c, of one second: when it will be full again. */
static bool has_drop(int64_t full_at_us, int64_t cost_us, int64_t now_us)
{
    int64_t from_us = full_at_us > now_us ? full_at_us : now_us;
    return from_us + cost_us <= now_us + SECOND_US;
}

static void take_drop(int64_t *full_at_us, int64_t cost_us, int64_t now_us)
{
    *full_at_us = (*full_at_us > now_us ? *full_at_us : now_us) + cost_us;
}

/* Addresses that fall into one place share its bucket. */
static int64_t *bucket_of(struct ws_admission *admission, uint64_t customer)
{
    return &admission->handshakes_of[keyed_hash(&customer, sizeof(customer)) % BUCKETS];
}

uint64_t ws_admission_customer(struct ws_admission *admission, int descriptor)
{
    const struct guest *guest = guest_of(admission, descriptor);
    return guest && guest->is_in ? guest->customer : 0;
}

bool ws_admission_take_handshake(struct ws_admission *admission, uint64_t customer)
{
    const struct ws_admission_options *options = &admission->options;
    int64_t now_us = clock_now_ms() * 1000;
    int64_t *own = bucket_of(admission, customer);
    bool is_own_limited = customer != 0 && options->connections_per_address > 0;
    if (options->handshakes_per_s == 0)
        return true;
    int64_t cost_us = SECOND_US / options->handshakes_per_s;
    if (!has_drop(admission->handshakes_full_at_us, cost_us, now_us) ||
        (is_own_limited && !has_drop(*own, OWN_SHARE * cost_us, now_us))) {
        limit_hit(LIMIT_handshakes_per_s);
        return false;
    }
    take_drop(&admission->handshakes_full_at_us, cost_us, now_us);
    if (is_own_limited)
        take_drop(own, OWN_SHARE * cost_us, now_us);
    return true;
}
