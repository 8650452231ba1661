/*
 * chat - the door of the chat layer, for the transport above it and for main.
 *
 * The transport opens a session for each connection, hands its messages in and is called
 * back through its struct transport. Nothing here blocks; what leaves, leaves in chat_turn.
 */
#ifndef PARLEY_CHAT_H
#define PARLEY_CHAT_H

#include "framing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broker;
struct dialect;
struct files_options;
struct hub;
struct loop;
struct namespaces;
struct session;
struct token_keys;
struct transport;

/* What one connection may take, see quota.h; 0: as much as it likes. */
struct chat_limits {
    size_t commands_in_flight;   /* at the store */
    int64_t commands_per_s;      /* bursts: ten seconds' worth, */
    int64_t publishes_per_s;     /* of these, too, */
    int64_t publish_bytes_per_s; /* and four seconds' worth of these */
    size_t reply_bytes;          /* of one answer, and a second's on average */
    size_t channels_per_connection;
    size_t connections_per_user;     /* known by a token; to this node */
    int64_t new_channels_per_minute; /* touched without a subscription */
    int64_t names_per_connection;    /* of presence; one more a minute */
};

struct chat_options {
    const char *node;
    size_t max_backlog_bytes; /* of one connection; see sendq.h */
    size_t backlog_bytes;     /* of all of them */
    size_t max_message_bytes; /* that the transport lets through; 0: any */
    struct chat_limits limits;
    int64_t idle_timeout_ms;
    int64_t open_timeout_ms; /* for a channel that cannot be opened */
    const struct namespaces *namespaces;
    int64_t presence_window_ms; /* joins and leaves of this long are told together */
    int64_t ping_interval_ms;   /* Centrifuge: whole seconds */
    int64_t pong_timeout_ms;
    int64_t flush_delay_ms;              /* 0: what comes in goes out in the same turn */
    int64_t connect_timeout_ms;          /* for the first command, or a token */
    const struct token_keys *token_keys; /* NULL: tokens are not checked, all are anonymous */
    int64_t token_grace_s;               /* what expired is kept so long, to be refreshed */
    bool is_anonymous_allowed;           /* although there are keys */
    const struct files_options *files;   /* NULL: clients share no files */
    void (*on_name_taken)(void *context);
    void *context;
};

/* options are borrowed for the life of the hub. Sets the broker's events. *new* */
struct hub *chat_create(struct loop *loop, struct broker *broker,
                        const struct chat_options *options);
/* After the last session is gone and the broker is destroyed. Takes NULL. */
void chat_destroy(struct hub *hub);

/* What the handshake said besides the path. */
struct chat_request {
    const char *channel;
    const char *token; /* NULL: none; "": it comes in the first frame */
    bool wants_hello;  /* LuChat: is told where it is, and may repeat itself; see luchat_hello.h
                        */
    int64_t connection; /* its number in the log */
};

/* A connection is established; conn is what the transport is called with. The session lives
 * until chat_closed. */
struct session *chat_open(struct hub *hub, void *conn, const struct transport *transport,
                          const struct dialect *dialect, const struct chat_request *request);

/* Does the session's dialect speak in binary messages, too? */
bool chat_takes_binary(const struct session *session);
/* A whole message; a text is UTF-8. */
void chat_message(struct session *session, enum message_kind kind, const char *bytes,
                  size_t length);
/* Something was heard, be it a fragment or a ping of the protocol. */
void chat_heard(struct session *session);
/* The transport refuses to go on with the connection. */
void chat_refuse(struct session *session, int close_code, const char *reason);
/* The connection can take more bytes. */
void chat_writable(struct session *session);
/* The connection is gone: so is the session. */
void chat_closed(struct session *session);

enum { CHAT_TICK_MS = 100 };

/* Once a turn of the loop: what has come together is sent. */
void chat_turn(struct hub *hub);
/* How long the next turn may wait for something to happen; -1: as long as it takes. */
int64_t chat_wait_ms(const struct hub *hub);
/* Each CHAT_TICK_MS: deadlines. */
void chat_tick(struct hub *hub);

/* Ends all sessions with 1001, in slices of 1/25 or so a tick, so that not all come back at
 * once. */
void chat_drain(struct hub *hub);
bool chat_is_drained(const struct hub *hub);

#endif
