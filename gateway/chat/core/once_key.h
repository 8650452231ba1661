/*
 * once_key - the key of an idempotent publish: whose it is, and what is published by it.
 *
 * A key belongs to who publishes. The same text is another key for the server API, for the
 * operator, for each user of an SDK and for each of LuChat: none can use up another's. The
 * digest tells what was published by it, so that other data is not taken for the same.
 * Clients of SDKs without a token are one user here: nothing tells them apart after a
 * reconnect, which is when a key is wanted.
 */
#ifndef PARLEY_ONCE_KEY_H
#define PARLEY_ONCE_KEY_H

#include "slice.h"

enum once_owner { ONCE_SERVER, ONCE_OPERATOR, ONCE_SDK, ONCE_LUCHAT };

enum { ONCE_DIGEST_BYTES = 33 }; /* with the final zero */

struct once_key {
    char *name;
    char digest[ONCE_DIGEST_BYTES];
};

/* user: of SDKs and LuChat; "" elsewhere. What makes a publication the same when it is tried
 * again: data, and what is said besides. To be finished. */
void once_key_init(struct once_key *once, enum once_owner owner, const char *user,
                   const char *key, struct slice data, struct slice besides);
/* Other data is not refused, but another key. */
void once_key_bind(struct once_key *once);
/* Of one that is all zero, too. */
void once_key_finish(struct once_key *once);

#endif
