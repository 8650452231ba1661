/*
 * redis_connection - a connection of hiredis to Redis; see redis_connection.h.
 */
#include "redis_connection.h"

#include "redis_tls.h"
#include "redis_url.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <hiredis/adapters/libevent.h>
#pragma GCC diagnostic pop

static redisAsyncContext *begin(const struct redis_url *url, const char *address)
{
    redisOptions options = {0};
    if (url->path)
        REDIS_OPTIONS_SET_UNIX(&options, url->path);
    else
        REDIS_OPTIONS_SET_TCP(&options, address, url->port);
    return redisAsyncConnectWithOptions(&options);
}

redisAsyncContext *redis_connection_open(const struct redis_url *url, const char *address,
                                         const char *ca_file, struct event_base *base,
                                         const char **ret_error)
{
    redisAsyncContext *connection = begin(url, address);
    if (!connection) {
        *ret_error = "out of memory";
        return NULL;
    }
    if (connection->err) {
        *ret_error = connection->errstr;
        return connection;
    }
    if (url->is_tls && !redis_tls_start(&connection->c, url, ca_file, ret_error))
        return connection;
    redisLibeventAttach(connection, base);
    return connection;
}
