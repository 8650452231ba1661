/*
 * redis_url - where Redis is, and how to get in.
 *
 *   redis://[[user]:password@]host[:port][/db]    rediss:// the same over TLS
 *   unix://[[user]:password@]/path/to/socket[?db=N]
 *
 * User and password may be percent-encoded.
 */
#ifndef PARLEY_REDIS_URL_H
#define PARLEY_REDIS_URL_H

#include <stdbool.h>

struct redis_url {
    char *host; /* NULL: unix socket */
    char *path;
    int port;
    int db;
    char *user;     /* NULL: none */
    char *password; /* NULL: none */
    bool is_tls;
};

/* On failure *ret_error is one line (*new*) without the URL, which may hold a password. */
__attribute__((warn_unused_result)) bool
redis_url_parse(const char *text, struct redis_url *ret_url, char **ret_error);
void redis_url_finish(struct redis_url *url);

#endif
