/*
 * luchat_session - a LuChat connection from its handshake to its end: the token it came by, the
 * channel it enters, how long it may stay, and what the server API orders about it.
 *
 * What is said over it is dialect_luchat.c's.
 */
#ifndef PARLEY_LUCHAT_SESSION_H
#define PARLEY_LUCHAT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

struct chat_request;
struct session;
struct subscription;

/* What a session of this dialect keeps; nothing where no tokens are checked and no hello is
 * asked for. */
struct luchat_session {
    char *channel;        /* to be entered, or entered */
    char *user;           /* the token's; NULL: the client says itself who it is */
    int64_t expires_at_s; /* the token; wall time; 0: never */
    bool is_for_channel;  /* the token names the channel */
    bool is_welcome;      /* has shown a token, or needs none */
    bool wants_hello;
    bool has_missed; /* something, and is about to be given the history again */
};

/* Never NULL. Borrowed. */
const struct luchat_session *luchat_state(const struct session *session);
/* The session has missed messages, or was given the history again. */
void luchat_set_missed(struct session *session, bool has_missed);

/* The first token lets it in, a later one lets it stay; one that does not ends it. */
void luchat_show_token(struct session *session, const char *text);

/* Of struct dialect. */
void luchat_on_open(struct session *session, const struct chat_request *request);
int64_t luchat_on_due(struct session *session);
void luchat_shut_down(struct session *session);
void luchat_on_end(struct session *session);
void luchat_obey_disconnect(struct session *session, int code, const char *reason);
void luchat_obey_unsubscribe(struct subscription *subscription);
void luchat_obey_refresh(struct session *session, bool is_expired, int64_t expires_at_s);

#endif
