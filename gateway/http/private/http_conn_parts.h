/*
 * http_conn_parts - the inside of an HTTP connection, for the files that are one: http_conn.c
 * (heads and life), http_conn_body.c, http_conn_answer.c and http_conn_pace.c.
 */
#ifndef PARLEY_HTTP_CONN_PARTS_H
#define PARLEY_HTTP_CONN_PARTS_H

#include "http_chunks.h"
#include "http_conn.h"
#include "http_io.h"

#include <sys/types.h>

enum { SCRATCH_BYTES = 64 << 10 };

enum state {
    STATE_HEAD,   /* one is awaited */
    STATE_BODY,   /* it is read */
    STATE_ANSWER, /* it is made, or on its way */
    STATE_LINGER, /* answered for the last time; what still comes is dropped */
    STATE_DEAD,   /* it is to be closed when the turn ends */
};

/* In one piece with the octets of its head. */
struct request {
    struct http_head head;
    char bytes[];
};

struct http_conn {
    struct http_conns *conns;
    struct http_conn *previous;
    struct http_conn *next;
    struct http_io io;
    struct request *request; /* NULL: none at the moment */

    const struct http_handler *handler; /* NULL: none, or over */
    void *owner;
    void *context;

    char *early; /* what libwebsockets was given of a head; NULL: nothing */
    size_t early_length;

    char *body; /* as far as it is there */
    size_t body_length;
    size_t body_capacity;
    size_t body_max;
    struct http_chunks chunks;

    char *out; /* what the system did not take; NULL: nothing */
    size_t out_length;
    size_t out_sent;

    int64_t since_ms; /* the state began, or was seen to make progress */
    int64_t body_ms;  /* the body began */
    size_t moved;     /* octets since then */
    uint64_t sent;    /* octets in all */
    uint64_t arrived; /* of those, what had arrived when last looked at */

    enum http_port port;
    enum state state;
    bool is_silent;  /* no octet has ever come */
    bool has_begun;  /* the first octet of a head is there */
    bool has_unread; /* a body was announced and is not read */
    bool is_sending; /* the answer has begun */
    bool is_full;    /* the system is to tell when it takes more of it */
    bool is_whole;   /* all of the answer is given */
    bool is_last;    /* no other request is taken */
    bool is_waiting; /* for more of a head: a threshold is set */
    bool is_shared;  /* libwebsockets has read a part of a head */
};

struct http_conns {
    struct ws_loop *ws_loop;
    const struct http_conn_options *options;
    const struct http_conn_events *events;
    const struct http_cors *cors;
    void *context; /* of the events */
    struct http_conn *first;
    int64_t next_look_ms;
    char scratch[SCRATCH_BYTES];
};

void http_conn_set_state(struct http_conn *conn, enum state state);
/* It is closed before the next turn, and freed then. */
void http_conn_kill(struct http_conn *conn);
/* Of a read. The end, or an error, before all of it was there? Then it is killed. */
bool http_conn_is_cut_off(struct http_conn *conn, ssize_t count);
/* What cannot be understood is answered, and nothing behind it is. */
void http_conn_refuse_head(struct http_conn *conn, int status, const char *message);

/* http_conn_body.c: some of a body is there. */
void http_conn_hear_body(struct http_conn *conn);
/* A short body that is there already is dropped, so that another request can follow. */
void http_conn_drop_body(struct http_conn *conn);

/* http_conn_answer.c: whoever answered is told that it is over, and the request forgotten. */
void http_conn_be_over(struct http_conn *conn);
void http_conn_drop_request(struct http_conn *conn);
/* What comes after the last answer. */
void http_conn_discard(struct http_conn *conn);

/* http_conn_pace.c */
void http_conn_look_at(struct http_conn *conn, int64_t now_ms);

#endif
