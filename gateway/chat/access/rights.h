/*
 * rights - who may do what in which channel: the namespace's rules, and # in the name.
 */
#ifndef PARLEY_RIGHTS_H
#define PARLEY_RIGHTS_H

#include <stdbool.h>

struct hub;
struct session;

enum rights_act { RIGHTS_PUBLISH, RIGHTS_HISTORY, RIGHTS_SEE_PRESENCE };

enum rights_verdict {
    RIGHTS_GRANTED,
    RIGHTS_DENIED,
    RIGHTS_NO_CHANNEL, /* its namespace is not known */
};

enum rights_verdict rights_check(struct session *session, const char *channel,
                                 enum rights_act act);

/* is_by_token: a token, good for this session, names this channel. */
enum rights_verdict rights_check_subscribe(struct session *session, const char *channel,
                                           bool is_by_token);

/* May an HTTP client, which has no session, publish here by sharing a file? user: its token's;
 * "": anonymous. Where only subscribers may, a user who could subscribe counts as one.
 * is_by_token: as above. */
enum rights_verdict rights_check_stranger(const struct hub *hub, const char *channel,
                                          const char *user, bool is_by_token);

#endif
