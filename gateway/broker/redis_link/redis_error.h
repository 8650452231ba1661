/*
 * redis_error - what an error that Redis answers means for the connection it came by.
 *
 * One table for all that matter; the words are those that the error begins with, see
 * https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors and the errors
 * that redis-server itself makes (server.c: createSharedObjects).
 */
#ifndef PARLEY_REDIS_ERROR_H
#define PARLEY_REDIS_ERROR_H

enum redis_error {
    REDIS_ERROR_OF_COMMAND, /* of this command alone: its caller is told */
    REDIS_ERROR_ELSEWHERE, /* what takes writes is another server now: all connections are to be
                            * made anew, to where the name leads by then */
    REDIS_ERROR_DENIED, /* we are not let in: somebody has to change that, so it is not hurried
                         */
};

enum redis_error redis_error_of(const char *text);

#endif
