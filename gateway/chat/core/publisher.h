/*
 * publisher - who published something, as it is told beside the payload.
 *
 * A publication's info has one form for all dialects, written and read here and nowhere else:
 * none at all stands for a LuChat client, whose name in the message its gateway has judged; {}
 * or {"tags":...} for the server API and the operator's tool; else it is a client's, as
 * client_info_print writes it. Pure functions.
 */
#ifndef PARLEY_PUBLISHER_H
#define PARLEY_PUBLISHER_H

#include "names.h"
#include "slice.h"

struct publication;

enum publisher_kind {
    PUBLISHER_JUDGED, /* LuChat: nothing more is known, nor need it be */
    PUBLISHER_SERVER, /* the server API or the operator: trusted to say who speaks */
    PUBLISHER_CLIENT,
};

/* JSON texts, borrowed from the publication. */
struct publisher {
    enum publisher_kind kind;
    struct slice client; /* of a client: what client_info_print wrote; else empty */
    struct slice tags;   /* of the server: an object of texts; empty: it gave none */
};

struct publisher publisher_of(const struct publication *publication);

/* The client's user; "": it has shown no token, or the info cannot be read. */
void publisher_read_user(const struct publisher *publisher, char ret_user[USER_BYTES_MAX + 1]);

/* The info of what the server publishes. tags: an object of texts as JSON; NULL: none. *new* */
char *publisher_print_server(const char *tags);

#endif
