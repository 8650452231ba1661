/*
 * namespaces - what holds for a channel, by the part of its name before the first ':'.
 *
 *   {"chat": {"history_size": 200, "publish": "subscriber"}, "": {...}, "*": {...}}
 *
 * "" is for channels without a ':', "*" for namespaces that are not named. What a namespace
 * does not say is taken from the options of the command line. Where none is named, every
 * channel is as those options say; once one is, a channel whose namespace is not known is
 * refused.
 */
#ifndef PARLEY_NAMESPACES_H
#define PARLEY_NAMESPACES_H

#include "broker.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    NAMESPACES_MAX = 1000,
    NAMESPACE_NAME_BYTES_MAX = 64,
    NAMESPACE_HISTORY_MAX = 10000,
    NAMESPACE_HISTORY_TTL_S_MAX = 31536000,
    NAMESPACE_USERS_MAX = 100000,
    NAMESPACE_GRACE_MS_MAX = 600000,
};

/* Who may do something in a channel. */
enum namespace_right {
    RIGHT_ANYONE,
    RIGHT_AUTHENTICATED, /* whose token names a user */
    RIGHT_SUBSCRIBER,    /* who is in the channel; of subscribing: anyone */
    RIGHT_TOKEN,         /* whom a token, or the server API, let into this very channel */
};

struct namespace_options {
    struct broker_policy policy;
    enum namespace_right subscribe;
    enum namespace_right publish;
    enum namespace_right history;
    enum namespace_right see_presence; /* lists and counts */
    bool has_join_leave;               /* joins and leaves are pushed */
    size_t reply_publications;         /* most in one answer to a client; 0: all */
    size_t presence_limit;             /* longest list of connections */
    size_t presence_names_limit;       /* users above which only their count is pushed */
};

/* Pushes go to all subscribers alike: only where every one of them may see presence. */
bool namespace_pushes_presence(const struct namespace_options *options);

struct namespaces;

/* json: an object as above, or "". defaults are copied. NULL: *ret_error is one line that names
 * what was wrong (*new*). *new* */
__attribute__((warn_unused_result)) struct namespaces *
namespaces_create(const char *json, const struct namespace_options *defaults, char **ret_error);
void namespaces_destroy(struct namespaces *namespaces); /* takes NULL */

/* Borrowed. NULL: there is no such namespace. */
const struct namespace_options *namespaces_find(const struct namespaces *namespaces,
                                                const char *channel);

/* For the broker: of an unknown namespace, the defaults. */
struct broker_policies namespaces_policies(struct namespaces *namespaces);

#endif
