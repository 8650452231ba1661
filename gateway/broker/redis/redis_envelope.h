/*
 * redis_envelope - what travels on a channel's pub/sub channel.
 *
 *   p OFFSET EPOCH LENGTH\nINFO PAYLOAD   a publication; LENGTH octets of INFO about the
 *                                          publisher (epoch "-" and offset 0: no log)
 *   j VERSION USERS\nUSER\nCLIENT\nINFO   a user's first connection joined
 *   l VERSION USERS\nUSER\nCLIENT\nINFO   a user's last connection left
 *   s VERSION USERS\n                     the list of members has changed otherwise
 *   r OFFSET\n                            the log was emptied, when it had got so far
 *
 * Lines of text, so that redis-cli subscribe shows them as they are; the payload is the
 * publisher's own bytes.
 */
#ifndef PARLEY_REDIS_ENVELOPE_H
#define PARLEY_REDIS_ENVELOPE_H

#include "broker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum envelope_kind {
    ENVELOPE_PUBLICATION = 'p',
    ENVELOPE_JOIN = 'j',
    ENVELOPE_LEAVE = 'l',
    ENVELOPE_SYNC = 's',
    ENVELOPE_REMOVED = 'r',
};

enum { ENVELOPE_USER_BYTES_MAX = 256, ENVELOPE_CLIENT_BYTES_MAX = 256 };

struct envelope {
    enum envelope_kind kind;
    uint64_t number;     /* offset or version */
    uint64_t user_count; /* with the change in it */
    char epoch[BROKER_EPOCH_BYTES];
    char user[ENVELOPE_USER_BYTES_MAX + 1];
    char client[ENVELOPE_CLIENT_BYTES_MAX + 1];
    struct slice info;    /* borrowed from the parsed text, like the payload */
    struct slice payload; /* of a publication */
};

/* False when the text is none of the above: somebody else publishes on our channel. */
__attribute__((warn_unused_result)) bool envelope_parse(const char *text, size_t length,
                                                        struct envelope *ret_envelope);

/* Can what it holds be handed on to clients: is JSON what they take for JSON, and text what
 * they take for text? Nodes write nothing else. */
__attribute__((warn_unused_result)) bool envelope_is_sound(const struct envelope *envelope);
/* The same of a publication alone, wherever it is kept. */
__attribute__((warn_unused_result)) bool envelope_is_content(struct slice payload,
                                                             struct slice info);

#endif
