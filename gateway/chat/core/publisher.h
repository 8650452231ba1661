/*
 * publisher - who published something, as it is told beside the payload.
 *
 * A publication's info is JSON: of a client {"client":...,"user":...,"conn_info":...}, of the
 * server API or the operator's tool {} or {"tags":...}. None at all stands for a LuChat client,
 * whose name in the message its gateway has judged. All dialects meet in this form: none of
 * them has to know another by the shape of its data.
 */
#ifndef PARLEY_PUBLISHER_H
#define PARLEY_PUBLISHER_H

#include "names.h"
#include "slice.h"
#include "token.h"

struct session;

enum publisher_kind {
    PUBLISHER_JUDGED, /* LuChat: nothing more is known, nor need it be */
    PUBLISHER_SERVER, /* the server API or the operator: trusted to say who speaks */
    PUBLISHER_CLIENT,
};

struct publisher {
    enum publisher_kind kind;
    char user[USER_BYTES_MAX + 1]; /* of a client; "": it has shown no token */
};

void publisher_read(struct slice info, struct publisher *ret_publisher);

/* The info of what the session publishes. *new* */
char *publisher_print(const struct session *session);

#endif
