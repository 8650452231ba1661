/*
 * ws_opening - from a request to a WebSocket; see ws_opening.h.
 */
#include "ws_opening.h"

#include "chat.h"
#include "http_conn.h"
#include "http_peer.h"
#include "limit.h"
#include "mem.h"
#include "metrics.h"
#include "names.h"
#include "network.h"
#include "worker_page.h"
#include "ws_admission.h"
#include "ws_conn.h"
#include "ws_early.h"
#include "ws_handshake.h"
#include "ws_loop.h"
#include "ws_server.h"

#include <libwebsockets.h>

#include <stdlib.h>
#include <string.h>

/* What a handshake has asked for. */
struct asked {
    int socket;                              /* whose it is; counts with the dialect */
    const struct handshake_refusal *refusal; /* NULL: it is welcome */
    const struct dialect *dialect;           /* NULL: libwebsockets may not have it */
    char channel[CHANNEL_NAME_BYTES_MAX + 1];
    char *token; /* NULL: none */
    bool wants_hello;
};

struct ws_opening {
    const struct ws_server_options *options;
    struct ws_loop *ws_loop;
    struct ws_admission *admission;
    struct ws_early *early;
    struct asked asked;
};

/* ------------------------------------------------------------------------------- welcome */

/* Behind a trusted proxy: for whom it asks. False: there is none, or it does not say. */
static bool find_named_peer(const struct ws_opening *opening, int socket,
                            const struct http_head *head, struct peer *ret_peer)
{
    const struct http_peer_rule *rule = &opening->options->files.rule;
    if (rule->trusted_proxies[0] == '\0' ||
        ws_admission_customer(opening->admission, socket) != 0)
        return false;
    return http_peer(socket, head, rule, ret_peer);
}

/* The limits that come before any other work. NULL: not over any. */
static const struct handshake_refusal *check_admission(struct ws_opening *opening,
                                                       const struct http_conn *conn,
                                                       const struct http_head *head)
{
    struct ws_admission *admission = opening->admission;
    int descriptor = http_conn_socket(conn);
    struct peer peer;
    bool is_named = find_named_peer(opening, descriptor, head, &peer);
    uint64_t customer =
        is_named ? peer_customer(&peer) : ws_admission_customer(admission, descriptor);
    /* over TLS one was taken when the connection was accepted */
    if (!http_conn_is_tls(conn) && !ws_admission_take_handshake(admission, customer))
        return &ws_handshake_too_fast;
    if (ws_admission_is_over(admission, descriptor) ||
        (is_named && !ws_admission_assign(admission, descriptor, &peer)))
        return &ws_handshake_too_many;
    return NULL;
}

static bool has_room_for_one_more(const struct ws_server_options *options)
{
    int64_t max_of_all = options->max_connections_of_all;
    return (size_t)metrics.connections < options->max_connections &&
           (max_of_all == 0 || workers_connections() < max_of_all);
}

static const struct handshake_refusal *check_handshake(struct ws_opening *opening,
                                                       const struct http_conn *conn,
                                                       const struct http_head *head,
                                                       bool is_draining)
{
    static const struct handshake_refusal too_odd = {400, NULL, "too oddly written for TLS"};
    bool has_room = has_room_for_one_more(opening->options);
    const struct handshake_refusal *refusal = check_admission(opening, conn, head);
    if (!refusal)
        refusal = ws_handshake_check(conn, head, opening->options, has_room, is_draining);
    if (!refusal && !ws_handshake_channel(head, opening->asked.channel))
        refusal = &ws_handshake_wrong_channel;
    if (!refusal && http_conn_is_tls(conn) && !ws_handshake_is_plain(head))
        refusal = &too_odd; /* there it cannot be written anew */
    if (refusal && !has_room)
        limit_hit(LIMIT_max_connections);
    return refusal;
}

static void forget_asked(struct asked *asked)
{
    if (asked->token)
        explicit_bzero(asked->token, strlen(asked->token));
    free(asked->token);
    *asked = (struct asked){.token = NULL};
}

/* The channel is noted already. */
static void note_what_is_asked(struct asked *asked, const struct ws_server_options *options,
                               const struct http_conn *conn, const struct http_head *head)
{
    asked->socket = http_conn_socket(conn);
    asked->dialect = ws_handshake_endpoint(head, options)->dialect;
    asked->token = http_head_argument(head, "token");
    asked->wants_hello = ws_handshake_wants_hello(head);
}

bool ws_opening_is_welcome(struct ws_opening *opening, struct http_conn *conn,
                           const struct http_head *head, bool is_draining)
{
    struct asked *asked = &opening->asked;
    forget_asked(asked);
    if (http_conn_port(conn) != HTTP_PUBLIC || !ws_handshake_is_one(head, opening->options))
        return false;
    asked->refusal = check_handshake(opening, conn, head, is_draining);
    if (asked->refusal)
        return false;
    note_what_is_asked(asked, opening->options, conn, head);
    if (http_conn_is_tls(conn))
        ws_early_keep(opening->early, http_conn_wsi(conn));
    else
        ws_early_forget(opening->early);
    return true;
}

const struct handshake_refusal *ws_opening_refusal(const struct ws_opening *opening)
{
    return opening->asked.refusal;
}

/* ---------------------------------------------------------------- what becomes of it */

void ws_opening_give(struct ws_opening *opening, struct lws_vhost *vhost, int socket,
                     const struct http_head *head)
{
    char text[WS_HANDSHAKE_BYTES_MAX];
    size_t length = ws_handshake_print(head, text);
    ws_loop_adopt(opening->ws_loop, socket, vhost, text, length);
}

bool ws_opening_is_of(const struct ws_opening *opening, struct lws *wsi)
{
    const struct asked *asked = &opening->asked;
    return asked->dialect && asked->socket == lws_get_socket_fd(wsi);
}

void ws_opening_finish(struct ws_opening *opening, struct lws *wsi, struct ws_conn *conn,
                       const struct ws_conn_room *room)
{
    struct asked *asked = &opening->asked;
    unsigned char *octets;
    ws_conn_open(conn, wsi, room, asked->dialect,
                 &(struct chat_request){
                     .channel = asked->channel,
                     .token = asked->token,
                     .wants_hello = asked->wants_hello,
                     .connection = ws_loop_connection(opening->ws_loop, lws_get_socket_fd(wsi)),
                 });
    forget_asked(asked);
    ws_admission_settle(opening->admission, lws_get_socket_fd(wsi));
    size_t count = ws_early_take(opening->early, &octets);
    ws_conn_take_early(conn, octets, count);
}

/* --------------------------------------------------------------------------------- life */

struct ws_opening *ws_opening_create(const struct ws_server_options *options,
                                     struct ws_loop *ws_loop, struct ws_admission *admission,
                                     size_t buffer_bytes)
{
    struct ws_opening *opening = mem_zalloc(sizeof(*opening));
    opening->options = options;
    opening->ws_loop = ws_loop;
    opening->admission = admission;
    opening->early = ws_early_create(buffer_bytes);
    return opening;
}

void ws_opening_destroy(struct ws_opening *opening)
{
    if (!opening)
        return;
    ws_early_destroy(opening->early);
    forget_asked(&opening->asked);
    free(opening);
}
