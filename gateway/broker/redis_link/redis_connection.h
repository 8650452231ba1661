/*
 * redis_connection - a connection of hiredis to Redis, by TCP, TLS or a local socket, on our
 * loop.
 */
#ifndef PARLEY_REDIS_CONNECTION_H
#define PARLEY_REDIS_CONNECTION_H

struct event_base;
struct redisAsyncContext;
struct redis_url;

/* Begins to connect. address: numeric, of the URL's host; NULL for a local socket. *ret_error,
 * borrowed from the connection or for ever: it cannot; the connection, unless it is NULL, is to
 * be freed all the same. */
struct redisAsyncContext *redis_connection_open(const struct redis_url *url,
                                                const char *address, const char *ca_file,
                                                struct event_base *base,
                                                const char **ret_error);

#endif
