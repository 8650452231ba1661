/*
 * channel_body - the inside of a channel, for the files that are its parts: channel.c (life,
 * subscribers), channel_opening.c (until it is live), channel_log.c (its place in the log),
 * channel_history.c (what newcomers get), fanout.c (sending).
 */
#ifndef PARLEY_CHANNEL_BODY_H
#define PARLEY_CHANNEL_BODY_H

#include "broker.h"
#include "channel.h"

/* What a channel may take of a turn before it is another's turn, and all of them together. A
 * client's ping waits no longer than a turn, another channel's message no longer than a slice
 * of each that is before it. */
enum { CHANNEL_SLICE_US = 1000, CHANNELS_TURN_US = 2000 };

enum channel_state {
    CHANNEL_OPENING, /* the subscription is on its way */
    CHANNEL_SYNCING, /* subscribed; the log is being read, live publications are held back */
    CHANNEL_LIVE,
};

struct subscription_list {
    struct subscription **items;
    size_t count;
    size_t capacity;
    size_t unserved; /* the first so many have yet to get the batch that goes out */
};

/* Those of a channel who are sent the same octets. */
struct audience {
    const struct wire_format *format; /* NULL: nobody has it */
    struct subscription_list subscribers;
    struct batch *next;     /* NULL: nothing was to be said yet */
    struct batch *outgoing; /* what is being sent; NULL: all have it */
};

/* A live publication that waits for the log. */
struct held_publication {
    char epoch[BROKER_EPOCH_BYTES];
    struct publication *publication;
};

struct channel {
    struct hub *hub;
    uint64_t id;
    char *name;
    const struct namespace_options *options; /* never NULL */
    enum channel_state state;

    struct audience *audiences; /* by number of the wire format */
    size_t audience_count;      /* the highest number so far, and one */
    struct subscription_list arrivals;
    struct presence_list *presence;

    char epoch[BROKER_EPOCH_BYTES]; /* "": the log has not begun */
    uint64_t offset;                /* of the last publication passed on */
    char *renames;                  /* what the log was called before; NULL: nothing else */
    struct publication **recent;    /* a ring of the policy's history_size; no gap in it */
    size_t recent_first;
    size_t recent_count;
    int64_t recent_ms; /* when the last of them came, on clock_now_ms's clock */
    struct held_publication *held;
    size_t held_count;
    size_t held_capacity;
    size_t held_bytes;
    size_t held_before_read; /* how many were there when the log was last asked for */
    bool has_dropped;        /* there were too many to hold */
    unsigned reads_pending;  /* of the log; only the last one's answer counts */
    bool is_renaming;        /* the log went back: it is to come with a new epoch */
    bool is_replaced;        /* by a log that has nothing to do with the one before */
    bool is_epoch_news;      /* subscribers are to be told of the epoch */
    bool was_away;   /* subscribed anew since it was live: publications may have been missed */
    bool wants_read; /* the store refused a read: ask again */

    struct channel_history *history; /* NULL: no newcomer has needed it lately */
    bool is_dirty;
    struct channel *next_dirty;
    struct channel *prev_dirty;
    bool
        is_waiting; /* LIVE, but what is said now would not be heard: arrivals are not let in */
    bool is_unsettled;
    int64_t unsettled_since_ms;
    struct channel *next_unsettled;
    struct channel *prev_unsettled;
};

/* channel.c */
void channel_mark_dirty(struct channel *channel);
void channel_set_state(struct channel *channel, enum channel_state state);
/* Arrivals wait for the store, or no more. */
void channel_set_waiting(struct channel *channel, bool is_waiting);

/* channel_opening.c */
/* The store has answered a read of a log, or refused it. */
void channel_note_read(struct hub *hub, bool is_refused);
/* Subscribers get what there is for them, as far as end_us allows (on clock_now_us's clock);
 * arrivals are let in, with the history. What is left is for the channel's next turn. */
void channel_send_and_admit(struct channel *channel, int64_t end_us);

/* channel_log.c */
void channel_log_read(struct channel *channel);
/* Forgets what is older than the log's lifetime. */
void channel_log_expire(struct channel *channel);
/* A client says that it has seen that much: if so, the log has lost its end. */
void channel_log_claim(struct channel *channel, const struct broker_position *seen);
void channel_log_finish(struct channel *channel);

/* channel_history.c */
/* Another publication has this place in the ring. */
void channel_history_replace(struct channel *channel, size_t place);
void channel_history_forget(struct channel *channel);

/* fanout.c */
void fanout_publication(struct channel *channel, const struct publication *publication);
/* What came together since the last call begins to go out, if all of what was before is out;
 * false: it is not, and nothing has changed. */
bool fanout_begin(struct channel *channel);
/* Sends until end_us. True: all have all that began to go out. */
bool fanout_slice(struct channel *channel, int64_t end_us);
/* Sends all there is, however long it takes. */
void fanout_flush(struct channel *channel);
void fanout_finish(struct channel *channel);

#endif
