/*
 * api_waiter - whom an HTTP request's answer is for, as the chat sees it.
 *
 * Used by all that is asked by HTTP: the server API and the upload of files.
 */
#ifndef PARLEY_API_WAITER_H
#define PARLEY_API_WAITER_H

#include <stdint.h>

struct api_waiter {
    /* status is HTTP's; body is JSON, *new* and the receiver's. */
    void (*on_answer)(void *owner, uint64_t tag, int status, char *body);
    void *owner;
    uint64_t tag;
};

#endif
