/*
 * hub - what the chat of one node consists of: its sessions, its channels, and what they
 * need of the world. The chat layer's own files share it; others use chat.h.
 */
#ifndef PARLEY_HUB_H
#define PARLEY_HUB_H

#include "chat.h"
#include "sendq.h"
#include "wire_format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broker;
struct channel;
struct channel_history;
struct id_table;
struct loop;
struct intake;
struct name_cache;
struct presence_list;
struct session;
struct namespace_options;
struct text_map;
struct wheel;

enum { CLIENT_BYTES = 128 }; /* for hub_print_client */

struct hub {
    const struct chat_options *options;
    struct loop *loop;
    struct broker *broker;
    struct wire_format formats[WIRE_FORMATS_MAX];
    size_t format_count;
    struct wheel *wheel;       /* deadlines of sessions */
    struct id_table *sessions; /* by session id */
    struct id_table *channel_ids;
    struct text_map *channels; /* by name */
    struct text_map *users;    /* connected here: how many connections each has */
    struct channel *dirty;     /* have something to send, to admit, or nobody left */
    int64_t dirty_since_ms;    /* 0: nobody waits until flush_delay_ms is over */
    struct channel *unsettled; /* not live yet, or not at the moment */
    int64_t reread_ms;         /* the store refused to be read: not before this */
    int64_t reread_pause_ms;   /* 0: it does not refuse */
    struct sendq_list behind;  /* sessions that are behind, by their queues */
    uint64_t *closed;          /* ids of sessions that have yet to leave their channels */
    size_t closed_count;
    size_t closed_capacity;
    struct channel_history *histories;      /* ready-made for newcomers */
    struct presence_list *presence_pending; /* have something to tell later */
    int64_t wanted_due_ms;                  /* joins that failed; 0: none did */
    size_t wanted_cursor;                   /* where the walk for them is */
    bool is_wanted_again;                   /* some failed meanwhile */
    int64_t check_due_ms;                   /* when a channel's members are looked at next */
    size_t check_cursor;                    /* where the walk through the channels is */
    struct intake *intake;                  /* what was said and not heard yet */
    size_t replies_in_flight;               /* long answers on their way to all together */
    size_t replies_expected;                /* their bytes, as far as one can guess */
    size_t reply_usual;                     /* what one of them is like here lately */
    struct name_cache *touched_channels; /* asked for or published in, not only subscribed to */
    uint64_t instance;                   /* random, so that client ids of two lives differ */
    uint32_t join_serial;
    int64_t started_ms;       /* wall time */
    size_t admitted_bytes;    /* of files on their way into the store */
    bool is_api_over;         /* nobody waits for answers of the server API any more */
    bool is_degraded;         /* see degraded.h */
    int64_t state_differs_ms; /* since when the broker is of another opinion; 0: it is not */
    bool is_telling_state;    /* sessions are being told of the state */
    size_t state_cursor;
    bool is_draining;
    size_t drain_slice;
};

/* Made if there is none; borrowed for the life of the hub. There are at most WIRE_FORMATS_MAX
 * pairs. */
const struct wire_format *hub_wire_format(struct hub *hub, const struct dialect *dialect,
                                          const struct transport *transport);
/* The dialect's heartbeat in this format, as encode writes it; made once. Borrowed. */
struct batch *hub_heartbeat(struct hub *hub, const struct wire_format *format,
                            void (*encode)(struct batch *batch));

/* What holds for the channel; NULL: its namespace is not known. Borrowed. */
const struct namespace_options *hub_namespace(const struct hub *hub, const char *channel);

/* A connection has got this user, or has it no more. */
void hub_user_came(struct hub *hub, const char *user);
void hub_user_went(struct hub *hub, const char *user);
/* Has this user, known by a token, fewer connections to this node than one may have? */
__attribute__((warn_unused_result)) bool hub_has_room_for_user(const struct hub *hub,
                                                               const char *user);

/* For session_close: the session leaves its channels at the end of the turn. */
void hub_note_closed(struct hub *hub, uint64_t session_id);

/* The id of a connection in the cluster: NODE-INSTANCE-SESSION. */
void hub_print_client(const struct hub *hub, uint64_t session_id, char out[CLIENT_BYTES]);
/* The session that an id can be of; NULL: it is another node's, or gone. */
struct session *hub_session_of(const struct hub *hub, const char *client);

#endif
