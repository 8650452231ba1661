/*
 * ws_admission - who is let in at the ports, and who is one too many.
 *
 * Knows each open connection by its descriptor: whose it is, and whether it is still pending,
 * that is, has not asked for anything yet. What it limits, by the names of the options:
 *
 * - connections-per-address: a connection belongs to the address it comes from, a WebSocket
 *   that comes from a trusted proxy to the one that the proxy names. Who is over the limit is
 *   let in a little further, to be answered when he asks.
 * - handshakes-per-s: of WebSockets; over TLS, connections, as those are what costs. One
 * address gets half of them at most, if the number of its connections is limited, too.
 * - handshakes-pending: when there would be more, the oldest is ended, so that whoever is quick
 *   gets in while others fill the place with connections that say nothing.
 * - internal-descriptors: the public port leaves them to the internal one.
 */
#ifndef PARLEY_WS_ADMISSION_H
#define PARLEY_WS_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer;
struct ws_admission;

struct ws_admission_options {
    size_t descriptor_limit;         /* of the process */
    size_t internal_descriptors;     /* of those, kept for the internal port */
    int64_t connections_per_address; /* 0: as many as come; so below */
    int64_t handshakes_per_s;
    int64_t handshakes_pending;
    const char *trusted_proxies; /* see network.h; borrowed */
};

enum ws_port { WS_PORT_PUBLIC, WS_PORT_INTERNAL };

/* *new* */
struct ws_admission *ws_admission_create(const struct ws_admission_options *options);
void ws_admission_destroy(struct ws_admission *admission);

/* Is there a descriptor left for one more at this port? open_count: of all connections. */
bool ws_admission_has_descriptor(struct ws_admission *admission, enum ws_port port,
                                 size_t open_count);

/* A connection was accepted. False: it is to be closed, and was not entered. */
__attribute__((warn_unused_result)) bool
ws_admission_enter(struct ws_admission *admission, int descriptor, const struct peer *peer);
/* It is taken in, and has asked for nothing yet. Answers the descriptor of the one that is to
 * be ended for it; -1: none. */
__attribute__((warn_unused_result)) int ws_admission_pend(struct ws_admission *admission,
                                                          int descriptor);
/* The connection has asked for something: it is pending no more. */
void ws_admission_settle(struct ws_admission *admission, int descriptor);
/* The connection is closed; a descriptor that was never entered is passed over. */
void ws_admission_leave(struct ws_admission *admission, int descriptor);

/* Is its address over the limit? Then what it asks for is refused. */
bool ws_admission_is_over(struct ws_admission *admission, int descriptor);
/* A WebSocket that a trusted proxy asks for: from now on the connection belongs to this
 * address. False: the address has too many. */
__attribute__((warn_unused_result)) bool
ws_admission_assign(struct ws_admission *admission, int descriptor, const struct peer *peer);

/* For whom the connection counts (see peer_customer); 0: for nobody yet. */
uint64_t ws_admission_customer(struct ws_admission *admission, int descriptor);

/* May one more handshake of this customer be worked at now? */
__attribute__((warn_unused_result)) bool
ws_admission_take_handshake(struct ws_admission *admission, uint64_t customer);

#endif
