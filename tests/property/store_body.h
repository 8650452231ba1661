/*
 * store_body - the inside of the model of the store, for its two files: store_broker.c (what
 * the chat asks) and store.c (what becomes of it).
 */
#ifndef PARLEY_STORE_BODY_H
#define PARLEY_STORE_BODY_H

#include "broker.h"
#include "roster.h"
#include "store.h"

/* Kept in the store, where other nodes may keep more than this one. */
enum { LONG_LOG_SIZE = 12 };

enum {
    NAME_BYTES = 16,
    CLIENT_BYTES = 160,
    USER_BYTES = 64,
    REFUSED_ONE_IN = 40,
    RENAMES_BYTES = 512
};

struct model_channel {
    char name[NAME_BYTES];
    char epoch[BROKER_EPOCH_BYTES];
    char renames[RENAMES_BYTES]; /* as broker_same_until has them */
    uint64_t newest;
    uint64_t version; /* of the roster */
    struct roster roster;
    bool is_subscribed; /* the store knows */
    bool is_wanted;     /* the node wants it */
    bool is_confirmed;  /* the node knows that the store knows */
};

enum command_kind { PUBLISH, HISTORY, JOIN, LEAVE, MEMBERS, NEW_EPOCH, OTHER };

/* A command, and then its answer. */
struct command {
    struct command *next;
    struct command *prev;
    enum command_kind kind;
    struct model_channel *channel;
    struct broker_waiter waiter;
    struct broker_range range;
    char epoch[BROKER_EPOCH_BYTES]; /* asked for, or answered */
    char user[USER_BYTES];
    char client[CLIENT_BYTES];
    bool has_info;
    enum broker_status status;
    char renames[RENAMES_BYTES];
    struct broker_position seen;
    bool is_certain;
    uint64_t newest;
    uint64_t first; /* of the publications in the answer */
    size_t count;
    uint64_t version;
    struct roster *roster; /* *new*; of an answer */
};

enum message_kind { SUBSCRIBED, PUBLISHED, JOINED, LEFT, ORDERED };

/* On the link for subscriptions. */
struct message {
    struct message *next;
    struct message *prev;
    enum message_kind kind;
    struct model_channel *channel;
    char epoch[BROKER_EPOCH_BYTES];
    uint64_t number; /* of the publication; of the roster's version */
    bool has_offset;
    bool has_info;
    uint64_t user_count;
    char user[USER_BYTES];
    char client[CLIENT_BYTES];
    char *text; /* *new*; of an order */
};

struct request {
    struct request *next;
    struct request *prev;
    struct model_channel *channel;
    bool is_subscribe;
};

extern struct command *store_commands; /* on their way */
extern struct request *store_requests; /* SUBSCRIBE, UNSUBSCRIBE */
extern const struct broker_ops store_ops;

/* There is one of that name. */
struct model_channel *store_find(const char *name);
void store_request(struct model_channel *channel, bool is_subscribe);

#endif
